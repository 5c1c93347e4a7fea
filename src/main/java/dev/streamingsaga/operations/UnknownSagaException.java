package dev.streamingsaga.operations;

/** The journal has no saga with this id. */
public final class UnknownSagaException extends OperationException {
    private final String sagaId;

    UnknownSagaException(String sagaId) {
        super("no saga " + sagaId);
        this.sagaId = sagaId;
    }

    public String sagaId() {
        return sagaId;
    }
}
