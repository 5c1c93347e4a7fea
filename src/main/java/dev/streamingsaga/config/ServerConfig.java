package dev.streamingsaga.config;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The servers that an instance uses: its own embedded ones, unless others are configured.
 *
 * @param stores databases of the built-in stores, by store
 */
public record ServerConfig(
        S3 s3,
        Database journal,
        Map<String, Database> stores,
        Coordinator coordinator,
        Callback callback,
        Embedding embedding,
        VectorIndex vectorIndex,
        EncryptionConfig encryption) {

    /** Database of a built-in store; embedded unless configured. */
    public Database store(String participant) {
        return stores.getOrDefault(participant, Database.EMBEDDED);
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

    /**
     * An empty URL means the embedded SQLite file {@code DATA/<role>.db}.
     *
     * @param name of a database of a Neo4j server; empty: the default of the user
     */
    public record Database(
            Optional<String> url, String user, String password, int poolSize, Duration timeout, String name) {
        static final Database EMBEDDED = new Database(Optional.empty(), "", "", 4, Duration.ofSeconds(30));

        /** A database whose URL names it. */
        public Database(Optional<String> url, String user, String password, int poolSize, Duration timeout) {
            this(url, user, password, poolSize, timeout, "");
        }

        Database named(String database) {
            return new Database(url, user, password, poolSize, timeout, database);
        }

        public boolean isNeo4j() {
            return url.filter(address -> address.startsWith("bolt") || address.startsWith("neo4j"))
                    .isPresent();
        }

        @Override
        public String toString() {
            return "Database[url=" + url + ", user=" + user + ", password hidden, poolSize=" + poolSize + ", timeout="
                    + timeout + ", name=" + name + "]";
        }
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

    public enum EmbeddingProvider {
        IN_PROCESS,
        ONNX,
        HTTP
    }

    /** How PostgreSQL finds the nearest vectors; the HNSW indexes are approximate. */
    public enum VectorIndex {
        EXACT,
        HNSW,
        HNSW_HALFVEC
    }

    /**
     * @param threads segments embedded at a time; 0: one for each core
     * @param languages that the model knows (ISO 639-1), {@code *} for all; empty: the default of the provider
     * @param queryPrefix text that the model expects before a query
     * @param passagePrefix text that the model expects before a passage
     */
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
            Duration timeout,
            List<String> languages,
            String queryPrefix,
            String passagePrefix) {}
}
