package dev.streamingsaga.encryption;

/** The data key of a saga has been destroyed on purpose: its objects can never be read again. */
public final class DestroyedKeyException extends KeyException {
    private static final long serialVersionUID = 1;

    public DestroyedKeyException(String sagaId) {
        super("the data key of saga " + sagaId + " was destroyed when its document was deleted", null);
    }
}
