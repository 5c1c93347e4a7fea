package dev.streamingsaga.operations;

import dev.streamingsaga.deletion.DeletionRefusedException;
import dev.streamingsaga.journal.DeletionRepository.Refusal;

/** A document cannot be deleted now: a saga is storing it, or something forbids it. */
public final class DeletionNotPossibleException extends OperationException {
    private final String documentId;

    private DeletionNotPossibleException(DeletionRefusedException refused) {
        super(String.valueOf(refused.getMessage()));
        this.documentId = refused.documentId();
        initCause(refused);
    }

    static OperationException of(DeletionRefusedException refused) {
        return refused.refusal() == Refusal.UNKNOWN
                ? new UnknownDocumentException(refused.documentId())
                : new DeletionNotPossibleException(refused);
    }

    public String documentId() {
        return documentId;
    }
}
