package dev.streamingsaga.extraction;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.streamingsaga.config.Settings;
import dev.streamingsaga.extractor.ReadingStopped;
import dev.streamingsaga.extractor.TextExtractor;
import dev.streamingsaga.extractor.TextExtractor.TextSinkClosed;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The same limits without a process of its own. */
@Tag("unit")
class InProcessIsolationTest {
    @TempDir
    Path dir;

    private final ReadText text = new ReadText();
    private Path file;
    private InProcessIsolation isolation;

    @BeforeEach
    void write() throws IOException {
        file = Files.writeString(dir.resolve("a.txt"), "Text.");
    }

    @AfterEach
    void close() {
        isolation.close();
    }

    private void open(String... keysAndValues) {
        Map<String, String> values = new HashMap<>();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            values.put(keysAndValues[i], keysAndValues[i + 1]);
        }
        isolation = new InProcessIsolation(
                Settings.parse(values).documents().content().reading().limits(), new ReadingWatch(), () -> 0);
    }

    private void read(TextExtractor extractor) throws Exception {
        try (SeekableByteChannel bytes = FileChannel.open(file)) {
            isolation.isolate("test", extractor).extract(bytes, text);
        }
    }

    @Test
    void returns_the_text_and_the_failure_of_a_parser() throws Exception {
        open();
        read(HostileWorkerMain.extractor(HostileWorkerMain.HEALTHY));
        assertThat(text.pages).containsExactly("The first page.", "Text.");
        assertThatThrownBy(() -> read(HostileWorkerMain.extractor(HostileWorkerMain.DAMAGED)))
                .isInstanceOf(IOException.class)
                .hasMessage("damaged");
    }

    /** The parser notices neither interrupt nor time; its thread must not hold up the virtual machine. */
    @Test
    void leaves_a_parser_that_does_not_stop() {
        open("saga.content.cpu-time", "1s", "saga.content.cpu-time-per-mib", "0s");
        AtomicInteger refused = new AtomicInteger();
        CountDownLatch ended = new CountDownLatch(1);
        assertThatThrownBy(() -> read((bytes, sink) -> {
                    sink.text("The first page.");
                    sink.endPage();
                    while (refused.get() == 0) {
                        try {
                            if (Thread.currentThread().isInterrupted()) {
                                sink.text("too late");
                            }
                        } catch (TextSinkClosed e) {
                            refused.incrementAndGet();
                        }
                    }
                    ended.countDown();
                }))
                .isInstanceOf(ReadingStopped.class)
                .hasMessageStartingWith("CPU_TIME: reading it took more than 1 s of processor time");
        await().until(() -> ended.getCount() == 0);
        assertThat(text.pages).containsExactly("The first page.");
    }

    @Test
    void reads_no_risky_document_while_too_many_parsers_do_not_stop() throws Exception {
        open("saga.content.cpu-time", "1s", "saga.content.cpu-time-per-mib", "0s");
        AtomicBoolean end = new AtomicBoolean();
        TextExtractor healthy = HostileWorkerMain.extractor(HostileWorkerMain.HEALTHY);
        for (int parser = 0; parser < StuckParsers.LIMIT; parser++) {
            isolation.check();
            assertThatThrownBy(() -> read((bytes, sink) -> {
                        while (!end.get()) {
                            Thread.onSpinWait();
                        }
                    }))
                    .hasMessageStartingWith("CPU_TIME");
        }

        assertThatThrownBy(() -> read(healthy))
                .isInstanceOf(ReadingStopped.class)
                .hasMessageStartingWith("NO_READER: it was not read because 2 parsers do not stop");
        assertThatThrownBy(isolation::check).hasMessageContaining("restart this process");

        end.set(true);
        await().untilAsserted(isolation::check);
        read(healthy);
        assertThat(text.pages).containsExactly("The first page.", "Text.");
    }

    @Test
    void stops_a_parser_that_stands_still() {
        open("saga.content.stall-timeout", "1s");
        assertThatThrownBy(() -> read(HostileWorkerMain.extractor(HostileWorkerMain.STILL)))
                .isInstanceOf(ReadingStopped.class)
                .hasMessageStartingWith("STALLED");
        assertThat(text.pages).containsExactly("The first page.");
    }

    @Test
    void warns_if_the_memory_of_this_process_does_not_suffice() {
        open();
        assertThatThrownBy(() -> read((bytes, sink) -> {
                    throw new OutOfMemoryError("as a huge array causes it");
                }))
                .isInstanceOf(ReadingStopped.class)
                .hasMessageStartingWith("OUT_OF_MEMORY");
    }

    @Test
    void reads_one_risky_document_at_a_time() throws Exception {
        open();
        CountDownLatch reading = new CountDownLatch(1);
        CountDownLatch finish = new CountDownLatch(1);
        AtomicInteger open = new AtomicInteger();
        TextExtractor counting = (bytes, sink) -> {
            assertThat(open.incrementAndGet()).isEqualTo(1);
            reading.countDown();
            finish.await();
            open.decrementAndGet();
        };
        FutureTask<Void> first = task(counting);
        reading.await();
        FutureTask<Void> second = task(counting);
        finish.countDown();
        first.get();
        second.get();
    }

    private FutureTask<Void> task(TextExtractor extractor) {
        FutureTask<Void> task = new FutureTask<>(() -> {
            read(extractor);
            return null;
        });
        new Thread(task).start();
        return task;
    }

    @Test
    void ends_a_reading_whose_caller_is_interrupted() throws Exception {
        open();
        CountDownLatch reading = new CountDownLatch(1);
        FutureTask<Void> task = new FutureTask<>(() -> {
            read((bytes, sink) -> {
                reading.countDown();
                new CountDownLatch(1).await();
            });
            return null;
        });
        Thread caller = new Thread(task);
        caller.start();
        reading.await();
        caller.interrupt();
        assertThatThrownBy(task::get).hasCauseInstanceOf(TextSinkClosed.class);
    }
}
