package dev.streamingsaga.journal;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A run in this process: the fence between a step that writes and a compensation that undoes. Safe for many threads.
 */
public final class ActiveRun implements Run {
    /** How far the running step is. */
    public record Progress(String step, long done, long total, String unit) {}

    private final Journal journal;
    private final String sagaId;
    private final int number;
    private final SagaRecord received;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition idle = lock.newCondition();
    private int openPermits;
    private @Nullable SagaException calledOff;
    private long calledOffNanos;
    private volatile @Nullable Document document;
    private volatile Progress progress = new Progress("", 0, 0, "");
    private volatile String step = "";
    private volatile long stepBeganNanos;
    private volatile Runnable guard = () -> {};
    private volatile Instant leaseUntil;
    private volatile boolean left;

    private final CompletableFuture<String> ended = new CompletableFuture<>();

    ActiveRun(Journal journal, SagaRecord saga) {
        this.journal = journal;
        this.sagaId = saga.sagaId();
        this.number = saga.run();
        this.received = saga;
        this.document = saga.document().orElse(null);
        this.leaseUntil = journal.leaseEnd();
    }

    @Override
    public String sagaId() {
        return sagaId;
    }

    @Override
    public int number() {
        return number;
    }

    /** The saga as it was when this run began. */
    public SagaRecord received() {
        return received;
    }

    @Override
    public Document document() {
        Document known = document;
        if (known == null) {
            throw new IllegalStateException("saga " + sagaId + " has no document before the step start");
        }
        return known;
    }

    /** The document; empty before the step {@code start}. */
    public Optional<Document> described() {
        return Optional.ofNullable(document);
    }

    /** Fixes the document, in the journal first. */
    public void describe(Document described) {
        journal.describe(sagaId, number, described);
        document = described;
    }

    /**
     * Done with the saga's id once this process has recorded its outcome; fails if it could not
     * ({@link Runs#markLost}).
     */
    public CompletableFuture<String> ended() {
        return ended.copy();
    }

    /**
     * Whatever becomes of this run, its saga is somebody else's to bring to its end: its process stops, or the journal
     * was not there to be told.
     */
    public boolean isReleased() {
        return left;
    }

    public void release() {
        left = true;
    }

