package dev.streamingsaga.test;

import dev.streamingsaga.ingest.IngestResult;
import dev.streamingsaga.journal.Reason;
import java.time.Duration;

/** The outcome of a file in {@link MockIngestRoutes}. */
public final class MockOutcome {
    private final ResultFactory result;
    private final Duration delay;

    private MockOutcome(ResultFactory result, Duration delay) {
        this.result = result;
        this.delay = delay;
    }

    /** Creates the result for a file. An exception fails the exchange. */
    @FunctionalInterface
    public interface ResultFactory {
        IngestResult forFile(String path) throws Exception;
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
     * ({@link dev.streamingsaga.journal.ShutdownException}) or the journal is not available.
     */
    public static MockOutcome failing(Exception exception) {
        return of(file -> {
            throw exception;
        });
    }

    /** Any other outcome, such as a result of an {@link IngestResultBuilder}. */
    public static MockOutcome of(ResultFactory result) {
        return new MockOutcome(result, Duration.ZERO);
    }

    /** The same outcome, delayed. The caller's thread waits, as it does for a saga. */
    public MockOutcome after(Duration time) {
        return new MockOutcome(result, time);
    }

    ResultFactory result() {
        return result;
    }

    Duration delay() {
        return delay;
    }
}
