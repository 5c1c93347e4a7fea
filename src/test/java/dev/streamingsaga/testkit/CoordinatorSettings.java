package dev.streamingsaga.testkit;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.config.Settings;
import dev.streamingsaga.lra.CoordinatorAccess;
import java.net.URI;
import java.net.http.HttpRequest;
import java.nio.file.Path;
import java.util.Map;

/**
 * What the coordinators that tests start have in common, so that every application of a test may call every one of
 * them.
 */
public final class CoordinatorSettings {
    public static final String SECRET = "the-secret-of-the-tests";

    private CoordinatorSettings() {}

    /** For a coordinator in a directory; proxies on any port may stand before it. */
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

    /** A request of the test's own. */
    public static HttpRequest.Builder request(URI uri) {
        return HttpRequest.newBuilder(uri).header("Authorization", "Bearer " + SECRET);
    }
}
