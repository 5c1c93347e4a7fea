package dev.streamingsaga.saga;

import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.SagaState;

/** Who hears of compensations that need attention. Implementations don't throw: an alert must not fail a compensation. */
public interface Alerts {
    /** A compensation ended; PARTIALLY_COMPENSATED is worth an alert. */
    void compensated(SagaRecord saga, SagaState outcome);

    /** Undoing a step crashed: not a refusal, but a failure of the undoing itself. */
    void crashed(SagaRecord saga, String step, String error);

    /** Clean-up entries were retried or resolved. */
    void cleanupsChanged();
}
