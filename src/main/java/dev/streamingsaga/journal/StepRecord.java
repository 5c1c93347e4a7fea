package dev.streamingsaga.journal;

import dev.streamingsaga.annotation.PublicApi;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;

/**
 * One step of one saga; {@code ordinal} gives the order of writing, its reverse the order of compensation.
 *
 * @param finishedAt when it was last written completely; if this is before {@code startedAt}, an earlier run wrote it
 * @param stoppedAt when it last stopped unfinished, because its saga failed, was cancelled or paused
 * @param expected number of pieces that the step's store reported; empty before the write, and for a store that reports
 *     none
 */
@PublicApi
public record StepRecord(
        String name,
        int ordinal,
        StepState state,
        Optional<Instant> startedAt,
        Optional<Instant> finishedAt,
        Optional<Instant> stoppedAt,
        OptionalLong expected) {

    /** When its last attempt finished or stopped; empty while it runs, and if its process crashed. */
    public Optional<Instant> endedAt() {
        return startedAt.flatMap(start -> Stream.of(finishedAt, stoppedAt)
                .flatMap(Optional::stream)
                .filter(end -> !end.isBefore(start))
                .max(Comparator.naturalOrder()));
    }

    /** Duration of its last attempt, finished or not; zero until it has ended. */
    public Duration duration() {
        return endedAt()
                .map(end -> Duration.between(startedAt.orElse(end), end))
                .orElse(Duration.ZERO);
    }

    /** Whether the step may have written data, so that it has to be compensated. */
    public boolean mayHoldData() {
        return state != StepState.PENDING && state != StepState.SKIPPED && state != StepState.COMPENSATED;
    }
}
