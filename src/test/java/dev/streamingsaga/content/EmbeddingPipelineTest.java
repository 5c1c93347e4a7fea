package dev.streamingsaga.content;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.streamingsaga.content.EmbeddingPipeline.PipelineLimits;
import dev.streamingsaga.embedding.EmbeddedSegment;
import dev.streamingsaga.embedding.Embedder;
import dev.streamingsaga.embedding.EstimatedTokenCounter;
import dev.streamingsaga.extractor.CheckedParser;
import dev.streamingsaga.extractor.ReadingStopped;
import dev.streamingsaga.extractor.TextExtractor;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.journal.Warning;
import dev.streamingsaga.journal.WarningCode;
import dev.streamingsaga.outage.HostUnavailableException;
import dev.streamingsaga.source.DocumentSource;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Deliberate failures in each of the three stages. The model only returns text lengths, since vectors do not matter
 * here.
 */
@Tag("unit")
class EmbeddingPipelineTest {
    private static final int PAGES = 400;

    @TempDir
    Path dir;

    private DocumentSource source;
    private final List<EmbeddedSegment> received = new ArrayList<>();
    private final AtomicInteger pagesRead = new AtomicInteger();

    @BeforeEach
    void write() throws IOException {
        source = DocumentSource.of(Files.writeString(dir.resolve("a.txt"), "source"));
    }

    @AfterEach
    void awaitNoThreadsLeft() {
        await().untilAsserted(() -> assertThat(Thread.getAllStackTraces().keySet())
                .noneMatch(thread -> thread.getName().startsWith("saga-content-")));
    }

    /** Returns the length of a text as its vector. */
    private static class LengthModel implements Embedder {
        @Override
        public String modelId() {
            return "length";
        }

        @Override
        public int dimension() {
            return 1;
        }

        @Override
        public int maxTokens() {
            return 16;
        }

        @Override
        public int countTokens(String text) {
            return EstimatedTokenCounter.OF_512.count(text);
        }

        @Override
        public List<float[]> embed(List<String> texts) {
            return texts.stream().map(this::embedQuery).toList();
        }

        @Override
        public float[] embedQuery(String text) {
            return new float[] {text.length()};
        }

        @Override
        public void close() {
            // nothing to close
        }
    }

    private void readPages(SeekableByteChannel source, TextExtractor.TextSink text) {
        for (int page = 1; page <= PAGES; page++) {
            text.text("Page %d. ".formatted(page));
            text.endPage();
            pagesRead.set(page);
        }
    }

    private Outline run(Embedder model, TextExtractor extractor, Consumer<List<EmbeddedSegment>> sink) {
        return run(model, extractor, Resumption.NONE, sink);
    }

    private Outline run(
            Embedder model, TextExtractor extractor, Resumption resumption, Consumer<List<EmbeddedSegment>> sink) {
        PipelineLimits limits = new PipelineLimits(16, 0, 1_000_000, 1000, 4, 2);
        return new EmbeddingPipeline(
                        model,
                        limits,
                        new EmbeddingPipeline.DocumentInput(
                                source, extractor, resumption, sink, (pages, total, segments) -> {}))
                .run();
    }

    @Test
    void keeps_the_order_of_batches_that_are_embedded_in_parallel() {
        Outline outline = run(new LengthModel(), this::readPages, received::addAll);

        assertThat(outline.segmentsPerPage()).hasSize(PAGES).containsOnly(1);
        assertThat(received)
                .extracting(segment -> segment.segment().text())
                .containsExactlyElementsOf(IntStream.rangeClosed(1, PAGES)
                        .mapToObj("Page %d."::formatted)
                        .toList());
        assertThat(received)
                .allMatch(segment ->
                        segment.vector()[0] == segment.segment().text().length());
    }

    @Test
    void reads_ahead_of_the_sink_within_a_limit() {
        List<Integer> ahead = Collections.synchronizedList(new ArrayList<>());
        run(new LengthModel(), this::readPages, batch -> {
            await().pollInterval(Duration.ofMillis(1))
                    .until(() -> pagesRead.get() == PAGES
                            || Thread.getAllStackTraces().keySet().stream()
                                    .anyMatch(thread -> thread.getName().startsWith("saga-content-")
                                            && thread.getState() == Thread.State.WAITING));
            ahead.add(pagesRead.get() - batch.get(0).segment().page());
        });
        assertThat(ahead).allMatch(pages -> pages <= 4 * (1 + 2 + 1 + 1));
    }

