package dev.streamingsaga.lra;

import dev.streamingsaga.config.SagaConfig;
import java.net.URI;
import java.time.Duration;

/**
 * Settings of the saga service.
 *
 * @param access the coordinator and its secret
 * @param timeout longest wait for the coordinator per operation, retries included
 * @param timeLimit of each LRA, after which the coordinator compensates. Zero: none, only the journal enforces a time
 *     limit
 * @param callbacks base URL at which the coordinator reaches the {@link CallbackListener}
 * @param concurrency sagas that run concurrently
 */
public record LraSettings(
        CoordinatorAccess access, Duration timeout, Duration timeLimit, URI callbacks, int concurrency) {
    public LraSettings {
        if (timeout.isZero() || timeout.isNegative() || timeLimit.isNegative() || concurrency < 1) {
            throw new IllegalArgumentException(
                    "time-out and concurrency must be positive, the time limit not negative");
        }
    }

    /**
     * The configured limits; the coordinator and the callback URL are known once coordinator and listener have started.
     */
    public static LraSettings of(SagaConfig config, CoordinatorAccess access, URI callbacks) {
        return new LraSettings(
                access, config.servers().coordinator().timeout(), config.timeLimit(), callbacks, config.concurrency());
    }

    LraScope scope() {
        return access.scope();
    }
}
