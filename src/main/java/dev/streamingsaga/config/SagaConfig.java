package dev.streamingsaga.config;

import dev.streamingsaga.journal.CleanupRepository.RetryPolicy;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

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
        Source source,
        Security security,
        Chunk chunk,
        Patience patience,
        S3 s3,
        Database journal,
        Map<String, Database> stores,
        Coordinator coordinator,
        Callback callback,
        Compensation compensation,
        Recovery recovery,
        Orphans orphans,
        Content content,
        Embedding embedding,
        Http http,
        Drop drop,
        Jms jms,
        SagaConfig.Observability watch,
        Hub hub) {

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

    /** Folder of message bodies, each kept until its saga is final. */
    public Path messages() {
        return dataDir.resolve("spool").resolve("jms");
    }

    /** Database of a built-in store; embedded unless configured. */
    public Database store(String participant) {
        return stores.getOrDefault(participant, Database.EMBEDDED);
    }

    /**
     * What to do when a file is already in an unfinished saga, or its content is already stored.
     *
     * @param claimRoots folders in which messages of the user's own routes may name files; empty: nowhere
     */
    public record Source(
            long maxSizeBytes, List<Path> roots, OnConflict onConflict, Duplicates duplicates, List<Path> claimRoots) {}

    public enum OnConflict {
        JOIN,
        WAIT,
        REFUSE,
        WARN
    }

    public enum Duplicates {
        SKIP,
        VERSION,
        REJECT
    }

    /** Defaults of the security record. */
    public record Security(String owner, String classification, String keyId) {}

    /**
     * @param sizeBytes size of every chunk but the last
     * @param parallelism chunks that one saga sends to the bucket at a time
     * @param attempts attempts for one chunk, the first included
     * @param retryDelay pause before the next attempt
     * @param readBack verify reads every stored byte again instead of trusting the bucket's checksum
     */
    public record Chunk(
            long sizeBytes, String prefix, int parallelism, int attempts, Duration retryDelay, boolean readBack) {}

    /**
     * How a step meets a transient failure.
     *
     * @param attempts attempts of a step at least, the first included
     * @param firstPause pause after the first failure; it doubles after each further one
     * @param limit how long a saga waits for a dependency; zero: steps are not tried again
     */
    public record Patience(int attempts, Duration firstPause, Duration limit) {
        public boolean isOff() {
            return limit.isZero();
        }
    }

    /** An empty endpoint means the embedded server. */
    public record S3(
            Optional<URI> endpoint,
            String region,
            String bucket,
            String accessKey,
            String secretKey,
            boolean pathStyle,
            Duration connectTimeout,
            Duration timeout) {}

    /** An empty URL means the embedded SQLite file {@code DATA/<role>.db}. */
    public record Database(Optional<String> url, String user, String password, int poolSize, Duration timeout) {
        static final Database EMBEDDED = new Database(Optional.empty(), "", "", 4, Duration.ofSeconds(30));
    }

    /**
     * @param url with the context path ({@code …/lra-coordinator}); empty: the embedded coordinator
     * @param secret sent to the coordinator and required by the embedded one; empty: none is sent, and the embedded one
     *     generates its own and keeps it
     */
    public record Coordinator(Optional<URI> url, Duration timeout, String secret, CoordinatorServer server) {
        @Override
        public String toString() {
            return "Coordinator[url=" + url + ", timeout=" + timeout + ", secret hidden, server=" + server + "]";
        }
    }

    /**
     * The embedded coordinator as a server.
     *
     * @param host address that a coordinator that runs alone binds to
     * @param port of a coordinator that runs alone; 0: a free one is chosen once and kept in the data directory
     * @param hosts host names, with or without a port, that requests may carry besides its own address
     * @param maxLras LRAs open at a time; further ones are refused
     */
    public record CoordinatorServer(String host, int port, List<String> hosts, int maxLras) {
        /** Whether the host is a wildcard, which is no address to call. */
        public boolean isOnEveryAddress() {
            return host.equals("0.0.0.0") || host.equals("::") || host.equals("[::]");
        }
    }

    /**
     * The private listener for the callbacks of the coordinator.
     *
     * @param port 0: a free one is chosen once and kept in the data directory
     * @param url at which the coordinator reaches it, if it differs from {@code http://host:port}
     * @param secret signs the tokens; empty: generated once and kept in the data directory
     */
    public record Callback(String host, int port, Optional<URI> url, String secret) {}

    /** @param stepTimeout time that compensating one store may take before its data counts as residue */
    public record Compensation(Duration stepTimeout, RetryPolicy residue) {}

    /** What to do with a saga whose process has ended: start another run, or compensate it. */
    public enum RecoveryMode {
        RESUME,
        COMPENSATE
    }

    /**
     * @param maxRuns runs of a saga that may fail; after the last it is compensated
     * @param lease time after the last heartbeat of a process until another one takes over its sagas
     */
    public record Recovery(RecoveryMode mode, int maxRuns, Duration lease) {}

    /** @param minAge younger orphans are never deleted */
    public record Orphans(Duration minAge) {}

    /** @param segmentTokens longest segment, in tokens of the embedding model */
    public record Content(int segmentTokens, int segmentOverlapTokens, long maxTextChars) {}

    public enum EmbeddingProvider {
        IN_PROCESS,
        ONNX,
        HTTP
    }

    /** @param threads segments embedded at a time; 0: one for each core */
    public record Embedding(
            EmbeddingProvider provider,
            Optional<Path> onnxModel,
            Optional<Path> onnxTokenizer,
            Optional<URI> url,
            String model,
            String apiKey,
            int dimension,
            int batchSize,
            int threads,
            Duration timeout) {}

    /**
     * Messages.
     *
     * @param embedded whether the application runs its own broker, in {@code DATA/broker}
     * @param port of that broker on loopback; 0: a free one is chosen once and kept in the data directory
     * @param url of an Artemis broker; empty: the connection factory comes from the registry, as in a hub
     * @param roots folders in which messages may name files; empty: nowhere
     */
    public record Jms(
            boolean embedded,
            int port,
            String url,
            String user,
            String password,
            String queue,
            String deadLetterQueue,
            List<Path> roots) {
        public boolean isOn() {
            return embedded || !url.isEmpty();
        }
    }

    /** What to do with a dropped file when its saga has ended. */
    public enum AfterDrop {
        MOVE,
        KEEP
    }

    /**
     * The drop folder.
     *
     * @param dir empty: no drop folder
     * @param doneFile name of the marker that says a file is complete, with {@code ${name}} in it; empty: a file is
     *     complete when it stops changing
     * @param stableFor time for which a file without a marker must not change
     * @param interval pause between two scans
     */
    public record Drop(
            Optional<Path> dir,
            String doneFile,
            Duration stableFor,
            Duration interval,
            boolean recursive,
            AfterDrop after,
            DropWriters writers,
            DropLimits limits) {}

    /**
     * Protection against files that are still being written.
     *
     * @param waitFor whether files that a process has open for writing are left alone
     * @param watchAfter time for which a file is checked for changes after its saga has ended; zero: never
     */
    public record DropWriters(boolean waitFor, Duration watchAfter) {}

    /**
     * Limits of the drop folder. Those of every ingestion endpoint apply too.
     *
     * @param types content types ({@code text/*} too) or suffixes ({@code .pdf}); empty: all
     * @param perMinute files taken in a minute; 0: no limit
     * @param ignore patterns of names to ignore, with {@code *} and {@code ?}
     */
    public record DropLimits(long maxSizeBytes, List<String> types, int perMinute, List<String> ignore) {}

    /** @param failOn which outcomes fail the exchange of a route that calls {@code direct:<name>-ingest} */
    public record Hub(FailOn failOn) {}

    public enum LogFormat {
        TEXT,
        JSON
    }

    /** @param minFreeBytes health is DOWN if the data directory has less free space */
    public record Observability(LogFormat logFormat, boolean logToConsole, long minFreeBytes, Otel otel) {}

    /** Spans for each step of a saga, or also for each chunk, batch and statement. */
    public enum TraceDetail {
        STEPS,
        ALL
    }

    /**
     * Traces of the stand-alone application.
     *
     * @param endpoint of a collector, without {@code /v1/traces}; empty: no traces
     * @param apiKey sent as a bearer token, if not empty
     * @param sampling share of the traces that are sent, 0 to 1
     */
    public record Otel(Optional<URI> endpoint, String apiKey, String serviceName, double sampling, TraceDetail detail) {
        public boolean isOn() {
            return endpoint.isPresent();
        }
    }

    /**
     * The HTTP API.
     *
     * @param enabled whether the service serves it; a hub adds its routes itself
     * @param host of the embedded server, which a hub does not have
     * @param port of the embedded server, 8480 by default; 0: a free one is chosen once and kept in the data directory
     * @param path prefix of every path; empty, or begins with a slash
     * @param roots folders in which {@code POST /api/documents} may name files; empty: nowhere
     */
    public record Http(
            boolean enabled, String host, int port, String path, List<Path> roots, HttpLimits limits, HttpAuth auth) {}

    /**
     * @param uploads bodies received at a time
     * @param sagas accepted over HTTP that have not ended
     * @param downloads documents sent at a time
     * @param listeners listeners to {@code GET /api/events} at a time
     * @param idle longest pause of a client in the middle of a body
     * @param leastRate lowest average rate of a body, in bytes a second; a client may fall behind by {@code idle}. 0:
     *     no limit
     * @param connections to the embedded server
     */
    public record HttpLimits(
            int uploads,
            int sagas,
            int downloads,
            int listeners,
            Duration idle,
            long leastRate,
            HttpConnections connections) {}

    /**
     * Connections to the embedded HTTP server.
     *
     * @param max open at a time
     * @param head time for all headers of a request, from its first byte or from the start of the connection
     * @param keepAlive time from the end of a response to the next request
     */
    public record HttpConnections(int max, Duration head, Duration keepAlive) {}

    /** Credentials: keys from a file, tokens of an OIDC provider, or both. Without any, only loopback is served. */
    public record HttpAuth(
            Optional<Path> keysFile, Optional<URI> oidcIssuer, String oidcAudience, Optional<URI> oidcJwksUrl) {
        public boolean isOff() {
            return keysFile.isEmpty() && oidcIssuer.isEmpty();
        }
    }
}
