package dev.streamingsaga.extraction;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.streamingsaga.config.DocumentConfig.Reading;
import dev.streamingsaga.config.Settings;
import dev.streamingsaga.extractor.ReadingStopped;
import dev.streamingsaga.extractor.TextExtractor;
import dev.streamingsaga.extractor.TextExtractor.TextSinkClosed;
import dev.streamingsaga.outage.Dependency;
import dev.streamingsaga.outage.HostUnavailableException;
import dev.streamingsaga.outage.TransientFailures;
import dev.streamingsaga.testkit.Background;
import java.awt.image.BufferedImage;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.stream.Collectors;
import javax.imageio.ImageIO;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Real workers with parsers that do the worst that documents make parsers do. */
class WorkerIsolationTest {
    private static final String TEXT = "Text of the document. ".repeat(20_000);

    @TempDir
    Path dir;

    private final ReadText text = new ReadText();
    private Path file;
    private WorkerIsolation isolation;

    @BeforeEach
    void write() throws IOException {
        file = Files.writeString(dir.resolve("a.txt"), TEXT);
    }

    @AfterEach
    void close() throws IOException {
        isolation.close();
        assertThat(workers()).isEmpty();
        assertThat(dir.resolve("content")).isEmptyDirectory();
    }

    private void open(String... keysAndValues) {
        Reading reading = reading(keysAndValues);
        open(reading, WorkerCommand.of(reading, dir.resolve("content"), HostileWorkerMain.class));
    }

    private static Reading reading(String... keysAndValues) {
        Map<String, String> values = new HashMap<>(Map.of("saga.content.memory", "64MiB"));
        for (int i = 0; i < keysAndValues.length; i += 2) {
            values.put(keysAndValues[i], keysAndValues[i + 1]);
        }
        return Settings.parse(values).documents().content().reading();
    }

    private void open(Reading reading, WorkerCommand command) {
        ReadingWatch watch = new ReadingWatch();
        isolation = new WorkerIsolation(
                reading.limits(),
                new WorkerPool(command, 1, reading.idle()),
                watch,
                new InProcessIsolation(reading.limits(), watch, () -> 0));
    }

    private static Set<Long> workers() {
        return ProcessHandle.current()
                .children()
                .filter(child -> child.info().command().orElse("").endsWith("java"))
                .map(ProcessHandle::pid)
                .collect(Collectors.toSet());
    }

    private void read(String type) throws Exception {
        read(type, text);
    }

    private void read(String type, TextExtractor.TextSink sink) throws Exception {
        try (SeekableByteChannel bytes = FileChannel.open(file)) {
            isolation.isolate(type, (unused, ignored) -> {}).extract(bytes, sink);
        }
    }

    private void requireStopped(ThrowingCallable reading, String start) {
        assertThatThrownBy(reading)
                .isInstanceOf(ReadingStopped.class)
                .hasMessageStartingWith(start)
                .hasMessageContaining("not searchable");
        assertThat(text.pages).as("pages read until then").containsExactly("The first page.");
    }

    @Test
    void returns_text_and_what_is_known_about_it_from_one_worker() throws Exception {
        open();
        read(HostileWorkerMain.HEALTHY);
        Set<Long> first = workers();
        read(HostileWorkerMain.PRINT);

        assertThat(text.pages).containsExactly("The first page.", TEXT, "The first page.", TEXT);
        assertThat(text.about).isEqualTo("2 pages A title by An author2 pages A title by An author");
        assertThat(first).hasSize(1).isEqualTo(workers());
    }

    @Test
    void warns_of_damage_and_keeps_the_worker() throws Exception {
        open();
        read(HostileWorkerMain.DAMAGED);
        Set<Long> first = workers();
        read(HostileWorkerMain.HEALTHY);

        assertThat(text.warnings).hasSize(1);
        assertThat(text.warnings.get(0).message())
                .isEqualTo("it is damaged or incomplete; text after the damage is not searchable");
        assertThat(first).isEqualTo(workers());
    }

    @Test
    void replaces_a_worker_that_runs_out_of_memory_or_crashes() throws Exception {
        open();
        requireStopped(() -> read(HostileWorkerMain.MEMORY), "OUT_OF_MEMORY: reading it needs more memory than");
        text.pages.clear();
        requireStopped(
                () -> read(HostileWorkerMain.CRASH),
                "READER_DIED: the process that read it ended unexpectedly" + " (exit code 134)");
        text.pages.clear();
        read(HostileWorkerMain.HEALTHY);
        assertThat(text.pages).containsExactly("The first page.", TEXT);
    }

    @Test
    void stops_a_parser_that_uses_too_much_processor_time() {
        open("saga.content.cpu-time", "1s", "saga.content.cpu-time-per-mib", "0s");
        requireStopped(() -> read(HostileWorkerMain.LOOP), "CPU_TIME: reading it took more than 1 s of processor time");
    }

    @Test
    void stops_a_parser_that_stands_still() {
        open("saga.content.stall-timeout", "1s");
        requireStopped(() -> read(HostileWorkerMain.STILL), "STALLED: its parser did nothing for 1 s");
    }

