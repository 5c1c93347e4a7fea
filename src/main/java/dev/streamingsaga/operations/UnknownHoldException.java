package dev.streamingsaga.operations;

/** The journal has no legal hold with this id. */
public final class UnknownHoldException extends OperationException {
    private final String holdId;

    UnknownHoldException(String holdId) {
        super("no legal hold " + holdId);
        this.holdId = holdId;
    }

    public String holdId() {
        return holdId;
    }
}