    @Test
    void rethrows_the_failure_of_the_model() {
        IllegalStateException broken = new IllegalStateException("model broke");
        Embedder failing = new LengthModel() {
            @Override
            public float[] embedQuery(String text) {
                if (text.equals("Page 50.")) {
                    throw broken;
                }
                return super.embedQuery(text);
            }
        };
        assertThatThrownBy(() -> run(failing, this::readPages, received::addAll))
                .isSameAs(broken);
        assertThat(received).hasSize(48);
        assertThat(pagesRead).hasValueLessThan(PAGES);
    }

    @Test
    void does_not_treat_a_failing_tokenizer_as_a_damaged_document() {
        IllegalStateException broken = new IllegalStateException("tokenizer broke");
        Embedder failing = new LengthModel() {
            @Override
            public int countTokens(String text) {
                if (text.equals("Page 50.")) {
                    throw broken;
                }
                return super.countTokens(text);
            }
        };
        assertThatThrownBy(() -> run(failing, this::readPages, received::addAll))
                .isSameAs(broken);
    }

    @Test
    void keeps_the_text_before_the_damage_of_a_document() {
        Outline outline = run(
                new LengthModel(),
                new CheckedParser(
                        (bytes, text) -> {
                            text.text("Before.");
                            throw new IOException("damaged");
                        },
                        dir),
                received::addAll);
        assertThat(outline.segmentsPerPage()).containsExactly(1);
        assertThat(outline.warnings()).extracting(Warning::code).containsExactly(WarningCode.DAMAGED);
        assertThat(received).hasSize(1);
    }

    /** Such as a bug, or a host without memory for a worker: reading it again may succeed. */
    @Test
    void rethrows_a_failure_that_does_not_come_from_the_parser() {
        for (RuntimeException failure :
                List.of(new IllegalStateException("a bug"), new HostUnavailableException("no memory"))) {
            assertThatThrownBy(() -> run(
                            new LengthModel(),
                            (bytes, text) -> {
                                text.text("Before.");
                                throw failure;
                            },
                            received::addAll))
                    .isSameAs(failure);
        }
        assertThatThrownBy(() -> run(
                        new LengthModel(),
                        (bytes, text) -> {
                            throw new IOException("a bug");
                        },
                        received::addAll))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("reading the text of");
    }

    @Test
    void distinguishes_a_source_that_fails_from_a_damaged_document() {
        SagaException failure = new SagaException(Reason.CHUNK_CORRUPT, "the chunk is damaged");
        source = new FailingSource(failure);

        assertThatThrownBy(() -> run(
                        new LengthModel(),
                        (bytes, text) -> {
                            bytes.read(ByteBuffer.allocate(1));
                        },
                        received::addAll))
                .isSameAs(failure);
    }

    /** As a parser does that skips what it cannot read. */
    @Test
    void accepts_no_text_after_a_failure_of_the_source_that_the_parser_swallows() {
        SagaException failure = new SagaException(Reason.CHUNK_CORRUPT, "the chunk is damaged");
        source = new FailingSource(failure);

        assertThatThrownBy(() -> run(
                        new LengthModel(),
                        (bytes, text) -> {
                            try {
                                bytes.read(ByteBuffer.allocate(1));
                            } catch (RuntimeException e) {
                                pagesRead.incrementAndGet();
                            }
                            try {
                                text.text("Wrong text.");
                            } catch (RuntimeException e) {
                                pagesRead.incrementAndGet();
                            }
                        },
                        received::addAll))
                .isSameAs(failure);
        assertThat(pagesRead).hasValue(2);
        assertThat(received).isEmpty();
    }

    /** Every read fails. */
    private record FailingSource(RuntimeException failure) implements DocumentSource {
        @Override
        public String fileName() {
            return "a.txt";
        }

        @Override
        public SeekableByteChannel open() {
            return (SeekableByteChannel) Proxy.newProxyInstance(
                    getClass().getClassLoader(),
                    new Class<?>[] {SeekableByteChannel.class},
                    (channel, method, args) -> {
                        if (method.getName().equals("read")) {
                            throw failure;
                        }
                        return null;
                    });
        }
    }

