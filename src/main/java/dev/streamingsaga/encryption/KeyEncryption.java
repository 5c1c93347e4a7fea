package dev.streamingsaga.encryption;

/**
 * Key encryption keys, one of which is current. Thread-safe. Each call ends within the provider's time limit with a
 * result or a {@link KeyException}.
 */
interface KeyEncryption extends AutoCloseable {

    /** The id of the key that {@link #wrap} uses. */
    String currentKeyId();

    /** Whether a data key that this key wraps can be opened here. */
    boolean holds(String keyId);

    /** Wraps a data key by the current key. */
    DataKey.Wrapped wrap(DataKey key, KeyOwner owner);

    /**
     * Opens a data key.
     *
     * @throws UnknownKeyException if the key that wraps it is not here
     * @throws WrongKeyException if it was wrapped for another owner, by another key of that name, or was changed
     */
    DataKey unwrap(DataKey.Wrapped wrapped, KeyOwner owner);

    @Override
    default void close() {}
}
