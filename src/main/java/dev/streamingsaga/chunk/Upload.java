package dev.streamingsaga.chunk;

import dev.streamingsaga.journal.ChunkRow;
import dev.streamingsaga.journal.Document;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.Run;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.journal.ShutdownException;
import dev.streamingsaga.journal.StoreNames;
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

/** The state that all chunks of one upload share. Thread-safe. */
final class Upload {
    private static final String PROPERTY = "SagaUpload";
    private static final long POLL_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final Run run;
    private final Document document;
    private final boolean earlierDigests;
    private final AtomicLong storedBytes = new AtomicLong();
    private final AtomicReference<Exception> failure = new AtomicReference<>();
    private final CountDownLatch failed = new CountDownLatch(1);
    private volatile Set<Integer> confirmed = Set.of();
    private volatile InFlight inFlight = new InFlight(List.of(), 0, () -> false);

    /** @param earlierDigests an earlier run computed the digests, and the source was not read since */
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

    /** @throws SagaException HASH_MISMATCH if the source differs from what an earlier run sent */
    void requireUnchanged(ChunkRow row) {
        if (earlierDigests) {
            SourceFile.checkPart(document.path(), row.offset(), row.sizeBytes(), row.sha256(), run::check);
        }
    }

    /** Sets the indexes of the chunks that the bucket confirms as sent by an earlier run. */
    void confirm(Set<Integer> indexes) {
        confirmed = indexes;
    }

    boolean isConfirmed(ChunkRow row) {
        return confirmed.contains(row.index());
    }

    void stored(ChunkRow row) {
        run.progress(StoreNames.UPLOAD, storedBytes.addAndGet(row.sizeBytes()), document.sizeBytes(), "bytes");
    }

    /** Returns the plan, to be read once; call {@link #finished} for each chunk of it, stored or not. */
    InFlight schedule(List<ChunkRow> plan, int limit) {
        inFlight = new InFlight(plan, limit, this::isActive);
        return inFlight;
    }

    void finished() {
        inFlight.finished();
    }

    /**
     * @throws Exception the failure of the first chunk, the reason why the saga was revoked, or that not all bytes were
     *     stored
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
                    + " was stopped with its threads; the next start continues it");
        }
        throw new SagaException(
                Reason.STORE_FAILED,
                "only " + stored + " of " + document.sizeBytes() + " bytes of saga " + run.sagaId()
                        + " were stored, and no chunk reported a failure; compensating");
    }

    /** Records that one chunk has failed permanently, so that the others start no further attempt. */
    void fail(Exception cause) {
        failure.compareAndSet(null, cause);
        failed.countDown();
        inFlight.stop();
    }

    /** The failure of the first chunk that failed permanently. */
    Optional<Exception> failure() {
        return Optional.ofNullable(failure.get());
    }

    /** Throws the failure of the first chunk, so that the saga sees that cause whichever chunk is reported first. */
    void requireActive() throws Exception {
        Exception cause = failure.get();
        if (cause != null) {
            throw cause;
        }
    }

    /**
     * Waits. Returns early if a chunk has failed permanently, and within a second if the saga is no longer active or
     * {@code stopping} returns true.
     */
    void pause(Duration length, BooleanSupplier stopping) {
        long end = System.nanoTime() + length.toNanos();
        try {
            for (long remaining = length.toNanos();
                    remaining > 0 && isActive() && !stopping.getAsBoolean();
                    remaining = end - System.nanoTime()) {
                if (failed.await(Math.min(remaining, POLL_NANOS), TimeUnit.NANOSECONDS)) {
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
            return true; // the journal is not available: the next step runs into the same failure and classifies it
        }
    }
}
