package dev.streamingsaga.saga;

import dev.streamingsaga.journal.CompensationCause;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.outage.TransientFailures;

/** Converts what a step threw to a reason and a message for people. */
final class Failures {
    private Failures() {}

    /** @param thrown what the step threw; it decides whether the failure is transient */
    static CompensationCause cause(SagaException failure, Throwable thrown) {
        return new CompensationCause(
                failure.reason(),
                String.valueOf(failure.getMessage()),
                TransientFailures.outage(thrown).isPresent());
    }

    /** @param step the step that was running; empty if the coordinator did not begin the LRA */
    static SagaException of(Throwable thrown, String sagaId, String step) {
        for (Throwable t = thrown; t != null; t = t.getCause()) {
            if (t instanceof SagaException known) {
                return known;
            }
            if (t.getCause() == t) {
                break;
            }
        }
        String cause = StoreClient.reason(thrown);
        return step.isEmpty()
                ? new SagaException(
                        Reason.COORDINATOR_UNAVAILABLE,
                        "the coordinator could not begin saga " + sagaId + " (" + cause
                                + "); nothing was written, retry when it answers",
                        thrown)
                : new SagaException(
                        Reason.STORE_FAILED,
                        "step " + step + " of saga " + sagaId + " failed: " + cause + "; compensating",
                        thrown);
    }
}