    @Test
    void stops_a_parser_that_fills_the_disk() {
        open("saga.content.max-temporary-size", "5MiB");
        requireStopped(() -> read(HostileWorkerMain.DISK), "DISK_LIMIT: reading it wrote more than 5 MiB");
    }

    /** A slow store is no fault of the document. */
    @Test
    void does_not_count_the_time_in_which_the_text_is_not_accepted() throws Exception {
        open("saga.content.stall-timeout", "1s");
        ReadText slow = new ReadText() {
            @Override
            public void endPage() {
                super.endPage();
                for (int tick = 0; tick < 6; tick++) {
                    await().pollDelay(ReadingWatch.TICK).until(() -> true);
                }
            }
        };
        read(HostileWorkerMain.HEALTHY, slow);
        assertThat(slow.pages).containsExactly("The first page.", TEXT);
    }

    @Test
    void warns_if_the_worker_is_killed_at_any_page() throws Exception {
        open();
        ReadText killing = new ReadText() {
            @Override
            public void endPage() {
                super.endPage();
                workers().forEach(pid -> ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly));
                await().until(() -> workers().isEmpty());
            }
        };
        assertThatThrownBy(() -> read(HostileWorkerMain.LOOP, killing))
                .isInstanceOf(ReadingStopped.class)
                .hasMessageStartingWith("READER_DIED");
        assertThat(killing.pages).containsExactly("The first page.");
    }

    @Test
    void starts_another_worker_if_an_idle_one_was_killed() throws Exception {
        open();
        isolation.prepare();
        Set<Long> prepared = workers();
        prepared.forEach(pid -> ProcessHandle.of(pid).orElseThrow().destroyForcibly());

        read(HostileWorkerMain.HEALTHY);

        assertThat(prepared).hasSize(1).doesNotContainAnyElementsOf(workers());
        assertThat(text.pages).hasSize(2);
    }

    @Test
    void ends_a_worker_whose_caller_is_interrupted() throws Exception {
        open();
        CountDownLatch reading = new CountDownLatch(1);
        FutureTask<Void> task = new FutureTask<>(() -> {
            read(HostileWorkerMain.LOOP, new ReadText() {
                @Override
                public void endPage() {
                    reading.countDown();
                }
            });
            return null;
        });
        Thread caller = new Thread(task);
        caller.start();
        reading.await();
        caller.interrupt();

        assertThatThrownBy(task::get).hasCauseInstanceOf(TextSinkClosed.class);
        assertThat(workers()).isEmpty();
    }

    @Test
    void rethrows_failures_of_the_document_and_of_the_text() {
        open();
        IllegalStateException refused = new IllegalStateException("the model broke");
        assertThatThrownBy(() -> read(HostileWorkerMain.HEALTHY, new ReadText() {
                    @Override
                    public void about(String title, String author) {
                        throw refused;
                    }
                }))
                .isSameAs(refused);
        assertThatThrownBy(() -> {
                    try (SeekableByteChannel bytes = FileChannel.open(file)) {
                        isolation
                                .isolate(HostileWorkerMain.HEALTHY, (unused, ignored) -> {})
                                .extract(new TruncatedChannel(bytes), text);
                    }
                })
                .isInstanceOf(IOException.class)
                .hasMessageContaining("the document ends at");
    }

    /** Also while its parser loops. */
    @Test
    void ends_with_the_process_that_started_it() throws Exception {
        open();
        Process service = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                        ReadingProcess.class.getName(),
                        file.toString(),
                        dir.resolve("content").toString())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        try (BufferedReader output = service.inputReader()) {
            ProcessHandle worker =
                    ProcessHandle.of(Long.parseLong(output.readLine().strip())).orElseThrow();
            assertThat(worker.isAlive()).isTrue();

            service.destroyForcibly();

            await().untilAsserted(() -> assertThat(worker.isAlive()).isFalse());
        } finally {
            service.destroyForcibly();
        }
    }

    @Test
    void fails_if_no_worker_starts() {
        Reading reading = Settings.parse(Map.of()).documents().content().reading();
        open(
                reading,
                new WorkerCommand(
                        List.of(
                                Path.of(System.getProperty("java.home"), "bin", "java")
                                        .toString(),
                                "-cp",
                                "none",
                                "Nothing"),
                        dir.resolve("content"),
                        Map.of()));
        assertThatThrownBy(() -> read(HostileWorkerMain.HEALTHY))
                .satisfies(WorkerIsolationTest::assertTransient)
                .hasMessageContaining("saga.content.isolation=in-process");
    }

    private static void assertTransient(Throwable failure) {
        assertThat(failure).isInstanceOf(HostUnavailableException.class);
        assertThat(TransientFailures.outage(failure))
                .hasValueSatisfying(outage -> assertThat(outage.dependency()).isEqualTo(Dependency.HOST));
    }

    /** A worker whose process starts through a shell script. */
    private void openThrough(String script, Class<?> mainClass, String... keysAndValues) throws IOException {
        Reading reading = reading(keysAndValues);
        WorkerCommand command = WorkerCommand.of(reading, dir.resolve("content"), mainClass);
        Path java = executable("java", script + "\nexec '" + command.command().get(0) + "' \"$@\"");
        List<String> words = new ArrayList<>(command.command());
        words.set(0, java.toString());
        open(reading, new WorkerCommand(words, command.folders(), command.settings()));
    }

    private Path executable(String name, String script) throws IOException {
        Path file = Files.writeString(
                Files.createDirectories(dir.resolve("bin")).resolve(name), "#!/bin/sh\n" + script + "\n");
        assertThat(file.toFile().setExecutable(true)).isTrue();
        return file;
    }

    @Test
    void a_worker_without_space_for_temporary_files_fails_for_now() throws Exception {
        openThrough("ulimit -f 2048", HostileWorkerMain.class);

        assertThatThrownBy(() -> read(HostileWorkerMain.LARGE)).satisfies(WorkerIsolationTest::assertTransient);

        assertThat(text.warnings).isEmpty();
        read(HostileWorkerMain.HEALTHY);
        assertThat(text.pages).endsWith(TEXT);
    }

    @Test
    void ends_the_children_of_a_worker_that_has_crashed() throws Exception {
        open();
        ReadText watched = new ReadText() {
            @Override
            public void endPage() {
                super.endPage();
                for (int tick = 0; pages.size() == 3 && tick < 3; tick++) {
                    await().pollDelay(ReadingWatch.TICK).until(() -> true);
                }
            }
        };

        assertThatThrownBy(() -> read(HostileWorkerMain.CHILD, watched)).hasMessageContaining("exit code 134");

        long child = Long.parseLong(watched.pages.get(1));
        await().until(() ->
                ProcessHandle.of(child).filter(ProcessHandle::isAlive).isEmpty());
    }

    @Test
    void ends_a_worker_that_is_idle() throws Exception {
        open("saga.content.idle", "1s");
        read(HostileWorkerMain.HEALTHY);
        assertThat(workers()).hasSize(1);

        await().until(() -> workers().isEmpty());

        read(HostileWorkerMain.HEALTHY);
        assertThat(text.pages).hasSize(4);
    }

    /** An image, and a program in place of tesseract that works until it is ended. */
    private CompletableFuture<Void> recognise(Path pid) throws IOException {
        BufferedImage image = new BufferedImage(100, 100, BufferedImage.TYPE_BYTE_GRAY);
        file = dir.resolve("a.png");
        ImageIO.write(image, "png", file.toFile());
        executable(
                "tesseract",
                "[ \"$1\" = --list-langs ] && echo eng && exit\n" + "echo $$ >" + pid + ".new && mv " + pid + ".new "
                        + pid + "\nexec sleep 600");
        openThrough("PATH='" + dir.resolve("bin") + "':$PATH", WorkerMain.class, "saga.content.ocr", "auto");
        CompletableFuture<Void> reading = Background.run("recognition", () -> {
            try {
                read("image/png");
                return null;
            } catch (Exception e) {
                throw new CompletionException(e);
            }
        });
        await().until(() -> Files.exists(pid) || reading.isDone());
        return reading;
    }

    private static ProcessHandle process(Path pid) throws IOException {
        return ProcessHandle.of(Long.parseLong(Files.readString(pid).strip())).orElseThrow();
    }

    @Test
    void tesseract_ends_with_its_worker() throws Exception {
        Path pid = dir.resolve("pid");
        CompletableFuture<Void> reading = recognise(pid);
        ProcessHandle tesseract = process(pid);

        workers().forEach(worker -> ProcessHandle.of(worker).ifPresent(ProcessHandle::destroyForcibly));

        assertThatThrownBy(reading::join).hasRootCauseInstanceOf(ReadingStopped.class);
        await().until(() -> !tesseract.isAlive());
    }

    /** As a terminal and systemd end all processes of a service: the page must be read again. */
    @Test
    void a_page_whose_tesseract_is_ended_from_outside_does_not_count_as_read() throws Exception {
        Path pid = dir.resolve("pid");
        CompletableFuture<Void> reading = recognise(pid);

        workers().forEach(worker -> ProcessHandle.of(worker).ifPresent(ProcessHandle::destroy));

        assertThatThrownBy(reading::join).rootCause().satisfies(WorkerIsolationTest::assertTransient);
        assertThat(text.warnings).isEmpty();
    }

    @Test
    void passes_neither_secrets_nor_settings_in_arguments_or_environment() throws Exception {
        open();
        isolation.prepare();
        WorkerCommand command = WorkerCommand.of(
                Settings.parse(Map.of("saga.s3.secret-key", "never-passed-on"))
                        .documents()
                        .content()
                        .reading(),
                dir.resolve("content"),
                HostileWorkerMain.class);
        ProcessBuilder builder = command.builder(dir);
        assertThat(builder.environment().keySet()).isSubsetOf("PATH", "LANG", "LC_CTYPE", "LC_MESSAGES", "TZ");
        assertThat(builder.command()).noneMatch(argument -> argument.contains("saga.s3"));
        assertThat(command.settings())
                .isNotEmpty()
                .allSatisfy((key, value) -> assertThat(key).startsWith("saga.content."));
    }
}
