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

/** A run that this process owns. It separates a step that writes from a compensation that removes. Thread-safe. */
public final class ActiveRun implements Run {
    /** Progress of the running step. */
    public record StepProgress(String step, long done, long total, String unit) {}

    private final Journal journal;
    private final String sagaId;
    private final int number;
    private final SagaRecord received;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition idle = lock.newCondition();
    private int openPermits;
    private @Nullable SagaException revocation;
    private long revokedAtNanos;
    private volatile @Nullable Document document;
    private volatile StepProgress progress = new StepProgress("", 0, 0, "");
    private volatile String step = "";
    private volatile long stepStartedNanos;
    private volatile Runnable guard = () -> {};
    private volatile Instant leaseUntil;
    private volatile boolean released;

    private final CompletableFuture<String> ended = new CompletableFuture<>();

    ActiveRun(Journal journal, SagaRecord saga) {
        this.journal = journal;
        this.sagaId = saga.sagaId();
        this.number = saga.run();
        this.received = saga;
        this.document = saga.document().orElse(null);
        this.leaseUntil = journal.leases().end();
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
        Document current = document;
        if (current == null) {
            throw new IllegalStateException("saga " + sagaId + " has no document before the step 'start'");
        }
        return current;
    }

    /** The document; empty before the step {@code start}. */
    public Optional<Document> described() {
        return Optional.ofNullable(document);
    }

    /** Sets the document, in the journal first. */
    public void describe(Document described) {
        journal.runs().describe(sagaId, number, described);
        document = described;
    }

    /**
     * Completes with the saga's id when this process has recorded the outcome. Completes exceptionally if the journal
     * did not accept it ({@link Runs#markLost}).
     */
    public CompletableFuture<String> ended() {
        return ended.copy();
    }

    /**
     * Whether this run has given up its saga, so that another run finishes it: this process is stopping, or the journal
     * could not be reached.
     */
    public boolean isReleased() {
        return released;
    }

    public void release() {
        released = true;
    }

    /** Waits for the end of the run, at most this long. */
    void awaitEnd(Duration wait) {
        try {
            ended.get(wait.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException e) {
            // it has not ended in time: the caller goes on
        }
    }

    void markEnded() {
        ended.complete(sagaId);
    }

    void markLost(RuntimeException cause) {
        ended.completeExceptionally(cause);
    }

    /** Binds the coordinator's LRA to this run. */
    public void bindLra(String lraId) {
        journal.runs().bindLra(sagaId, number, lraId);
    }

    /** The step that began last; empty before the first. */
    public String step() {
        return step;
    }

    /** Journals that a step begins; see {@link StepRepository#begins}. */
    public void begin(String name, SagaState state) {
        check();
        journal.steps().begins(sagaId, number, name, state);
        step = name;
        stepStartedNanos = System.nanoTime();
        progress = new StepProgress(name, 0, 0, "");
    }

    /**
     * Journals that a step has ended.
     *
     * @param expected number of pieces that the step's store reported
     */
    public void end(String name, OptionalLong expected) {
        journal.steps().ends(sagaId, number, name, expected);
        journal.listener().stepEnded(name, Duration.ofNanos(System.nanoTime() - stepStartedNanos));
    }

    /**
     * Sets a check that runs before each side effect. It throws if the run has lost something that it needs besides the
     * journal, such as the lock on its source.
     */
    public void guard(Runnable check) {
        guard = check;
    }

    /** The journal has just confirmed that this process owns the saga. */
    public void leaseRenewed() {
        leaseUntil = journal.leases().end();
    }

    /**
     * Without a heartbeat, for example while the process was suspended, another process may have taken the saga over:
     * check.
     */
    private void confirmLease() {
        if (journal.clock().instant().isAfter(leaseUntil)) {
            journal.leases().requireOwned(sagaId, number);
            leaseRenewed();
        }
    }

    @Override
    public Permit permit() {
        guard.run();
        confirmLease();
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
            SagaException cause = revocation;
            if (cause != null) {
                throw new SagaException(cause.reason(), String.valueOf(cause.getMessage()), cause);
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

    boolean revoke(SagaException cause, Duration wait) {
        long nanos = wait.toNanos();
        lock.lock();
        try {
            if (revocation == null) {
                revocation = cause;
                revokedAtNanos = System.nanoTime();
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

    /** Whether a side effect is still in progress. */
    boolean isWriting() {
        lock.lock();
        try {
            return openPermits > 0;
        } finally {
            lock.unlock();
        }
    }

    /** Whether the run writes nothing and gets no more permits. */
    boolean hasEnded() {
        lock.lock();
        try {
            return openPermits == 0 && revocation != null;
        } finally {
            lock.unlock();
        }
    }

    /** Whether it was revoked at least this long ago. */
    boolean isRevokedFor(Duration time) {
        lock.lock();
        try {
            return revocation != null && System.nanoTime() - revokedAtNanos >= time.toNanos();
        } finally {
            lock.unlock();
        }
    }

    /** Why the run was revoked; empty while it may write. */
    public Optional<SagaException> revocation() {
        lock.lock();
        try {
            return Optional.ofNullable(revocation);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void progress(String name, long done, long total, String unit) {
        progress = new StepProgress(name, done, total, unit);
    }

    public StepProgress progress() {
        return progress;
    }

    @Override
    public void planChunks(List<ChunkRow> chunks) {
        journal.chunks().plan(sagaId, number, chunks);
    }

    @Override
    public void chunkSending(int index, int attempt) {
        journal.chunks().sending(sagaId, number, index, attempt);
        if (attempt > 1) {
            journal.listener().chunkRetried();
        }
    }

    @Override
    public void chunkSent(int index, Optional<String> etag) {
        journal.chunks().sent(sagaId, number, index, etag);
        Document sent = document();
        journal.listener().chunkSent(Math.min(sent.chunkSizeBytes(), sent.sizeBytes() - index * sent.chunkSizeBytes()));
    }

    @Override
    public void chunkConfirmed(ChunkRow row) {
        if (row.state() == ChunkRow.ChunkState.SENDING) {
            journal.chunks().sent(sagaId, number, row.index(), Optional.empty());
        }
        journal.runs().addResumedBytes(sagaId, number, row.sizeBytes());
    }

    @Override
    public void chunksVerified() {
        journal.chunks().verified(sagaId, number);
    }

    @Override
    public List<ChunkRow> chunks() {
        List<ChunkRow> chunks = journal.chunks().all(sagaId);
        if (chunks.size() != document().chunkCount()) {
            throw new SagaException(
                    Reason.METADATA_CORRUPT,
                    "the journal has " + chunks.size() + " of " + document().chunkCount() + " chunk rows of saga "
                            + sagaId + "; compensating from what the bucket lists");
        }
        return chunks;
    }
}