    /** For so long at the most. */
    void awaitEnd(Duration wait) {
        try {
            ended.get(wait.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException e) {
            // not ended then
        }
    }

    void markEnded() {
        ended.complete(sagaId);
    }

    void markLost(RuntimeException why) {
        ended.completeExceptionally(why);
    }

    /** Binds the coordinator's LRA to this run. */
    public void bindLra(String lraId) {
        journal.bindLra(sagaId, number, lraId);
    }

    /** The step that was begun last; empty before the first. */
    public String step() {
        return step;
    }

    /** Intent, journaled; see {@link Journal#stepBegins}. */
    public void begin(String name, SagaState state) {
        check();
        journal.stepBegins(sagaId, number, name, state);
        step = name;
        stepBeganNanos = System.nanoTime();
        progress = new Progress(name, 0, 0, "");
    }

    /**
     * Mark, journaled.
     *
     * @param expected pieces that the step's store said it was given
     */
    public void end(String name, OptionalLong expected) {
        journal.stepEnds(sagaId, number, name, expected);
        journal.listener().stepEnded(name, Duration.ofNanos(System.nanoTime() - stepBeganNanos));
    }

    /**
     * Asked before each side effect: throws if the run has lost what it needs besides the journal, such as the lock on
     * its source.
     */
    public void guard(Runnable stillOurs) {
        guard = stillOurs;
    }

    /** The journal has just confirmed that the saga is ours. */
    public void leaseRenewed() {
        leaseUntil = journal.leaseEnd();
    }

    /**
     * After a heartbeat that did not come, say because the process was stopped, the saga may be somebody else's: ask.
     */
    private void proveLease() {
        if (journal.clock().instant().isAfter(leaseUntil)) {
            journal.requireOwned(sagaId, number);
            leaseRenewed();
        }
    }

    @Override
    public Permit permit() {
        guard.run();
        proveLease();
        lock.lock();
        try {
            check();
            openPermits++;
        } finally {
            lock.unlock();
        }
        return this::releasePermit;
    }

    private void releasePermit() {
        lock.lock();
        try {
            openPermits--;
            if (openPermits == 0) {
                idle.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void check() {
        lock.lock();
        try {
            SagaException why = calledOff;
            if (why != null) {
                throw new SagaException(why.reason(), String.valueOf(why.getMessage()), why);
            }
            if (journal.clock().instant().isAfter(received.deadline())) {
                throw new SagaException(
                        Reason.TIMEOUT,
                        "saga " + sagaId + " passed its time limit at " + received.deadline() + "; compensating");
            }
        } finally {
            lock.unlock();
        }
    }

    boolean revoke(SagaException why, Duration wait) {
        long nanos = wait.toNanos();
        lock.lock();
        try {
            if (calledOff == null) {
                calledOff = why;
                calledOffNanos = System.nanoTime();
            }
            while (openPermits > 0 && nanos > 0) {
                nanos = idle.awaitNanos(nanos);
            }
            return openPermits == 0;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        } finally {
            lock.unlock();
        }
    }

    /** Something it began is under way. */
    boolean isWriting() {
        lock.lock();
        try {
            return openPermits > 0;
        } finally {
            lock.unlock();
        }
    }

    /** It writes nothing any more, and gets no leave to. */
    boolean hasEnded() {
        lock.lock();
        try {
            return openPermits == 0 && calledOff != null;
        } finally {
            lock.unlock();
        }
    }

    /** It was called off so long ago or longer. */
    boolean isRevokedFor(Duration time) {
        lock.lock();
        try {
            return calledOff != null && System.nanoTime() - calledOffNanos >= time.toNanos();
        } finally {
            lock.unlock();
        }
    }

    /** Why the run may write no more; empty while it may. */
    public Optional<SagaException> calledOff() {
        lock.lock();
        try {
            return Optional.ofNullable(calledOff);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void progress(String name, long done, long total, String unit) {
        progress = new Progress(name, done, total, unit);
    }

    public Progress progress() {
        return progress;
    }

    @Override
    public void planChunks(List<ChunkRow> chunks) {
        journal.chunkRows().plan(sagaId, number, chunks);
    }

    @Override
    public void chunkSending(int index, int attempt) {
        journal.chunkRows().sending(sagaId, number, index, attempt);
        if (attempt > 1) {
            journal.listener().chunkRetried();
        }
    }

    @Override
    public void chunkSent(int index, Optional<String> etag) {
        journal.chunkRows().sent(sagaId, number, index, etag);
        Document sent = document();
        journal.listener().chunkSent(Math.min(sent.chunkSizeBytes(), sent.sizeBytes() - index * sent.chunkSizeBytes()));
    }

    @Override
    public void chunkConfirmed(ChunkRow row) {
        if (row.state() == ChunkRow.ChunkState.SENDING) {
            journal.chunkRows().sent(sagaId, number, row.index(), Optional.empty());
        }
        journal.addResumedBytes(sagaId, number, row.sizeBytes());
    }

    @Override
    public void chunksVerified() {
        journal.chunkRows().verified(sagaId, number);
    }

    @Override
    public List<ChunkRow> chunks() {
        List<ChunkRow> chunks = journal.chunkRows().all(sagaId);
        if (chunks.size() != document().chunkCount()) {
            throw new SagaException(
                    Reason.METADATA_CORRUPT,
                    "the journal has " + chunks.size() + " of " + document().chunkCount() + " chunk rows of saga "
                            + sagaId + "; compensating from what the bucket lists");
        }
        return chunks;
    }
}
