package dev.streamingsaga.encryption;

import dev.streamingsaga.annotation.PublicApi;
import java.util.List;

/**
 * How far a rotation of keys is.
 *
 * @param currentKeyId the key that wraps; empty if no rotation has begun
 * @param total keys to wrap again when it began
 * @param rewrapped keys that the current key wraps now
 * @param failed keys that could not be wrapped again; they stay as they were
 * @param unfinished keys of sagas that had no outcome yet, and were left alone
 * @param errors the first of those that occurred
 */
@PublicApi
public record RotationProgress(
        State state,
        String currentKeyId,
        long total,
        long rewrapped,
        long failed,
        long unfinished,
        List<String> errors) {
    /** Whether a rotation runs, and how the last one ended. */
    @PublicApi
    public enum State {
        /** None has begun since the start of this process. */
        NONE,
        RUNNING,
        /** Every key was tried. */
        DONE,
        /** It stopped early; another one continues where it stopped. */
        STOPPED
    }

    /** Before the first rotation. */
    public static final RotationProgress NOT_BEGUN = new RotationProgress(State.NONE, "", 0, 0, 0, 0, List.of());
}
