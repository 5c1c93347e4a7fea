package dev.streamingsaga.testkit;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.config.Settings;
import dev.streamingsaga.lra.CoordinatorAccess;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** Settings that all coordinators of the tests share, so that every application of a test may call each of them. */
public final class CoordinatorSettings {
    public static final String SECRET = "the-secret-of-the-tests";

    private static final Path DIRECTORY = temporaryDirectory();

    private CoordinatorSettings() {}

    /** The one directory on which this JVM may have a coordinator, also when a test class runs a second time in it. */
    public static Path directory() {
        return DIRECTORY;
    }

    private static Path temporaryDirectory() {
        try {
            return Files.createTempDirectory("coordinator");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Settings of a coordinator in a directory; it accepts proxies on any port. */
    public static SagaConfig in(Path dataDir) {
        return Settings.parse(Map.of(
                "saga.data.dir",
                dataDir.toString(),
                "saga.coordinator.secret",
                SECRET,
                "saga.coordinator.hosts",
                "127.0.0.1"));
    }

    public static CoordinatorAccess access(URI coordinator) {
        return CoordinatorAccess.to(coordinator, in(Path.of("unused")));
    }

    /** Starts a request that the test itself sends. */
    public static HttpRequest.Builder request(URI uri) {
        return HttpRequest.newBuilder(uri).header("Authorization", "Bearer " + SECRET);
    }
}