    @Test
    void announces_the_outline_before_the_last_batch() {
        List<Object> events = new ArrayList<>();
        DocumentContent.ProgressListener progress = new DocumentContent.ProgressListener() {
            @Override
            public void report(long pagesDone, long pagesTotal, long segmentsDone) {
                // only the outline counts here
            }

            @Override
            public void textRead(Outline outline) {
                events.add(outline.segments());
            }
        };
        TextExtractor eightPages = (bytes, text) -> {
            for (int page = 1; page <= 8; page++) {
                text.text("Page %d.".formatted(page));
                text.endPage();
            }
        };
        new EmbeddingPipeline(
                        new LengthModel(),
                        new PipelineLimits(16, 0, 1_000_000, 1000, 4, 2),
                        new EmbeddingPipeline.DocumentInput(
                                source, eightPages, Resumption.NONE, batch -> events.add("batch"), progress))
                .run();
        assertThat(events).containsExactly("batch", 8, "batch");
    }

    @Test
    void stops_at_a_number_of_pages() {
        PipelineLimits limits = new PipelineLimits(16, 0, 1_000_000, 10, 4, 2);
        Outline outline = new EmbeddingPipeline(
                        new LengthModel(),
                        limits,
                        new EmbeddingPipeline.DocumentInput(
                                source, this::readPages, Resumption.NONE, received::addAll, (pages, total, n) -> {}))
                .run();
        assertThat(outline.pages()).isEqualTo(10);
        assertThat(outline.warnings()).extracting(Warning::code).containsExactly(WarningCode.TEXT_TRUNCATED);
    }

    private static final String LONG_TEXT = "Sentence of some length. ".repeat(5000);

    /** Stopped from outside after so many characters. */
    private static TextExtractor stoppedAfter(int chars) {
        return (bytes, text) -> {
            text.text(LONG_TEXT.substring(0, chars));
            throw new ReadingStopped(WarningCode.CPU_TIME, "", "too much");
        };
    }

    private List<String> texts() {
        return received.stream().map(segment -> segment.segment().text()).toList();
    }

    @Test
    void ends_a_text_again_where_an_earlier_reading_was_stopped() {
        Outline stopped = run(new LengthModel(), stoppedAfter(40_010), received::addAll);
        List<String> first = texts();
        received.clear();
        Outline again = run(
                new LengthModel(),
                (bytes, text) -> text.text(LONG_TEXT),
                new Resumption(0, stopped.cutAfter().orElseThrow()),
                received::addAll);

        assertThat(stopped.cutAfter()).hasValue(40_010);
        assertThat(stopped.warnings()).extracting(Warning::code).containsExactly(WarningCode.CPU_TIME);
        assertThat(texts()).isEqualTo(first);
        assertThat(again.outcome()).isEqualTo(stopped.outcome());
        assertThat(again.warnings()).isEmpty();
    }

    /** Its last block was split with the text after it. */
    @Test
    void leaves_out_the_rest_of_a_stopped_text_if_an_earlier_reading_came_further() {
        run(new LengthModel(), (bytes, text) -> text.text(LONG_TEXT), received::addAll);
        List<String> whole = texts();
        received.clear();
        Outline stopped =
                run(new LengthModel(), stoppedAfter(40_010), new Resumption(3000, Long.MAX_VALUE), received::addAll);
        Outline again = run(
                new LengthModel(),
                (bytes, text) -> text.text(LONG_TEXT),
                new Resumption(0, stopped.cutAfter().orElseThrow()),
                received::addAll);

        assertThat(whole).hasSizeGreaterThan(3000);
        assertThat(stopped.segments()).isLessThan(3000);
        assertThat(again.outcome()).isEqualTo(stopped.outcome());
        assertThat(texts()).isEqualTo(whole.subList(0, stopped.segments()));
    }

    @Test
    void splits_blocks_independently_of_the_size_of_text_parts() {
        String text = "Sentence of some length. ".repeat(5000);
        List<List<String>> results = new ArrayList<>();
        for (int portion : new int[] {1, 777, 100_000}) {
            List<String> texts = new ArrayList<>();
            run(
                    new LengthModel(),
                    (source, sink) -> {
                        for (int i = 0; i < text.length(); i += portion) {
                            sink.text(text.substring(i, Math.min(text.length(), i + portion)));
                        }
                    },
                    batch ->
                            batch.forEach(segment -> texts.add(segment.segment().text())));
            results.add(texts);
        }
        assertThat(String.join(" ", results.get(0))).isEqualTo(text.strip());
        assertThat(results.get(1)).isEqualTo(results.get(0));
        assertThat(results.get(2)).isEqualTo(results.get(0));
    }
}
