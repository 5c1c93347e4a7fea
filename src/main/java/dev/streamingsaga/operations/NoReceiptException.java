package dev.streamingsaga.operations;

/** The document has no receipt: receipts are off, or it is issued within some seconds. */
public final class NoReceiptException extends OperationException {
    private final String documentId;

    NoReceiptException(String documentId) {
        super("document " + documentId + " has no receipt yet");
        this.documentId = documentId;
    }

    public String documentId() {
        return documentId;
    }
}
