package dev.streamingsaga.journal;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** A run that this process owns. It separates a step that writes from a compensation that removes. Thread-safe. */
public final class ActiveRun implements Run {
    /** Progress of the running step. */
    public record StepProgress(String step, long done, long total, String unit) {}

    private final Journal journal;
    private final String sagaId;
    private final int number;
    private final SagaRecord initialSaga;
    private volatile String waitsFor = "";
    private final Permits permits = new Permits();
    private final RunningStep step = new RunningStep();
    private final RunLease lease;
    private volatile @Nullable Document document;
    private volatile SourceHold source = SourceHold.NONE;
    private volatile @Nullable Boolean needsSource;
    private volatile SagaState state;
    private volatile Optional<StepRepository.EndedStep> endedStep = Optional.empty();
    private volatile boolean planned;
    private volatile boolean verified;
    private volatile boolean textKnown;
    private volatile @Nullable List<ChunkRow> knownChunks;
    private volatile Optional<TextOutcome> knownText = Optional.empty();
    private volatile boolean handedOver;
    private volatile boolean sealed;
    private volatile @Nullable List<Warning> knownWarnings;

    private final CompletableFuture<String> ended = new CompletableFuture<>();

    ActiveRun(Journal journal, SagaRecord saga) {
        this.journal = journal;
        this.sagaId = saga.sagaId();
        this.number = saga.run();
        this.initialSaga = saga;
        this.state = saga.state();
        this.textKnown = isFirst();
        this.document = saga.document().orElse(null);
        this.knownWarnings = saga.warnings().count() == 0 ? List.of() : null;
        this.lease = new RunLease(journal, saga.sagaId(), saga.run());
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
    public SagaRecord initialSaga() {
        return initialSaga;
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
    public Optional<Document> findDocument() {
        return Optional.ofNullable(document);
    }

    /** Sets the document, in the journal first. */
    public void setDocument(Document chosen) {
        journal.runs().setDocument(sagaId, number, chosen);
        document = chosen;
    }

    /**
     * Completes with the saga's id when this process has recorded the outcome. Completes exceptionally if the journal
     * did not accept it ({@link Runs#markLost}).
     */
    public CompletableFuture<String> ended() {
        return ended.copy();
    }

    /** Whether {@link #ended} has completed with the saga's id. */
    public boolean hasOutcome() {
        return ended.isDone() && !ended.isCompletedExceptionally();
    }

    /**
     * Whether this run has handed over its saga, so that another run finishes it: this process is stopping, or the
     * journal could not be reached.
     */
    public boolean isHandedOver() {
        return handedOver;
    }

    public void markHandedOver() {
        handedOver = true;
    }

    /** Waits for the end of the run, at most this long. */
    void awaitEnd(Duration wait) {
        try {
            ended.get(wait.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException e) {
            // it has not ended in time: the caller continues
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
        return step.name();
    }

    /** Journals that a step begins; see {@link StepRepository#begins}. */
    public void begin(String name, SagaState next) {
        check();
        journal.steps()
                .begins(
                        sagaId,
                        number,
                        new StepRepository.StepBegin(name, state, next),
                        endedStep.filter(before -> !before.name().equals(name)));
        endedStep = Optional.empty();
        state = next;
        step.begin(name);
    }

    /**
     * Records that a step has ended. The journal learns of it when the next step begins, or by {@link #journalEnd}; of
     * the last step, at once.
     *
     * @param expected number of pieces that the step's store reported
     */
    public void end(String name, OptionalLong expected) {
        endedStep =
                Optional.of(new StepRepository.EndedStep(name, journal.clock().millis(), expected));
        if (name.equals(StepNames.FINALIZE)) {
            journalEnd();
        }
        journal.listener().stepEnded(name, step.elapsed());
    }

    /** Journals that the last step has ended, if the journal does not know yet. */
    public void journalEnd() {
        endedStep.ifPresent(ended -> journal.steps().ends(sagaId, number, ended));
        endedStep = Optional.empty();
    }

    /**
     * Journals that the step waits for a dependency.
     *
     * @throws SagaException if the run no longer owns the saga, or the saga was cancelled or paused
     */
    public void waits(String name, Waiting waiting) {
        waitsFor = waiting.reason();
        journalEnd();
        journal.runs().waits(sagaId, number, name, waiting);
    }

    /** What the step waits for now; empty if it continues. */
    public String waitsFor() {
        return waitsFor;
    }

    /** Journals that the step continues after it has waited. */
    public void continues(String name) {
        waitsFor = "";
        journal.runs().continues(sagaId, number, name);
    }

    /** What keeps the source as it is while the run needs it. */
    private record SourceHold(Runnable confirm, Runnable release) {
        static final SourceHold NONE = new SourceHold(() -> {}, () -> {});
    }

    /**
     * Sets what holds the source, such as a lock, until it is not needed any more or the run ends.
     *
     * @param confirm called before each side effect; throws if the source is no longer held
     * @param release may be called more than once
     */
    public void holdSource(Runnable confirm, Runnable release) {
        replaceHold(new SourceHold(confirm, release));
        ended.whenComplete((id, failure) -> release.run());
    }

    private void replaceHold(SourceHold next) {
        SourceHold before = source;
        source = next;
        before.release().run();
    }

    /** The journal has just confirmed that this process owns the saga. */
    public void leaseRenewed() {
        lease.renewed();
    }

    @Override
    public Permit permit() {
        source.confirm().run();
        lease.confirm();
        check();
        return permits.acquire();
    }

    @Override
    public void check() {
        permits.requireNotRevoked();
        if (journal.clock().instant().isAfter(initialSaga.deadline())) {
            throw new SagaException(
                    Reason.TIMEOUT,
                    "saga " + sagaId + " passed its time limit at " + initialSaga.deadline() + "; compensating");
        }
    }

    boolean revoke(SagaException cause, Duration wait) {
        return permits.revoke(cause, wait);
    }

    /** Whether a side effect is still in progress. */
    boolean isWriting() {
        return permits.isOpen();
    }

    /** Whether the run writes nothing and gets no more permits. */
    boolean hasEnded() {
        return permits.revocation().isPresent() && !permits.isOpen();
    }

    /** Whether it was revoked at least this long ago. */
    boolean isRevokedFor(Duration time) {
        return permits.isRevokedFor(time);
    }

    /** Why the run was revoked; empty while it may write. */
    public Optional<SagaException> revocation() {
        return permits.revocation();
    }

    @Override
    public void progress(String name, long done, long total, String unit) {
        step.report(new StepProgress(name, done, total, unit));
    }

    public StepProgress progress() {
        return step.progress();
    }

    @Override
    public void planChunks(List<ChunkRow> chunks) {
        if (!planned && isFirst() && document().hasFile()) {
            journal.chunks().planFirst(sagaId, number, chunks);
        } else {
            journal.chunks().plan(sagaId, number, chunks);
        }
        planned = true;
    }

    /** Whether no run before this one has written anything. */
    private boolean isFirst() {
        return number == 1 && initialSaga.document().isEmpty();
    }

    /** Journals the next chunk of a body that is arriving, before it is sent. */
    public void addChunk(ChunkRow chunk) {
        check();
        planned = true;
        journal.chunks().add(sagaId, number, chunk);
    }

    @Override
    public void chunkSending(int index, int attempt, Optional<StoredForm> form) {
        if (form.isPresent() && !sealed) {
            // Before the transactions that share a lock on the saga's row.
            journal.chunks().raiseFormat(sagaId);
            sealed = true;
        }
        journal.chunks().sending(sagaId, number, index, attempt, form);
        if (attempt > 1) {
            journal.listener().chunkRetried();
        }
    }

    @Override
    public void chunkSent(int index, Optional<String> etag) {
        journal.chunks().sent(sagaId, number, index, etag);
        Document sent = document();
        long rest = sent.sizeBytes() - index * sent.chunkSizeBytes();
        // The size of a document whose bytes are still arriving is not known.
        journal.listener().chunkSent(rest > 0 ? Math.min(sent.chunkSizeBytes(), rest) : sent.chunkSizeBytes());
    }

    @Override
    public void chunkConfirmed(ChunkRow row) {
        if (row.state() == ChunkRow.ChunkState.SENDING) {
            journal.chunks().sent(sagaId, number, row.index(), Optional.empty());
        }
        journal.runs().addResumedBytes(sagaId, number, row.sizeBytes());
    }

    @Override
    public boolean needsSource() {
        Boolean known = needsSource;
        if (known == null) {
            known = journal.steps().needsSource(initialSaga);
            needsSource = known;
        }
        return known;
    }

    @Override
    public void chunksVerified() {
        journal.chunks().verified(sagaId, number);
        verified = true;
        knownChunks = null;
        needsSource = false;
        replaceHold(SourceHold.NONE);
    }

    /** Most documents have no warnings: then nothing is written. */
    @Override
    public void warned(List<Warning> warnings) {
        if (!warnings.equals(knownWarnings)) {
            knownWarnings = null;
            journal.warnings().replace(sagaId, number, warnings);
            knownWarnings = warnings;
        }
    }

    @Override
    public List<Warning> warnings() {
        List<Warning> known = knownWarnings;
        return known == null ? journal.warnings().of(sagaId) : known;
    }

    @Override
    public void textRead(TextOutcome outcome) {
        Optional<TextOutcome> known = textOutcome();
        // What was stopped before its first page must stay so: another reading might get further.
        boolean nothing = known.isEmpty()
                && outcome.segmentsPerPage().isEmpty()
                && outcome.cutAfter().isEmpty();
        if (!nothing && !known.equals(Optional.of(outcome))) {
            textKnown = false;
            knownText = Optional.of(journal.texts().replace(sagaId, number, outcome));
            textKnown = true;
        }
    }

    @Override
    public void forgetText() {
        textKnown = false;
        journal.texts().forget(sagaId, number);
    }

    @Override
    public Optional<TextOutcome> textOutcome() {
        if (!textKnown) {
            knownText = journal.texts().find(sagaId);
            textKnown = true;
        }
        return knownText;
    }

    @Override
    public List<ChunkRow> chunks() {
        List<ChunkRow> known = knownChunks;
        if (known == null) {
            known = readChunks();
            knownChunks = verified ? known : null; // nothing changes them any more
        }
        return known;
    }

    private List<ChunkRow> readChunks() {
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
