package dev.streamingsaga.lra;

import dev.streamingsaga.config.SagaConfig;
import java.net.URI;
import java.util.Optional;

/**
 * The URL of the coordinator and the secret that it requires.
 *
 * @param scope the coordinator's URL, with which all LRA ids of this instance begin
 * @param secret sent with every request; empty if the coordinator requires none
 */
public record CoordinatorAccess(LraScope scope, Optional<CoordinatorSecret> secret) {
    /** An external coordinator, with the configured secret. */
    public static CoordinatorAccess to(URI coordinator, SagaConfig config) {
        return new CoordinatorAccess(
                LraScope.of(coordinator),
                CoordinatorSecret.of(config.servers().coordinator().secret()));
    }
}
