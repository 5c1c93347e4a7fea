package dev.streamingsaga.journal;

import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;

/**
 * One step of one saga; {@code ordinal} gives the order of writing, its reverse the order of compensation.
 *
 * @param finishedAt when it was last written completely; by an earlier run, if that is before {@code startedAt}
 * @param stoppedAt when it was last given up unfinished: its saga failed, was cancelled or paused
 * @param expected pieces that the step's store was given; empty before it has written, and for a store that does not
 *     say
 */
public record StepRecord(
        String name,
        int ordinal,
        StepState state,
        Optional<Instant> startedAt,
        Optional<Instant> finishedAt,
        Optional<Instant> stoppedAt,
        OptionalLong expected) {

    /** When its last attempt finished or stopped; empty while it runs, and if its process was killed. */
    public Optional<Instant> endedAt() {
        return startedAt.flatMap(start -> Stream.of(finishedAt, stoppedAt)
                .flatMap(Optional::stream)
                .filter(end -> !end.isBefore(start))
                .max(Comparator.naturalOrder()));
    }

    /** Time that its last attempt took, finished or not; zero while it has not ended. */
    public Duration duration() {
        return endedAt()
                .map(end -> Duration.between(startedAt.orElse(end), end))
                .orElse(Duration.ZERO);
    }

    /** Whether something may have been written, so that it has to be undone. */
    public boolean mayHoldData() {
        return state != StepState.PENDING && state != StepState.SKIPPED && state != StepState.COMPENSATED;
    }
}
