package dev.streamingsaga.operations;

/** The journal has no completed document with this id. */
public final class UnknownDocumentException extends OperationException {
    private final String documentId;

    UnknownDocumentException(String documentId) {
        super("no completed document " + documentId);
        this.documentId = documentId;
    }

    public String documentId() {
        return documentId;
    }
}
