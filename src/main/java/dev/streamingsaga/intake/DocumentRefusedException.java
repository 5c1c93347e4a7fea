package dev.streamingsaga.intake;

import org.jspecify.annotations.Nullable;

/** A document that is not taken in; the message says why and what was kept. Nothing was. */
public final class DocumentRefusedException extends RuntimeException {
    /** Whose fault it is, and whether the same could be taken another time. */
    public enum Kind {
        MALFORMED,
        OUTSIDE,
        NOT_FOUND,
        TOO_LARGE,
        NO_ROOM
    }

    private final Kind kind;
    private final String code;

    /** @param code a word of its own for programs, such as {@code too-large} */
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
