package dev.streamingsaga.operations;

/** A document has no version of this number, or it is not kept any more. */
public final class UnknownVersionException extends OperationException {
    UnknownVersionException(String message) {
        super(message);
    }

    static UnknownVersionException unknown(String documentId, int number) {
        return new UnknownVersionException("document " + documentId + " has no version " + number);
    }

    static UnknownVersionException removed(String documentId, int number) {
        return new UnknownVersionException("version " + number + " of document " + documentId
                + " was removed: saga.versions.keep says how many versions are kept");
    }
}
