package dev.streamingsaga.chunk;

import dev.streamingsaga.journal.ChunkRow;
import dev.streamingsaga.journal.Document;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.Run;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.journal.ShutdownException;
import dev.streamingsaga.source.SourceFile;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.apache.camel.Exchange;

/** What all chunks of one upload share; thread-safe. */
final class Upload {
    private static final String PROPERTY = "SagaUpload";
    private static final long LOOK_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final Run run;
    private final Document document;
    private final boolean earlierDigests;
    private final AtomicLong storedBytes = new AtomicLong();
    private final AtomicReference<Exception> failure = new AtomicReference<>();
    private final CountDownLatch failed = new CountDownLatch(1);
    private volatile Set<Integer> confirmed = Set.of();
    private volatile InFlight inFlight = new InFlight(List.of(), 0, () -> false);

    /** @param earlierDigests the digests were taken by an earlier run, and nobody has read the source since */
    Upload(Run run, boolean earlierDigests) {
        this.run = run;
        this.earlierDigests = earlierDigests;
        this.document = run.document();
    }

    static Upload of(Exchange exchange) {
        return exchange.getProperty(PROPERTY, Upload.class);
    }

    void attach(Exchange exchange) {
        exchange.setProperty(PROPERTY, this);
    }

    Run run() {
        return run;
    }

    Document document() {
        return document;
    }

    /** @throws SagaException HASH_MISMATCH if the source no longer holds what an earlier run sent of it */
    void requireUnchanged(ChunkRow row) {
        if (earlierDigests) {
            SourceFile.checkPart(document.path(), row.offset(), row.sizeBytes(), row.sha256(), run::check);
        }
    }

    /** Chunks by index that the bucket is known to hold as an earlier run sent them. */
    void confirm(Set<Integer> indexes) {
        confirmed = indexes;
    }

    boolean isConfirmed(ChunkRow row) {
        return confirmed.contains(row.index());
    }

    void stored(ChunkRow row) {
        run.progress("upload", storedBytes.addAndGet(row.sizeBytes()), document.sizeBytes(), "bytes");
    }

    /** The plan, to be read once; {@link #arrived} is to be told of each chunk of it, stored or not. */
    InFlight schedule(List<ChunkRow> plan, int atMost) {
        inFlight = new InFlight(plan, atMost, this::isActive);
        return inFlight;
    }

    void arrived() {
        inFlight.arrived();
    }

    /**
     * @throws Exception why the first chunk failed or the saga was called off; or that not everything was stored, for
     *     whatever reason
     */
    void requireAllSent() throws Exception {
        requireActive();
        long stored = storedBytes.get();
        if (stored == document.sizeBytes() && !inFlight.isCutOff()) {
            return;
        }
        run.check();
        if (inFlight.isCutOff()) {
            throw new ShutdownException("the upload of saga " + run.sagaId()
                    + " was stopped with its threads; the next start goes on with it");
        }
        throw new SagaException(
                Reason.STORE_FAILED,
                "only " + stored + " of " + document.sizeBytes() + " bytes of saga " + run.sagaId()
                        + " were stored, and no chunk said why; compensating");
    }

    /** One chunk has failed for good: the others need not begin another attempt. */
    void fail(Exception why) {
        failure.compareAndSet(null, why);
        failed.countDown();
        inFlight.stop();
    }

    /** Why the first chunk failed for good. */
    Optional<Exception> failure() {
        return Optional.ofNullable(failure.get());
    }

    /** Throws why the first chunk failed: whichever of them the saga hears of first, it hears the reason. */
    void requireActive() throws Exception {
        Exception why = failure.get();
        if (why != null) {
            throw why;
        }
    }

    /**
     * Returns early if a chunk has failed for good, or within a second if the saga is no longer wanted or
     * {@code stopping} says so.
     */
    void pause(Duration length, BooleanSupplier stopping) {
        long end = System.nanoTime() + length.toNanos();
        try {
            for (long left = length.toNanos();
                    left > 0 && isActive() && !stopping.getAsBoolean();
                    left = end - System.nanoTime()) {
                if (failed.await(Math.min(left, LOOK_NANOS), TimeUnit.NANOSECONDS)) {
                    return;
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private boolean isActive() {
        try {
            run.check();
            return true;
        } catch (SagaException e) {
            return false;
        } catch (RuntimeException e) {
            return true; // the journal could not be asked: what comes next meets the same failure, and knows what to
            // make of it
        }
    }
}
