package dev.streamingsaga.config;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * The whole configuration, typed and checked. {@link Settings#parse} creates it; {@code config/application.properties}
 * explains each key.
 *
 * @param name instance name: prefix of every route, endpoint and bean, {@code saga} by default
 * @param dataDir folder of everything embedded, absolute
 * @param timeLimit time that one saga may take before it is compensated with {@code TIMEOUT}
 * @param concurrency sagas that run at a time in this process
 * @param participants stores after the verify gate, in the order they are written
 */
public record SagaConfig(
        String name,
        Path dataDir,
        Duration timeLimit,
        int concurrency,
        List<String> participants,
        Path routesDir,
        DocumentConfig documents,
        ServerConfig servers,
        OperationConfig operation,
        EndpointConfig endpoints) {

    /** {@code direct:} URI of a route of this instance: {@code direct("ingest")} is {@code direct:saga-ingest}. */
    public String direct(String route) {
        return "direct:" + id(route);
    }

    /** Id of a route, endpoint or bean of this instance. */
    public String id(String route) {
        return name + "-" + route;
    }

    /** Folder of bodies received over HTTP, each kept until its saga is final. */
    public Path uploads() {
        return dataDir.resolve("spool").resolve("http");
    }

    /** Folder of chunks on their way into the bucket. */
    public Path chunksInFlight() {
        return dataDir.resolve("spool").resolve("chunks");
    }

    /** Folder of message bodies, each kept until its saga is final. */
    public Path messages() {
        return dataDir.resolve("spool").resolve("jms");
    }
}
