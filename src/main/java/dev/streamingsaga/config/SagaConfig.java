package dev.streamingsaga.config;

import dev.streamingsaga.journal.CleanupEntries.RetryPolicy;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Everything that can be configured, typed and already checked. {@link Settings#parse} is the only way to one;
 * {@code config/application.properties} explains each key.
 *
 * @param name instance name: prefix of every route, endpoint and bean, {@code saga} by default
 * @param dataDir where everything embedded lives, absolute
 * @param timeLimit how long one saga may take before it is compensated with {@code TIMEOUT}
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

    /** Where bodies that arrive over HTTP are kept until their saga is final. */
    public Path uploads() {
        return dataDir.resolve("spool").resolve("http");
    }

    /** Where bodies of messages are kept until their saga is final. */
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
     * @param claimRoots where messages of the user's own routes may name files; none: nowhere
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
     * @param parallelism chunks on their way to the bucket at a time, per saga
     * @param attempts how often a chunk is tried in all
     * @param retryDelay pause before the next attempt
     * @param readBack verify reads every stored byte again instead of trusting the bucket's checksum
     */
    public record Chunk(
            long sizeBytes, String prefix, int parallelism, int attempts, Duration retryDelay, boolean readBack) {}

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
     * @param secret sent to the coordinator and demanded by ours; empty: none is sent, and ours makes one and keeps it
     */
    public record Coordinator(Optional<URI> url, Duration timeout, String secret, CoordinatorServer server) {
        @Override
        public String toString() {
            return "Coordinator[url=" + url + ", timeout=" + timeout + ", secret hidden, server=" + server + "]";
        }
    }

    /**
     * Our coordinator as a server.
     *
     * @param port where it listens if it runs alone; 0: a free one is chosen once and kept in the data directory
     * @param hosts names, with or without a port, that it may be called by besides its own address
     * @param maxLras that are open at a time; no more are begun
     */
    public record CoordinatorServer(int port, List<String> hosts, int maxLras) {}

    /**
     * The private listener that the coordinator calls.
     *
     * @param port 0: a free one is chosen once and kept in the data directory
     * @param url how the coordinator reaches it, if not as {@code http://host:port}
     * @param secret signs the tokens; empty: generated once and kept in the data directory
     */
    public record Callback(String host, int port, Optional<URI> url, String secret) {}

    /** @param stepTimeout how long undoing one store may take before it counts as residue */
    public record Compensation(Duration stepTimeout, RetryPolicy residue) {}

    /** What becomes of a saga whose process is gone: another attempt, or its compensation. */
    public enum RecoveryMode {
        RESUME,
        COMPENSATE
    }

    /**
     * @param maxRuns runs of a saga that may fail; after the last it is compensated
     * @param lease how long a process that gives no sign of life keeps its sagas
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
     * @param embedded the application runs a broker of its own, in {@code DATA/broker}
     * @param port of that broker on loopback; 0: a free one is chosen once and kept in the data directory
     * @param url of an Artemis broker; empty: the connection factory is found in the registry, as it is in a hub
     * @param roots where messages may name files; none: nowhere
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

    /** What becomes of a dropped file when its saga has its outcome. */
    public enum AfterDrop {
        MOVE,
        KEEP
    }

    /**
     * The drop folder.
     *
     * @param dir empty: there is none
     * @param doneFile name of the marker that says a file is complete, with {@code ${name}} in it; empty: the file
     *     tells by itself
     * @param stableFor how long it must not change, without a marker
     * @param interval between two looks
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
     * What keeps a document whole whose writer is not finished.
     *
     * @param waitFor files that a process has open for writing are not taken
     * @param watchAfter how long a file is looked at again after its saga has ended; zero: not at all
     */
    public record DropWriters(boolean waitFor, Duration watchAfter) {}

    /**
     * Of the folder alone; those of every way in hold all the same.
     *
     * @param types content types ({@code text/*} too) or suffixes ({@code .pdf}); empty: all
     * @param perMinute files taken; 0: as many as come
     * @param ignore names that are never taken, with {@code *} and {@code ?}
     */
    public record DropLimits(long maxSizeBytes, List<String> types, int perMinute, List<String> ignore) {}

    /** @param failOn which outcomes fail the exchange of a route that calls {@code direct:<name>-ingest} */
    public record Hub(FailOn failOn) {}

    public enum LogFormat {
        TEXT,
        JSON
    }

    /** @param minFreeBytes health is down with less in the data directory */
    public record Observability(LogFormat logFormat, long minFreeBytes, Otel otel) {}

    /** Spans of the saga's steps, or also of each chunk, batch and statement. */
    public enum TraceDetail {
        STEPS,
        ALL
    }

    /**
     * Traces of the stand-alone application.
     *
     * @param endpoint of a collector, without {@code /v1/traces}; empty: none are made
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
     * @param enabled the service serves it; a hub adds its routes itself
     * @param host of the embedded server; none of ours in a hub
     * @param port of the embedded server, 8480 by default; 0: a free one is chosen once and kept in the data directory
     * @param path prefix of every path, empty or beginning with a slash
     * @param roots where {@code POST /api/documents} may name files; none: nowhere
     */
    public record Http(
            boolean enabled, String host, int port, String path, List<Path> roots, HttpLimits limits, HttpAuth auth) {}

    /**
     * @param uploads bodies received at a time
     * @param sagas accepted over HTTP and not ended yet
     * @param downloads documents sent at a time
     * @param listeners of {@code GET /api/events} at a time
     * @param idle longest pause of a client in the middle of a body
     * @param leastRate bytes a second of a body, on average; a client may fall behind by as much as {@code idle}. 0: no
     *     limit
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
     * @param head time for all headers of a request, from its first byte, or from the connection's beginning
     * @param keepAlive time from the end of an answer to the next request
     */
    public record HttpConnections(int max, Duration head, Duration keepAlive) {}

    /** Who may call: keys from a file, tokens of an OIDC provider, both, or, on loopback only, everybody. */
    public record HttpAuth(
            Optional<Path> keysFile, Optional<URI> oidcIssuer, String oidcAudience, Optional<URI> oidcJwksUrl) {
        public boolean isOff() {
            return keysFile.isEmpty() && oidcIssuer.isEmpty();
        }
    }
}
