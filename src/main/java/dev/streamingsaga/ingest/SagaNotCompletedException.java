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

    public SagaNotCompletedException(IngestResult result) {
        super("saga " + result.sagaId() + " of " + result.file() + " ended " + result.status()
                + (result.reason() == null ? "" : ", " + result.reason())
                + (result.message() == null ? "" : ": " + result.message()));
        this.result = result;
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
