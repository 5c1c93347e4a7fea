package dev.streamingsaga.lra;

import dev.streamingsaga.config.SagaConfig;
import java.net.URI;
import java.util.Optional;

/**
 * Where the coordinator is and what it wants to see.
 *
 * @param scope its URL, which every LRA id of ours begins with
 * @param secret sent with every request; empty for a coordinator that asks for none
 */
public record CoordinatorAccess(LraScope scope, Optional<CoordinatorSecret> secret) {
    /** A coordinator that is not embedded, with the configured secret. */
    public static CoordinatorAccess to(URI coordinator, SagaConfig config) {
        return new CoordinatorAccess(
                LraScope.of(coordinator),
                CoordinatorSecret.of(config.coordinator().secret()));
    }
}
