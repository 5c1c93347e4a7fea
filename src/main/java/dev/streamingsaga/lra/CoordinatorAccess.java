package dev.streamingsaga.lra;

import dev.streamingsaga.config.SagaConfig;
import java.net.URI;
import java.util.Optional;

/**
 * The URL of the coordinator and the secret that it requires, or a coordinator in this process.
 *
 * @param scope the coordinator's URL, with which all LRA ids of this instance begin
 * @param secret sent with every request; empty if the coordinator requires none
 * @param local the coordinator, if it runs in this process; called instead of its URL
 */
public record CoordinatorAccess(LraScope scope, Optional<CoordinatorSecret> secret, Optional<LocalCoordinator> local) {
    public CoordinatorAccess(LraScope scope, Optional<CoordinatorSecret> secret) {
        this(scope, secret, Optional.empty());
    }

    /** An external coordinator, with the configured secret. */
    public static CoordinatorAccess to(URI coordinator, SagaConfig config) {
        return new CoordinatorAccess(
                LraScope.of(coordinator),
                CoordinatorSecret.of(config.servers().coordinator().secret()));
    }
}
