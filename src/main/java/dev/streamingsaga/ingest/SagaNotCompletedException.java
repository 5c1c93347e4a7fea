package dev.streamingsaga.ingest;

import dev.streamingsaga.annotation.PublicApi;
import dev.streamingsaga.journal.Reason;
import java.util.Arrays;
import java.util.Optional;

/**
 * The saga has ended, but not as COMPLETED, and {@code saga.hub.fail-on} or the exchange property
 * {@link Ingest#FAIL_ON} requests a failure in that case. The body of the exchange is also the {@link IngestResult}.
 */
@PublicApi
public final class SagaNotCompletedException extends RuntimeException {
    private final transient IngestResult result;
    private final boolean transientFailure;

    /** For a permanent failure. */
    public SagaNotCompletedException(IngestResult result) {
        this(result, false);
    }

    /** @param transientFailure see {@link #isTransient} */
    public SagaNotCompletedException(IngestResult result, boolean transientFailure) {
        super("saga " + result.sagaId() + " of " + result.file() + " ended " + result.status()
                + (result.reason() == null ? "" : ", " + result.reason())
                + (result.message() == null ? "" : ": " + result.message()));
        this.result = result;
        this.transientFailure = transientFailure;
    }

    /**
     * Whether the saga was compensated for a transient reason: the same file may succeed later without anybody's help,
     * for example by a redelivery of the caller's route.
     */
    public boolean isTransient() {
        return transientFailure;
    }

    public IngestResult result() {
        return result;
    }

    /** Empty if this version does not know the reason: {@code result().reason()} has it as text. */
    public Optional<Reason> reason() {
        return Arrays.stream(Reason.values())
                .filter(known -> known.name().equals(result.reason()))
                .findAny();
    }
}
