package dev.streamingsaga.operations;

import dev.streamingsaga.access.Access;
import dev.streamingsaga.access.SecurityLabel;
import dev.streamingsaga.annotation.Internal;
import dev.streamingsaga.audit.AuditAction;
import dev.streamingsaga.config.FailOn;
import dev.streamingsaga.deletion.DeletionRefusedException;
import dev.streamingsaga.deletion.DeletionRequest;
import dev.streamingsaga.ingest.Ingest;
import dev.streamingsaga.ingest.IngestResult;
import dev.streamingsaga.journal.ActiveRun;
import dev.streamingsaga.journal.CleanupQuery;
import dev.streamingsaga.journal.Deletion;
import dev.streamingsaga.journal.OperatorCommand;
import dev.streamingsaga.journal.SagaQuery;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.SagaState;
import dev.streamingsaga.outage.DownDependency;
import dev.streamingsaga.recovery.Drift;
import dev.streamingsaga.recovery.Orphan;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.apache.camel.Exchange;
import org.apache.camel.ExchangePattern;
import org.apache.camel.support.ExchangeHelper;

/**
 * Operates the sagas of an open instance. Get it from {@code StreamingSaga.operator()}; it can be used until the
 * instance closes. Thread-safe.
 */
public final class SagaOperator extends SagaReader {
    /** Longest reason of a deletion, in characters. */
    public static final int MAX_REASON = DeletionRequest.MAX_REASON;

    private static final long POLL_MILLIS = 200;

    private final OperatorComponents components;
    private final Access access;
    private final SagaCommands commands;
    private final Cleanups cleanups;
    private final BulkCommands bulk;
    private final KeyOperator keys;
    private final LegalHoldOperator legalHolds;

    @Internal
    public SagaOperator(OperatorComponents components, Access access) {
        super(components.journal(), components.storage(), access);
        this.components = components;
        this.access = access;
        this.commands = new SagaCommands(components.journal(), visibility(), trail());
        this.bulk = new BulkCommands(components.journal(), commands, visibility(), trail());
        this.keys = new KeyOperator(components, visibility(), trail());
        this.legalHolds = new LegalHoldOperator(components.journal(), visibility(), trail());
        this.cleanups = new Cleanups(components, visibility(), trail());
    }

    @Override
    public SagaOperator as(Access other) {
        return new SagaOperator(components, other);
    }

    /** Runs one saga, waits for its outcome and returns it, regardless of {@code saga.hub.fail-on}. */
    public IngestResult ingest(Path file) {
        return ingest(file, Optional.empty());
    }

    /** @param label owner and classification of the document; empty: as {@code saga.security.*} says */
    public IngestResult ingest(Path file, Optional<SecurityLabel> label) {
        Exchange answer = components.template().request(components.config().direct("ingest"), call -> {
            call.getMessage().setBody(file);
            call.setProperty(Ingest.FAIL_ON, FailOn.NEVER);
            call.setProperty(Ingest.ACCESS, access);
            label.ifPresent(given -> call.setProperty(Ingest.LABEL, given));
        });
        return (IngestResult) ExchangeHelper.extractResultBody(answer, ExchangePattern.InOut);
    }

    /**
     * The outcome of the newest attempt to deliver the document of a saga, with the counts of its stores, queried now.
     * Also answers for a paused saga, unless it was requested to continue. No outcome while a redelivery is pending.
     *
     * @param wait how long to wait for the outcome at most
     * @throws UnknownSagaException if there is no such saga
     */
    public SagaOutcome outcome(String sagaId, Duration wait) throws InterruptedException {
        long end = System.nanoTime() + wait.toNanos();
        SagaRecord saga = latest(sagaId);
        while (isRunning(saga) && System.nanoTime() < end) {
            TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
            saga = latest(sagaId);
        }
        return new SagaOutcome(
                saga,
                isRunning(saga)
                        ? Optional.empty()
                        : Optional.of(components.ingest().result(saga.sagaId())));
    }

    private SagaRecord latest(String sagaId) {
        SagaRecord saga = requireSaga(sagaId);
        return saga.delivery().redelivery().isEmpty() ? saga : latest(saga);
    }

    private boolean isRunning(SagaRecord saga) {
        return saga.delivery().isPending()
                || !saga.state().isFinal()
                        && (saga.state() != SagaState.PAUSED
                                || components
                                        .journal()
                                        .commands()
                                        .find(saga.sagaId())
                                        .isPresent());
    }

