package dev.streamingsaga.retention;

import dev.streamingsaga.annotation.PublicApi;
import java.util.List;

/**
 * How far a pass of retention is, or what it would do.
 *
 * @param beganAt ISO 8601; empty before the first pass
 * @param endedAt ISO 8601; empty while it runs
 * @param rules those that are on, in their order; while a pass runs, those that have ended
 */
@PublicApi
public record RetentionReport(State state, String beganAt, String endedAt, List<RuleReport> rules) {
    /** Whether a pass runs, and how the last one ended. */
    @PublicApi
    public enum State {
        /** None has begun since the start of this process. */
        NONE,
        /** Nothing was done: it says what would be. */
        PREVIEW,
        RUNNING,
        /** Every rule was applied. */
        DONE,
        /** It stopped early, or a rule failed; the next pass continues. */
        STOPPED,
        /** Another node does a pass now; this one did nothing. */
        ELSEWHERE
    }

    /** Before the first pass. */
    public static final RetentionReport NOT_BEGUN = new RetentionReport(State.NONE, "", "", List.of());
}
