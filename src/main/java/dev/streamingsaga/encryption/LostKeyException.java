package dev.streamingsaga.encryption;

/** Objects of a saga are encrypted, but the journal has no key for them. */
public final class LostKeyException extends KeyException {
    private static final long serialVersionUID = 1;

    public LostKeyException(String sagaId) {
        super(
                "the journal has no data key of saga " + sagaId + ", whose objects are encrypted; restore the journal"
                        + " from a backup, or read the document by its manifest, which has the wrapped key, too",
                null);
    }
}
