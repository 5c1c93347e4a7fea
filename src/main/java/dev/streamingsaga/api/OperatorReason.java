package dev.streamingsaga.api;

import org.jspecify.annotations.Nullable;

/** Why an operator closes clean-up entries, as the journal keeps it. */
final class OperatorReason {
    private static final int MAX_CHARS = 1000;

    private OperatorReason() {}

    /**
     * @return the reason, and who gave it
     * @throws Problem 400 if there is none, or it is too long
     */
    static String of(@Nullable String reason, Caller caller) {
        if (reason == null || reason.isBlank() || reason.length() > MAX_CHARS) {
            throw new Problem(
                    400,
                    "bad-json",
                    "the body must be {\"reason\": \"…\"} with 1 to " + MAX_CHARS
                            + " characters; the journal keeps it");
        }
        return caller.name().isEmpty() ? reason : reason + " (" + caller.name() + ")";
    }
}
