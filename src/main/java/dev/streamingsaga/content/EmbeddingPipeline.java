package dev.streamingsaga.content;

import dev.streamingsaga.embedding.EmbeddedSegment;
import dev.streamingsaga.embedding.Embedder;
import dev.streamingsaga.embedding.Segment;
import dev.streamingsaga.embedding.Segmenter;
import dev.streamingsaga.extractor.TextExtractor;
import dev.streamingsaga.extractor.TextExtractor.TextSinkClosed;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.source.DocumentSource;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Processes one document: one thread extracts and splits the text, several threads embed a batch each, and the caller's
 * thread passes the batches on in order. A bounded queue applies back-pressure. In the end {@link #run} always stops
 * the threads and waits for them. A thread whose parser ignores interrupts is a daemon, and the log reports it.
 */
final class EmbeddingPipeline {
    private static final Logger log = LoggerFactory.getLogger(EmbeddingPipeline.class);
    private static final AtomicLong THREADS = new AtomicLong();
    private static final Duration STOP_TIMEOUT = Duration.ofSeconds(20);

    private final Embedder embedder;
    private final PipelineLimits limits;
    private final DocumentInput input;
    private final BlockingQueue<Item> queue;
    private final ExecutorService extraction = Executors.newSingleThreadExecutor(EmbeddingPipeline::thread);
    private final ExecutorService embedding;
    private List<Segment> batch = new ArrayList<>();

    record PipelineLimits(
            int segmentTokens, int overlapTokens, long maxTextChars, int maxPages, int batchSize, int batchesAtATime) {}

    record DocumentInput(
            DocumentSource source,
            TextExtractor extractor,
            Resumption resumption,
            Consumer<List<EmbeddedSegment>> sink,
            DocumentContent.ProgressListener progress) {}

    /** A batch; the outline, before the last batches; or the last item: the end or the failure. */
    private record Item(
            @Nullable Future<List<EmbeddedSegment>> batch,
            @Nullable Outline outline,
            @Nullable Throwable failure) {
        static final Item END = new Item(null, null, null);

        boolean isEnd() {
            return batch == null && outline == null && failure == null;
        }
    }

    EmbeddingPipeline(Embedder embedder, PipelineLimits limits, DocumentInput input) {
        this.embedder = embedder;
        this.limits = limits;
        this.input = input;
        this.queue = new ArrayBlockingQueue<>(limits.batchesAtATime() + 1);
        this.embedding = Executors.newFixedThreadPool(limits.batchesAtATime(), EmbeddingPipeline::thread);
    }

    private static Thread thread(Runnable task) {
        Thread thread = new Thread(task, "saga-content-" + THREADS.incrementAndGet());
        thread.setDaemon(true);
        return thread;
    }

    Outline run() {
        Segmenter segmenter = new Segmenter(embedder, limits.segmentTokens(), limits.overlapTokens());
        DocumentText text = new DocumentText(segmenter, limits, input.resumption(), this::add);
        try {
            extraction.execute(() -> extract(text));
            return deliver(text);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new SagaException(Reason.CANCELLED, "reading the text of %s was interrupted".formatted(name()), e);
        } finally {
            stop();
        }
    }

    private Outline deliver(DocumentText text) throws InterruptedException {
        Outline outline = Outline.EMPTY;
        for (Item item = queue.take(); !item.isEnd(); item = queue.take()) {
            if (item.batch() != null) {
                List<EmbeddedSegment> embedded = result(item.batch());
                input.sink().accept(embedded);
                Segment last = embedded.get(embedded.size() - 1).segment();
                input.progress()
                        .report(last.page() - 1L, Math.max(text.pagesTotal(), last.page()), last.ordinal() + 1L);
            } else if (item.outline() != null) {
                outline = item.outline();
                input.progress().textRead(outline);
            } else {
                throw unwrapped(item.failure());
            }
        }
        input.progress().report(outline.pages(), outline.pages(), outline.segments());
        return outline;
    }

    private static List<EmbeddedSegment> result(Future<List<EmbeddedSegment>> batch) throws InterruptedException {
        try {
            return batch.get();
        } catch (ExecutionException e) {
            throw unwrapped(e.getCause());
        }
    }

    private static RuntimeException unwrapped(@Nullable Throwable failure) {
        if (failure instanceof Error error) {
            throw error;
        }
        return failure instanceof RuntimeException runtime ? runtime : new IllegalStateException(failure);
    }

    private void extract(DocumentText text) {
        try {
            DocumentText.End end = new GuardedExtraction(input.source(), text).read(input.extractor());
            put(new Item(null, end.outline(), null));
            end.segments().forEach(this::add);
            sendBatch();
            put(Item.END);
        } catch (TextSinkClosed e) {
            log.debug("reading {}: {}", name(), e.getMessage());
        } catch (Throwable e) {
            put(new Item(null, null, e)); // rethrown in the caller's thread
        }
    }

    private void add(Segment segment) {
        if (segment.ordinal() < input.resumption().firstOrdinal()) {
            return;
        }
        // A full batch waits for another segment, so that the outline comes before the last one.
        if (batch.size() == limits.batchSize()) {
            sendBatch();
        }
        batch.add(segment);
    }

    private void sendBatch() {
        if (!batch.isEmpty()) {
            List<Segment> full = batch;
            batch = new ArrayList<>();
            put(new Item(embedding.submit(() -> embed(full)), null, null));
        }
    }

    private void put(Item item) {
        try {
            queue.put(item);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new TextSinkClosed("stopped");
        }
    }

    private List<EmbeddedSegment> embed(List<Segment> segments) {
        List<float[]> vectors =
                embedder.embed(segments.stream().map(Segment::text).toList());
        List<EmbeddedSegment> embedded = new ArrayList<>();
        for (int i = 0; i < segments.size(); i++) {
            embedded.add(new EmbeddedSegment(segments.get(i), vectors.get(i)));
        }
        return embedded;
    }

    /** Keeps an interrupt that arrives during the wait for the caller. */
    private void stop() {
        extraction.shutdownNow();
        boolean interrupted = Thread.interrupted();
        try {
            awaitEnd(extraction);
            embedding.shutdownNow();
            awaitEnd(embedding);
        } catch (InterruptedException e) {
            embedding.shutdownNow();
            interrupted = true;
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void awaitEnd(ExecutorService threads) throws InterruptedException {
        if (!threads.awaitTermination(STOP_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)) {
            log.warn(
                    "a thread that reads {} did not stop within {} s; it keeps running until its parser returns",
                    name(),
                    STOP_TIMEOUT.toSeconds());
        }
    }

    private String name() {
        return GuardedExtraction.name(input.source());
    }
}
