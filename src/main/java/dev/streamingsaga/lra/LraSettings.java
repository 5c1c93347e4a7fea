package dev.streamingsaga.lra;

import dev.streamingsaga.config.SagaConfig;
import java.net.URI;
import java.time.Duration;

/**
 * What the saga service needs to know.
 *
 * @param access the coordinator and the secret it wants
 * @param timeout longest wait for the coordinator per operation, retries included
 * @param timeLimit given to each LRA at its begin; after it the coordinator compensates. Zero: none, the journal
 *     watches the time
 * @param callbacks base URL under which the coordinator reaches our {@link CallbackListener}
 * @param concurrency sagas that run at a time
 */
public record LraSettings(
        CoordinatorAccess access, Duration timeout, Duration timeLimit, URI callbacks, int concurrency) {
    public LraSettings {
        if (timeout.isZero() || timeout.isNegative() || timeLimit.isNegative() || concurrency < 1) {
            throw new IllegalArgumentException(
                    "time-out and concurrency must be positive, the time limit not negative");
        }
    }

    /** The configured limits; coordinator and callback URL are known once coordinator and listener are up. */
    public static LraSettings of(SagaConfig config, CoordinatorAccess access, URI callbacks) {
        return new LraSettings(
                access, config.coordinator().timeout(), config.timeLimit(), callbacks, config.concurrency());
    }

    LraScope scope() {
        return access.scope();
    }
}
