package dev.streamingsaga.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.streamingsaga.Internals;
import dev.streamingsaga.chunk.BucketOwner;
import dev.streamingsaga.chunk.S3Clients;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.config.Settings;
import dev.streamingsaga.embedded.Application;
import dev.streamingsaga.embedded.EmbeddedS3;
import dev.streamingsaga.ingest.IngestResult;
import dev.streamingsaga.journal.ActiveRun;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.SagaState;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.S3Object;

/**
 * The whole application on real parts in a temporary directory: a real coordinator (one for each JVM), journal and
 * stores, and a real S3 server behind a proxy that injects faults. Queries bucket and stores directly, not through the
 * application.
 */
public final class StreamingSagaFixture implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    public static final String BUCKET = "streaming-saga";
    public static final int CHUNK = 5 * 1024 * 1024;

    /** Tables that must be empty when nothing of a saga is left, by store. */
    private static final Map<String, List<String>> TABLES = Map.of(
            "security", List.of("security_document"),
            "vector", List.of("vector_document", "vector_segment", "vector_words", "vector_parts"),
            "graph", List.of("graph_document", "graph_node", "graph_edge"),
            "relational", List.of("relational_document"));

    private final Path directory;
    private final Map<String, String> settings;
    private final EmbeddedS3 server;
    private final FaultProxy proxy;
    private final S3Client bucket;
    private Application application;

    private StreamingSagaFixture(Path directory, Map<String, String> settings) throws IOException {
        this.directory = directory;
        this.server = EmbeddedS3.start(directory.resolve("s3"));
        this.proxy = new FaultProxy(server.endpoint());
        this.settings = new LinkedHashMap<>(settings);
        SagaConfig defaults = Settings.parse(Map.of());
        this.bucket =
                S3Clients.create(defaults.servers().s3(), server.endpoint(), server.accessKey(), server.secretKey());
        MigratedDatabases.copyTo(config());
        this.application = open();
    }

    /** Starts the ingestion endpoints only if a test configures one. */
    private Application open() {
        return settings.keySet().stream()
                        .anyMatch(key -> key.startsWith("saga.http.")
                                || key.startsWith("saga.drop.")
                                || key.startsWith("saga.jms."))
                ? Application.serve(config())
                : Application.start(config());
    }

    /** @param settings override those of the fixture: 5 MiB chunks, 3 attempts without a delay, short timeouts */
    public static StreamingSagaFixture start(Path directory, Map<String, String> settings) throws IOException {
        return new StreamingSagaFixture(directory, settings);
    }

    /** @param more key, value, key, value; override {@code settings} */
    public static StreamingSagaFixture start(Path directory, Map<String, String> settings, String... more)
            throws IOException {
        Map<String, String> all = new LinkedHashMap<>(settings);
        for (int i = 0; i < more.length; i += 2) {
            all.put(more[i], more[i + 1]);
        }
        return start(directory, all);
    }

    public static StreamingSagaFixture start(Path directory) throws IOException {
        return start(directory, Map.of());
    }

    /** The real coordinator that all applications of this JVM use unless {@code saga.coordinator.url} is set. */
    public static URI coordinator() {
        return SharedCoordinator.url();
    }

    public SagaConfig config() {
        return Settings.parse(settings());
    }

    /** The settings of another process on the same data and servers. */
    public Map<String, String> settings() {
        Map<String, String> all = new LinkedHashMap<>();
        all.put("saga.data.dir", data().toString());
        all.put("saga.coordinator.url", SharedCoordinator.url().toString());
        all.put("saga.coordinator.secret", CoordinatorSettings.SECRET);
        all.put("saga.s3.endpoint", proxy.uri().toString());
        all.put("saga.s3.access-key", server.accessKey());
        all.put("saga.s3.secret-key", server.secretKey());
        all.put("saga.s3.bucket", BUCKET);
        all.put("saga.s3.timeout", "5s");
        all.put("saga.chunk.size", "5MiB");
        all.put("saga.chunk.retry-delay", "10ms");
        all.put("saga.patience", "0s");
        all.put("saga.drain.timeout", "0s");
        all.put("saga.content.isolation", "in-process");
        all.put("saga.redelivery.max", "0");
        all.put("saga.compensation.step-timeout", "10s");
        all.put("saga.routes.dir", directory.resolve("routes").toString());
        all.put("saga.http.port", "0");
        all.putAll(settings);
        return all;
    }

    /** The data directory: everything embedded except the bucket. */
    public Path data() {
        return directory.resolve("data");
    }

    public FaultProxy s3() {
        return proxy;
    }

    /** A client that bypasses the proxy. */
    public S3Client bucket() {
        return bucket;
    }

    public Application application() {
        return application;
    }

    public Journal journal() {
        return Internals.journal(application.bundle());
    }

    public IngestResult ingest(Path file) {
        return application.bundle().operator().ingest(file);
    }

    /** Stops the application, runs {@code meanwhile}, in which the test may change files, and starts it again. */
    public void restart(Runnable meanwhile) {
        application.close();
        meanwhile.run();
        application = open();
    }

    /**
     * Stops the application as SIGTERM does; runs {@code release} when its sagas have been revoked, to release
     * operations that are in progress.
     */
    public void stop(Runnable release) {
        List<ActiveRun> running =
                List.copyOf(Internals.runs(application.bundle()).all());
        CompletableFuture<Boolean> stopped = Background.run("stop", () -> {
            application.close();
            return true;
        });
        running.forEach(
                run -> await().atMost(PATIENCE).until(() -> run.revocation().isPresent()));
        release.run();
        assertThat(stopped.orTimeout(PATIENCE.toSeconds(), TimeUnit.SECONDS).join())
                .isTrue();
    }

    /** Waits until a saga has an outcome and its document is visible, and returns the outcome. */
    public IngestResult awaitOutcome(String sagaId) {
        await().atMost(PATIENCE).until(() -> {
            SagaRecord now = journal().sagas().find(sagaId).orElseThrow();
            return now.state() == SagaState.COMPLETED
                    ? now.published()
                    : now.state().isFinal();
        });
        return Internals.ingest(application.bundle()).result(sagaId);
    }

    /** Stops the application and starts it again on the same data. */
    public void restart() {
        application.close();
        application = open();
    }

    /** As {@link #restart()}, with changed settings. */
    public void restart(Map<String, String> changed) {
        settings.putAll(changed);
        restart();
    }

    /** A file of pseudo-random bytes, the same for the same name and size. */
    public Path file(String name, long size) {
        try {
            Path file = Files.createDirectories(directory.resolve("in")).resolve(name);
            byte[] bytes = new byte[Math.toIntExact(size)];
            new Random(name.hashCode() + size).nextBytes(bytes);
            return Files.write(file, bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A sparse file of zeros: for many chunks. */
    public Path sparse(String name, long size) {
        try {
            Path file = Files.createDirectories(directory.resolve("in")).resolve(name);
            try (RandomAccessFile content = new RandomAccessFile(file.toFile(), "rw")) {
                content.setLength(size);
            }
            return file;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A text file with a sentence of its own on each line. */
    public Path text(String name, int lines) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < lines; i++) {
            text.append("Sentence number ")
                    .append(i)
                    .append(" tells of the lighthouse keeper and his ")
                    .append(i)
                    .append(" gulls.\n");
        }
        try {
            return Files.writeString(
                    Files.createDirectories(directory.resolve("in")).resolve(name), text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** All keys in the bucket except the owner object; bypasses the proxy. */
    public List<String> keys() {
        return bucket.listObjectsV2Paginator(r -> r.bucket(BUCKET)).contents().stream()
                .map(S3Object::key)
                .filter(key -> !key.endsWith("/" + BucketOwner.NAME))
                .sorted()
                .toList();
    }

    /** Puts an object into the bucket; bypasses application and proxy. */
    public void put(String key, byte[] content) {
        bucket.putObject(r -> r.bucket(BUCKET).key(key), RequestBody.fromBytes(content));
    }

    /** The file in which the embedded server stores an object, to change it without the server. */
    public Path object(String key) {
        return directory.resolve("s3/bucket").resolve(BUCKET).resolve(key);
    }

    /** Counts the rows of a table in the database file of the store. */
    public long rows(String store, String table) {
        return number(store, "SELECT count(*) FROM " + table);
    }

    public long number(String store, String query) {
        try (Connection connection = connection(store);
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(query)) {
            row.next();
            return row.getLong(1);
        } catch (SQLException e) {
            throw new IllegalStateException(store + ": " + query, e);
        }
    }

    /** The first column of the only row. */
    public String text(String store, String query) {
        return column(store, query).get(0);
    }

    /** The first column of each row, queried in the database file of the store (or of {@code journal}). */
    public List<String> column(String store, String query) {
        try (Connection connection = connection(store);
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(query)) {
            List<String> values = new ArrayList<>();
            while (row.next()) {
                values.add(row.getString(1));
            }
            return values;
        } catch (SQLException e) {
            throw new IllegalStateException(store + ": " + query, e);
        }
    }

    /** Runs SQL in the database file of a store (or of {@code journal}), to damage it deliberately. */
    public void execute(String store, String sql) {
        try (Connection connection = connection(store);
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        } catch (SQLException e) {
            throw new IllegalStateException(store + ": " + sql, e);
        }
    }

    /** Something that a test does while a saga waits. */
    public interface Meanwhile {
        void run() throws Exception;
    }

    /**
     * Locks the database of a store before {@code begin}, so that the saga that begins waits in the step of that store;
     * runs {@code meanwhile} there, and lets it continue.
     */
    public void duringStep(String store, Meanwhile begin, Meanwhile meanwhile) throws Exception {
        try (Connection connection = connection(store);
                Statement lock = connection.createStatement()) {
            lock.execute("BEGIN IMMEDIATE");
            begin.run();
            await().atMost(PATIENCE)
                    .until(() -> number(
                                    "journal",
                                    "SELECT count(*) FROM step WHERE state = 'WRITING' AND name = '" + store + "'")
                            == 1);
            meanwhile.run();
            lock.execute("ROLLBACK");
        }
    }

    private Connection connection(String store) throws SQLException {
        return DriverManager.getConnection("jdbc:sqlite:" + data().resolve(store + ".db") + "?busy_timeout=10000");
    }

    /**
     * Asserts that bucket and stores are empty. Waits, since the server may list partial data of an aborted request
     * until it notices.
     */
    public void assertNothingAnywhere() {
        await().atMost(Duration.ofSeconds(10))
                .untilAsserted(() -> assertThat(keys()).as("keys in the bucket").isEmpty());
        assertNoStoreTouched();
    }

    /** Asserts that all stores except the bucket are empty. */
    public void assertNoStoreTouched() {
        TABLES.keySet().forEach(this::assertEmpty);
    }

    /**
     * Everything that could remain: keys in the bucket, rows in the stores, files in the spool, unfinished sagas,
     * claims, clean-ups. If it is equal before and after, nothing remains.
     */
    public Map<String, List<String>> contents() {
        Map<String, List<String>> found = new TreeMap<>();
        found.put("bucket", keys());
        TABLES.forEach((store, tables) -> tables.forEach(table -> found.put(
                table,
                Files.exists(data().resolve(store + ".db"))
                        ? List.of("rows: " + rows(store, table))
                        : List.of("rows: 0"))));
        found.put(
                "unfinished",
                column("journal", "SELECT saga_id FROM saga WHERE state NOT IN ('COMPLETED', 'COMPENSATED')"));
        found.put("claims", column("journal", "SELECT source FROM source_claim"));
        found.put("cleanups", column("journal", "SELECT resource FROM cleanup WHERE state IN ('PENDING', 'BLOCKED')"));
        for (Path spool : List.of(config().uploads(), config().messages())) {
            found.put(spool.getFileName() + " spool", Files.exists(spool) ? names(spool) : List.of());
        }
        return found;
    }

    private static List<String> names(Path folder) {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Asserts that a built-in store is empty. */
    public void assertEmpty(String store) {
        if (Files.exists(data().resolve(store + ".db"))) {
            TABLES.get(store)
                    .forEach(table -> assertThat(rows(store, table))
                            .as("rows in " + store + "." + table)
                            .isZero());
        }
    }

    /** Lines of a report; empty if it was never written. */
    public List<String> report(String name) throws IOException {
        Path file = data().resolve("reports").resolve(name);
        return Files.exists(file) ? Files.readAllLines(file) : List.of();
    }

    @Override
    public void close() {
        proxy.up();
        application.close();
        proxy.close();
        bucket.close();
        server.close();
    }
}