    /**
     * What a saga has reached so far. Its stores are counted only if it has its outcome.
     *
     * @throws UnknownSagaException if there is no such saga
     */
    public IngestResult result(String sagaId) {
        // Counting queries every store, so count only after all writes have ended.
        return components.ingest().result(sagaId, requireSaga(sagaId).state().isFinal());
    }

    private SagaRecord requireSaga(String sagaId) {
        return findSaga(sagaId).orElseThrow(() -> new UnknownSagaException(sagaId));
    }

    /** What sagas depend on and is known to be down now; empty if all is well. Nothing new begins then. */
    public List<DownDependency> down() {
        return components.outages().current();
    }

    /**
     * Takes this instance out of work, in the background: health is DOWN, and nothing begins any more. What runs may
     * end within {@code saga.drain.timeout}; the rest is handed over to another node or to the next start. It cannot be
     * undone except by a restart. Repeating it has no effect.
     *
     * @return how far it is
     */
    public DrainProgress drain() {
        visibility().requireUnlimited("a drain");
        trail().record(AuditAction.DRAIN, null, null, Map.of());
        components.drain().begin();
        return components.drain().progress();
    }

    /** How far {@link #drain} is. */
    public DrainProgress drainProgress() {
        return components.drain().progress();
    }

    /** The key encryption keys, and their rotation. */
    public KeyOperator keys() {
        return keys;
    }

    /** Legal holds, which forbid the deletion of documents. */
    public LegalHoldOperator legalHolds() {
        return legalHolds;
    }

    /** How long documents and the journal are kept. */
    public RetentionOperator retention() {
        return new RetentionOperator(components.retention(), visibility(), trail());
    }

    /** The sagas that this process runs now, in no particular order. */
    public List<RunningSaga> running() {
        return components.runs().all().stream()
                .filter(run -> visibility().permits(run.sagaId()))
                .map(SagaOperator::running)
                .toList();
    }

    /** The saga, if this process runs it now. */
    public Optional<RunningSaga> findRunning(String sagaId) {
        return components
                .runs()
                .find(sagaId)
                .filter(run -> visibility().permits(sagaId))
                .map(SagaOperator::running);
    }

    private static RunningSaga running(ActiveRun run) {
        ActiveRun.StepProgress progress = run.progress();
        return new RunningSaga(
                run.sagaId(),
                run.initialSaga().fileName(),
                progress.step(),
                progress.done(),
                progress.total(),
                progress.unit(),
                run.waitsFor());
    }

    /**
     * Waits until this process has ended its work on a saga that has its outcome: stores may still be making its
     * document visible, or alerts may be in delivery. Waits at most {@code saga.compensation.step-timeout}.
     */
    public void awaitSettled(String sagaId) throws InterruptedException {
        components.ingest().awaitLocal(sagaId);
    }

    /** Waits for the outcome of the sagas of other processes that this process has taken over. */
    public void awaitRecovered() {
        components
                .recovery()
                .pending()
                .forEach(end -> end.exceptionally(failure -> null).join());
    }

    /**
     * Requests that a running saga is paused, which keeps what is written. The process that runs it executes the
     * request within about a second.
     *
     * @return the saga as it was before
     * @throws UnknownSagaException if there is no such saga
     * @throws WrongStateException if it does not run
     */
    public SagaRecord pause(String sagaId) {
        return commands.requestNow(sagaId, OperatorCommand.PAUSE);
    }

    /**
     * Requests that a paused saga is resumed, executed as {@link #pause}; or that a pending redelivery of its document
     * begins now.
     *
     * @return the saga as it was before
     * @throws UnknownSagaException if there is no such saga
     * @throws WrongStateException if it is not paused, and no redelivery is due
     */
    public SagaRecord resume(String sagaId) {
        return commands.requestNow(sagaId, OperatorCommand.RESUME);
    }

    /**
     * Requests that a running or paused saga is compensated, executed as {@link #pause}; or cancels a pending
     * redelivery of its document.
     *
     * @return the saga as it was before
     * @throws UnknownSagaException if there is no such saga
     * @throws WrongStateException if it is being compensated, or has its outcome and no redelivery is pending
     */
    public SagaRecord cancel(String sagaId) {
        return commands.requestNow(sagaId, OperatorCommand.CANCEL);
    }

