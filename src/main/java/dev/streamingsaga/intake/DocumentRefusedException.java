package dev.streamingsaga.intake;

import dev.streamingsaga.annotation.PublicApi;
import org.jspecify.annotations.Nullable;

/** A document was rejected before it got a saga, and nothing of it is kept. The message says why. */
@PublicApi
public final class DocumentRefusedException extends RuntimeException {
    /** Why the document was rejected. NO_ROOM is temporary: the same document may be accepted later. */
    public enum Kind {
        MALFORMED,
        OUTSIDE,
        NOT_FOUND,
        TOO_LARGE,
        /** It contradicts what is stored or being stored. */
        CONFLICT,
        NO_ROOM
    }

    private final Kind kind;
    private final String code;

    /** @param code a stable code for programs, such as {@code too-large} */
    public DocumentRefusedException(Kind kind, String code, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.kind = kind;
        this.code = code;
    }

    public DocumentRefusedException(Kind kind, String code, String message) {
        this(kind, code, message, null);
    }

    public Kind kind() {
        return kind;
    }

    public String code() {
        return code;
    }
}
