package dev.streamingsaga.cli;

import java.net.URI;
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

    /** From the option or the environment; empty without a key. */
    String secret() {
        return key != null ? key : System.getenv().getOrDefault("SAGA_KEY", "");
    }
}
