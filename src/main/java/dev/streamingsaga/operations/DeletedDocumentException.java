package dev.streamingsaga.operations;

import dev.streamingsaga.journal.Deletion;

/** The document was deleted, or is being deleted. */
public final class DeletedDocumentException extends OperationException {
    private final transient Deletion deletion;

    DeletedDocumentException(Deletion deletion) {
        super("document " + deletion.documentId() + " was deleted by " + deletion.requestedBy() + " on "
                + deletion.requestedAt() + ": " + deletion.reason());
        this.deletion = deletion;
    }

    /** What is kept of it. */
    public Deletion deletion() {
        return deletion;
    }
}
