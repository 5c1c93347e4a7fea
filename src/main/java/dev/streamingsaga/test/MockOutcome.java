package dev.streamingsaga.test;

import dev.streamingsaga.ingest.IngestResult;
import dev.streamingsaga.journal.Reason;
import java.time.Duration;

/** What {@link MockIngestRoutes} does with a file. */
public final class MockOutcome {
    private final Answer answer;
    private final Duration delay;

    private MockOutcome(Answer answer, Duration delay) {
        this.answer = answer;
        this.delay = delay;
    }

    /** The result for a file, given by its path; or an exception, which fails the exchange. */
    @FunctionalInterface
    public interface Answer {
        IngestResult to(String file) throws Exception;
    }

    public static MockOutcome completed() {
        return of(file -> IngestResultBuilder.completed(file).build());
    }

    public static MockOutcome compensated(Reason reason, String message) {
        return of(file -> IngestResultBuilder.compensated(file, reason, message).build());
    }

    public static MockOutcome partiallyCompensated(Reason reason, String message) {
        return of(file ->
                IngestResultBuilder.partiallyCompensated(file, reason, message).build());
    }

    /**
     * No outcome: the exchange fails with this exception, as it does if the hub stops during a saga
     * ({@link dev.streamingsaga.journal.ShutdownException}) or the journal can't be reached.
     */
    public static MockOutcome failing(Exception exception) {
        return of(file -> {
            throw exception;
        });
    }

    /** Any other, such as a result of an {@link IngestResultBuilder}. */
    public static MockOutcome of(Answer answer) {
        return new MockOutcome(answer, Duration.ZERO);
    }

    /** The same, after so long. Until then the caller's thread waits, as it does for a saga. */
    public MockOutcome after(Duration time) {
        return new MockOutcome(answer, time);
    }

    Answer answer() {
        return answer;
    }

    Duration delay() {
        return delay;
    }
}
