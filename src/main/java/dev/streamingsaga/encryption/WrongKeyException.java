package dev.streamingsaga.encryption;

import org.jspecify.annotations.Nullable;

/**
 * A data key cannot be unwrapped: its key encryption key is another one of the same name, it was wrapped for another
 * document, or it was changed.
 */
public final class WrongKeyException extends KeyException {
    private static final long serialVersionUID = 1;

    public WrongKeyException(String keyId, KeyOwner owner, @Nullable Throwable cause) {
        super(
                "the key encryption key " + keyId + " does not unwrap the data key of saga " + owner.sagaId()
                        + ": it is another key of the same name, or the wrapped key was changed or belongs to another"
                        + " document",
                cause);
    }
}
