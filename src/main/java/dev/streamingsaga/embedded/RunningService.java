package dev.streamingsaga.embedded;

import dev.streamingsaga.config.ConfigException;
import dev.streamingsaga.config.EndpointConfig;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.datadir.DataDirectory;
import dev.streamingsaga.lra.PersistentPort;
import java.io.IOException;
import java.net.URI;
import java.util.Optional;

/** The service that uses a data directory. */
public final class RunningService {
    private RunningService() {}

    /**
     * The URL of its HTTP API.
     *
     * @return empty if no process uses the data directory
     * @throws ConfigException if the process serves no HTTP
     */
    public static Optional<URI> address(SagaConfig config) throws IOException {
        if (!DataDirectory.isInUse(config.dataDir())) {
            return Optional.empty();
        }
        EndpointConfig.Http http = config.endpoints().http();
        Optional<Integer> port = http.port() != 0
                ? Optional.of(http.port())
                : PersistentPort.kept(config.dataDir().resolve(EmbeddedHttp.PORT_FILE));
        if (!http.enabled() || port.isEmpty()) {
            throw ConfigException.of("the process that uses " + config.dataDir()
                    + " serves no HTTP; stop it with SIGTERM, which does the same as drain");
        }
        return Optional.of(EmbeddedHttp.uri(config, port.get()));
    }
}
