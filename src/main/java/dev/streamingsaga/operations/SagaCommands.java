package dev.streamingsaga.operations;

import dev.streamingsaga.access.Access;
import dev.streamingsaga.annotation.Internal;
import dev.streamingsaga.audit.AuditAction;
import dev.streamingsaga.deletion.DeletionRefusedException;
import dev.streamingsaga.deletion.DeletionRequest;
import dev.streamingsaga.deletion.DeletionRequests;
import dev.streamingsaga.journal.CleanupEntry;
import dev.streamingsaga.journal.CleanupRepository;
import dev.streamingsaga.journal.CleanupRepository.CleanupCommand;
import dev.streamingsaga.journal.Deletion;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.journal.OperatorCommand;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.SagaState;
import java.util.Map;
import java.util.function.Predicate;

/**
 * Journals commands. The process that owns the saga, this one or another, executes them within about a second; without
 * such a process, the next one that starts.
 */
public final class SagaCommands {
    private final Journal journal;
    private final Visibility visibility;
    private final AuditTrail trail;

    @Internal
    public SagaCommands(Journal journal, Access access) {
        this(journal, new Visibility(journal, access.limit()), new AuditTrail(journal.audit(), access));
    }

    SagaCommands(Journal journal, Visibility visibility, AuditTrail trail) {
        this.journal = journal;
        this.visibility = visibility;
        this.trail = trail;
    }

    /**
     * Requests a command, which has no effect if the saga does not accept it when it is executed. While a redelivery of
     * its document is pending, CANCEL cancels it, and RESUME starts it now.
     *
     * @return the saga as it was before
     * @throws UnknownSagaException if there is no such saga
     * @throws WrongStateException if the saga has its outcome
     */
    public SagaRecord request(String sagaId, OperatorCommand command) {
        SagaRecord saga = find(sagaId);
        return saga.delivery().isPending() ? redelivery(saga, command) : request(saga, command, s -> !s.isFinal());
    }

    /** @throws WrongStateException if the saga does not accept the command in its present state */
    SagaRecord requestNow(String sagaId, OperatorCommand command) {
        SagaRecord saga = find(sagaId);
        return saga.delivery().isPending()
                ? redelivery(saga, command)
                : request(saga, command, state -> accepts(state, command));
    }

    /** Executed at once: no process owns a pending redelivery. */
    private SagaRecord redelivery(SagaRecord saga, OperatorCommand command) {
        trail.recordWith(() -> execute(saga, command), action(command), saga.sagaId(), Map.of());
        return saga;
    }

    private void execute(SagaRecord saga, OperatorCommand command) {
        boolean accepted = switch (command) {
            case CANCEL -> journal.redeliveries().cancel(saga.sagaId());
            case RESUME -> journal.redeliveries().startNow(saga.sagaId());
            case PAUSE -> false;
        };
        if (!accepted) {
            throw new WrongStateException(saga, command);
        }
    }

    private SagaRecord request(SagaRecord saga, OperatorCommand command, Predicate<SagaState> accepted) {
        if (!accepted.test(saga.state())) {
            throw new WrongStateException(saga, command);
        }
        trail.recordWith(
                () -> journal.commands().request(saga.sagaId(), command), action(command), saga.sagaId(), Map.of());
        return saga;
    }

    static boolean accepts(SagaState state, OperatorCommand command) {
        if (state.isFinal() || state == SagaState.COMPENSATING) {
            return false;
        }
        return command == OperatorCommand.CANCEL || (command == OperatorCommand.RESUME) == (state == SagaState.PAUSED);
    }

    private static AuditAction action(OperatorCommand command) {
        return switch (command) {
            case PAUSE -> AuditAction.PAUSE;
            case RESUME -> AuditAction.RESUME;
            case CANCEL -> AuditAction.CANCEL;
        };
    }

    /** Legal holds, which forbid the deletion of documents. */
    public LegalHoldOperator legalHolds() {
        return new LegalHoldOperator(journal, visibility, trail);
    }

    private SagaRecord find(String sagaId) {
        return visibility.filter(journal.sagas().find(sagaId)).orElseThrow(() -> new UnknownSagaException(sagaId));
    }

    /**
     * Requests a retry of a clean-up entry, together with the other entries of the same saga and step.
     *
     * @return the entry
     * @throws UnknownCleanupException if there is no such entry
     * @throws CleanupClosedException if it is closed
     */
    public CleanupEntry requestRetry(String cleanupId) {
        return request(cleanupId, CleanupCommand.RETRY, "");
    }

    /**
     * Requests that a clean-up entry is closed; no data is removed.
     *
     * @param reason recorded in the journal
     * @return the entry
     * @throws UnknownCleanupException if there is no such entry
     * @throws CleanupClosedException if it is closed
     */
    public CleanupEntry requestResolution(String cleanupId, String reason) {
        return request(cleanupId, CleanupCommand.RESOLVE, reason);
    }

    private CleanupEntry request(String cleanupId, CleanupCommand command, String reason) {
        CleanupRepository cleanups = journal.cleanups();
        CleanupEntry entry = Cleanups.open(cleanups, visibility, cleanupId);
        trail.recordWith(
                () -> cleanups.requestCommand(cleanupId, command, reason),
                command == CleanupCommand.RETRY ? AuditAction.RETRY : AuditAction.RESOLVE,
                entry.sagaId(),
                Cleanups.details(entry, reason));
        return entry;
    }

    /**
     * Requests the deletion of a document with all its versions. From then on it is visible nowhere.
     *
     * @return the deletion; the former one if the document is deleted already
     * @throws UnknownDocumentException if there is no such completed document, and there was none that was deleted
     * @throws DeletionNotPossibleException if a saga is storing it, or something forbids its deletion
     * @throws IllegalArgumentException if the reason is blank or longer than {@value SagaOperator#MAX_REASON}
     *     characters
     */
    public Deletion requestDeletion(String documentId, String reason, String requestedBy) {
        visibility.requireDocument(documentId);
        trail.record(AuditAction.DELETE, documentId, null, Map.of("reason", reason, "requestedBy", requestedBy));
        try {
            return DeletionRequests.of(journal).request(DeletionRequest.document(documentId, reason, requestedBy));
        } catch (DeletionRefusedException e) {
            throw DeletionNotPossibleException.of(e);
        }
    }

    /** Whether a command for this clean-up entry has not been executed yet. */
    public boolean isPending(String cleanupId) {
        return journal.cleanups().hasPendingCommand(cleanupId);
    }
}
