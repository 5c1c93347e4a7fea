package dev.streamingsaga.cli;

import dev.streamingsaga.config.ConfigException;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.embedded.RunningService;
import java.io.IOException;
import java.net.URI;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The running service that does what a command asks for. */
final class ServiceOptions {
    @Option(
            names = "--url",
            paramLabel = "URL",
            description = "the service; without it, the one that uses the data directory, if there is one")
    @Nullable
    URI url;

    @Option(
            names = "--key",
            paramLabel = "KEY",
            description = "API key with the scope operate; preferably set in the environment as SAGA_KEY")
    @Nullable
    String key;

    /**
     * The service of the option, or the one that uses the data directory; empty if there is none.
     *
     * @param command to repeat if that process serves no HTTP
     */
    Optional<URI> address(SagaConfig config, String command) throws IOException {
        if (url != null) {
            return Optional.of(url);
        }
        try {
            return RunningService.address(config);
        } catch (ConfigException e) {
            throw new UsageException("the process that uses " + config.dataDir() + " serves no HTTP; run " + command
                    + " again when it has ended");
        }
    }

    /** From the option or the environment; empty without a key. */
    String secret() {
        return key != null ? key : System.getenv().getOrDefault("SAGA_KEY", "");
    }
}
