package dev.streamingsaga.journal;

/**
 * Why a saga is compensated.
 *
 * @param isTransient whether another saga of the same document may succeed without anybody's help
 */
public record CompensationCause(Reason reason, String message, boolean isTransient) {
    /** A cause that another saga of the same document would meet again. */
    public static CompensationCause permanent(Reason reason, String message) {
        return new CompensationCause(reason, message, false);
    }
}
