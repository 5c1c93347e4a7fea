package dev.streamingsaga.operations;

/** The journal has no clean-up entry with this id. */
public final class UnknownCleanupException extends OperationException {
    private final String cleanupId;

    UnknownCleanupException(String cleanupId) {
        super("no clean-up entry " + cleanupId);
        this.cleanupId = cleanupId;
    }

    public String cleanupId() {
        return cleanupId;
    }
}