    /**
     * Journals the deletion of a document with all its versions and begins it. From then on the document is visible
     * nowhere; it cannot be undone. Repeating it returns the former deletion.
     *
     * @param reason 1 to {@value #MAX_REASON} characters, which the tombstone keeps
     * @param requestedBy who, for the tombstone
     * @throws UnknownDocumentException if there is no such completed document, and there was none that was deleted
     * @throws DeletionNotPossibleException if a saga is storing it, or something forbids its deletion
     * @throws IllegalArgumentException if the reason is blank or too long
     */
    public Deletion delete(String documentId, String reason, String requestedBy) {
        visibility().requireDocument(documentId);
        trail().record(AuditAction.DELETE, documentId, null, Map.of("reason", reason, "requestedBy", requestedBy));
        try {
            return components.deletions().request(DeletionRequest.document(documentId, reason, requestedBy));
        } catch (DeletionRefusedException e) {
            throw DeletionNotPossibleException.of(e);
        }
    }

    /**
     * Waits until every store was asked to remove a document.
     *
     * @param wait how long at most
     * @return its deletion as it is then
     */
    public Deletion awaitDeletion(Deletion deletion, Duration wait) throws InterruptedException {
        return components.deletions().await(deletion.deletionId(), wait);
    }

    /**
     * Requests a command for every saga that matches and accepts it, executed as {@link #pause}.
     *
     * @param limit maximum number of sagas, in the order of the query
     */
    public BulkOutcome requestAll(OperatorCommand command, SagaQuery query, int limit) {
        return bulk.request(command, query, limit);
    }

    /** What {@link #requestAll} would do now. Changes nothing. */
    public BulkOutcome previewAll(OperatorCommand command, SagaQuery query, int limit) {
        return bulk.preview(command, query, limit);
    }

    /**
     * Requests a retry of every clean-up entry that matches, executed within about a second. The other entries of the
     * same saga and step are retried with it.
     *
     * @param limit maximum number of entries, oldest first
     */
    public BulkOutcome retryCleanups(CleanupQuery query, int limit) {
        return bulk.retry(query, limit);
    }

    /**
     * Requests that every clean-up entry that matches is closed, executed within about a second; no data is removed.
     *
     * @param reason recorded in the journal
     * @param limit maximum number of entries, oldest first
     */
    public BulkOutcome resolveCleanups(CleanupQuery query, String reason, int limit) {
        return bulk.resolve(query, reason, limit);
    }

    /** What {@link #retryCleanups} or {@link #resolveCleanups} would do now. Changes nothing. */
    public BulkOutcome previewCleanups(CleanupQuery query, int limit) {
        return bulk.previewCleanups(query, limit);
    }

    /**
     * Retries a clean-up entry now, together with the other entries of the same saga and step.
     *
     * @throws UnknownCleanupException if there is no such entry
     * @throws CleanupClosedException if it is closed
     */
    public CleanupOutcome retryCleanup(String cleanupId) {
        return cleanups.retry(cleanupId);
    }

    /**
     * Closes a clean-up entry whose data an operator has removed.
     *
     * @param reason recorded in the journal
     * @throws UnknownCleanupException if there is no such entry
     * @throws CleanupClosedException if it is closed
     */
    public CleanupOutcome resolveCleanup(String cleanupId, String reason) {
        return cleanups.resolve(cleanupId, reason);
    }

    /** As {@link #resolveCleanup}, for all open entries of the same saga and step. */
    public CleanupOutcome resolveCleanups(String cleanupId, String reason) {
        return cleanups.resolveStep(cleanupId, reason);
    }

    /**
     * Executes now what {@link SagaCommands} has requested for a clean-up entry; does nothing if there is no request.
     */
    public void executeRequest(String cleanupId) {
        cleanups.executeRequest(cleanupId);
    }

    /**
     * Lists orphans as {@link #listOrphans} does, and deletes those older than {@code saga.orphans.min-age}. Only for a
     * process that holds the lock on the data directory.
     */
    public void deleteOrphans(Consumer<Orphan> found) {
        visibility().requireUnlimited("orphans");
        trail().record(AuditAction.ORPHANS_DELETE, null, null, Map.of());
        components.storage().orphans().delete(found);
    }

    /**
     * Verifies as {@link #verify} does, repairs what differs from the journal, the original file or the bucket, and
     * verifies again. Only for a process that holds the lock on the data directory. A document of a newer version is
     * verified only.
     *
     * @return the differences found first, each with its result, then those that only the second check found
     */
    public List<Drift> repair(SagaRecord saga, boolean deep) {
        if (saga.needsNewerVersion()) {
            return verify(saga, deep);
        }
        requireSaga(saga.sagaId());
        trail().record(AuditAction.REPAIR, saga.document().orElseThrow(), Map.of("deep", Boolean.toString(deep)));
        return unlessRemoved(saga, components.storage().documentCheck().repair(saga, deep));
    }
}
