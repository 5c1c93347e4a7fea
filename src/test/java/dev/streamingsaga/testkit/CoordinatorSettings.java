package dev.streamingsaga.testkit;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.config.Settings;
import dev.streamingsaga.lra.CoordinatorAccess;
import java.net.URI;
import java.net.http.HttpRequest;
import java.nio.file.Path;
import java.util.Map;

/** Settings that all coordinators of the tests share, so that every application of a test may call each of them. */
public final class CoordinatorSettings {
    public static final String SECRET = "the-secret-of-the-tests";

    private CoordinatorSettings() {}

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
