package dev.streamingsaga.journal;

import dev.streamingsaga.annotation.PublicApi;
import org.jspecify.annotations.Nullable;

/**
 * A failure with a reason; its saga is compensated. The message says what failed, where and why, and what happens next.
 */
@PublicApi
public final class SagaException extends RuntimeException {
    private final Reason reason;

    public SagaException(Reason reason, String message) {
        this(reason, message, null);
    }

    public SagaException(Reason reason, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.reason = reason;
    }

    public Reason reason() {
        return reason;
    }
}
