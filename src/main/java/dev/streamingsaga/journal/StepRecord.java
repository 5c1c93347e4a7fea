package dev.streamingsaga.journal;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * One step of one saga; {@code ordinal} gives the order of writing, its reverse the order of compensation.
 *
 * @param expected pieces that the step's store was given; empty before it has written, and for a store that does not say
 */
public record StepRecord(String name, int ordinal, StepState state, Optional<Instant> startedAt, Optional<Instant> finishedAt,
        OptionalLong expected) {

    /** Time taken, zero while it has not ended. */
    public Duration duration() {
        return startedAt.isPresent() && finishedAt.isPresent()
                ? Duration.between(startedAt.get(), finishedAt.get())
                : Duration.ZERO;
    }

    /** Whether something may have been written, so that it has to be undone. */
    public boolean mayHoldData() {
        return state != StepState.PENDING && state != StepState.SKIPPED && state != StepState.COMPENSATED;
    }
}
