package dev.streamingsaga.failure;

import static dev.streamingsaga.failure.Aftermath.assertStored;
import static dev.streamingsaga.testkit.ProxiedRequest.keyEndsWith;
import static dev.streamingsaga.testkit.ProxiedRequest.method;
import static dev.streamingsaga.testkit.StreamingSagaFixture.CHUNK;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.streamingsaga.Internals;
import dev.streamingsaga.config.ConfigException;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.config.Settings;
import dev.streamingsaga.config.UnavailableException;
import dev.streamingsaga.embedded.Application;
import dev.streamingsaga.ingest.IngestResult;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.SagaState;
import dev.streamingsaga.testkit.Background;
import dev.streamingsaga.testkit.CoordinatorSettings;
import dev.streamingsaga.testkit.FaultProxy;
import dev.streamingsaga.testkit.PostgresServer;
import dev.streamingsaga.testkit.StreamingSagaFixture;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Two nodes on one journal, in one process: what they hand over to each other, and what they must share. */
@Tag("one-jdk")
@Timeout(180)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class NodesTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final List<String> STORES = List.of("security", "vector", "graph", "relational");
    /** Whoever waits for a lease to expire fails the test. */
    private static final String LEASE = "10m";

    private PostgresServer postgres;
    private Path directory;
    private StreamingSagaFixture first;

    @BeforeEach
    void start(@TempDir Path folder) throws Exception {
        if (postgres == null) {
            postgres = PostgresServer.installed();
        }
        postgres.empty();
        directory = folder;
        Path drop = Files.createDirectory(folder.toRealPath().resolve("drop"));
        first = StreamingSagaFixture.start(
                folder,
                Map.of("saga.chunk.parallelism", "1", "saga.recovery.lease", LEASE, "saga.journal.url", postgres.url()),
                dropFolder(drop));
    }

    private static String[] dropFolder(Path drop) {
        return new String[] {
            "saga.http.enabled",
            "false",
            "saga.drop.dir",
            drop.toString(),
            "saga.drop.interval",
            "100ms",
            "saga.drop.stable-for",
            "0s"
        };
    }

    @AfterEach
    void stop() {
        if (first != null) {
            first.close();
        }
    }

    @AfterAll
    void stopServer() throws Exception {
        if (postgres != null) {
            postgres.close();
        }
    }

    /** The settings of a second node: its own data directory and callbacks, the same journal, bucket and stores. */
    private Map<String, String> settings(String... changed) {
        SagaConfig ours = first.config();
        Map<String, String> all = new HashMap<>(Map.of(
                "saga.data.dir", directory.resolve("second").toString(),
                "saga.routes.dir", directory.resolve("routes").toString(),
                "saga.journal.url", postgres.url(),
                "saga.recovery.lease", LEASE,
                "saga.s3.endpoint", first.s3().uri().toString(),
                "saga.s3.access-key", ours.servers().s3().accessKey(),
                "saga.s3.secret-key", ours.servers().s3().secretKey(),
                "saga.s3.bucket", StreamingSagaFixture.BUCKET,
                "saga.chunk.size", "5MiB"));
        all.put("saga.coordinator.url", StreamingSagaFixture.coordinator().toString());
        all.put("saga.coordinator.secret", CoordinatorSettings.SECRET);
        all.put("saga.coordinator.timeout", "5s");
        all.put("saga.drain.timeout", "0s");
        all.put("saga.http.enabled", "false");
        STORES.forEach(store -> all.put(
                "saga.store." + store + ".url", "jdbc:sqlite:" + first.data().resolve(store + ".db")));
        for (int i = 0; i < changed.length; i += 2) {
            all.put(changed[i], changed[i + 1]);
        }
        return all;
    }

    private Application second(String... changed) {
        return Application.serve(Settings.parse(settings(changed)));
    }

    @Test
    void a_node_that_drains_hands_its_sagas_to_another_one_at_once() throws Exception {
        Original file = Original.of(first.file("two.bin", CHUNK + 1000L));
        CountDownLatch reached = new CountDownLatch(1);
        CountDownLatch held = new CountDownLatch(1);
        first.s3()
                .when(method("PUT").and(keyEndsWith("/chunk-000001")))
                .always()
                .beforeForward(() -> {
                    reached.countDown();
                    held.await();
                });
        try (Application second = second()) {
            Background.run("ingest", () -> first.ingest(file.path()));
            assertThat(reached.await(60, TimeUnit.SECONDS)).isTrue();
            String sagaId = first.journal().sagas().newest(1).get(0).sagaId();
            CompletableFuture<Boolean> drained = Background.run("drain", () -> {
                first.application().bundle().drain();
                return true;
            });
            await().atMost(PATIENCE)
                    .until(() ->
                            first.journal().sagas().find(sagaId).orElseThrow().run() == 2);
            held.countDown();
            assertThat(drained.orTimeout(60, TimeUnit.SECONDS).join()).isTrue();

            await().atMost(PATIENCE)
                    .until(() ->
                            first.journal().sagas().find(sagaId).orElseThrow().published());
            IngestResult result = Internals.ingest(second.bundle()).result(sagaId);
            assertStored(first, result, file);
            assertThat(result.runs()).isEqualTo(2);
        }
    }

    @Test
    void a_node_with_another_setting_that_all_must_share_does_not_start() throws Exception {
        assertThatThrownBy(() -> second("saga.chunk.prefix", "elsewhere"))
                .isInstanceOf(ConfigException.class)
                .hasMessageContainingAll("saga.chunk.prefix", "same journal", "Nothing was started");
        assertThatThrownBy(() -> second("saga.store.graph.url", ""))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("saga.store.graph.url");
        try (Connection connection = DriverManager.getConnection(postgres.url());
                Statement statement = connection.createStatement();
                var nodes = statement.executeQuery("SELECT settings FROM node")) {
            assertThat(nodes.next()).isTrue();
            assertThat(nodes.getString(1))
                    .contains("saga.coordinator.secret=")
                    .doesNotContain(CoordinatorSettings.SECRET);
            assertThat(nodes.next()).as("another node").isFalse();
        }
    }

    /** It reaches its own listener, but the coordinator does not. */
    @Test
    void a_node_that_the_coordinator_does_not_call_does_not_start() throws Exception {
        try (FaultProxy coordinator = new FaultProxy(StreamingSagaFixture.coordinator())) {
            coordinator.when(keyEndsWith("/cancel")).always().answer(404, "NotFound");

            assertThatThrownBy(() -> second(
                            "saga.coordinator.timeout",
                            "1s",
                            "saga.coordinator.url",
                            coordinator.uri()
                                    + StreamingSagaFixture.coordinator().getPath()))
                    .isInstanceOf(UnavailableException.class)
                    .hasMessageContainingAll("callback did not arrive", "saga.callback.url");
        }
    }

    @Test
    void two_nodes_on_one_drop_folder_store_each_file_once() throws Exception {
        Path drop = first.config().endpoints().drop().dir().orElseThrow();
        try (Application second = second(dropFolder(drop))) {
            int files = 12;
            for (int i = 0; i < files; i++) {
                Files.move(first.text("file-" + i + ".txt", 3), drop.resolve("file-" + i + ".txt"));
            }

            await().atMost(PATIENCE).until(() -> count(drop.resolve(".done"), ".txt.json") == files);

            List<SagaRecord> sagas = first.journal().sagas().newest(100);
            assertThat(sagas).hasSize(files).extracting(SagaRecord::state).containsOnly(SagaState.COMPLETED);
            assertThat(sagas).extracting(SagaRecord::fileName).doesNotHaveDuplicates();
            assertThat(count(drop, ".txt")).isZero();
            assertThat(second.bundle()
                            .operator()
                            .list(dev.streamingsaga.journal.SagaQuery.ALL, 100)
                            .sagas())
                    .hasSize(files);
        }
    }

    /** Where the lock file cannot be used, as on a network file system without locks, the journal has the lock. */
    @Test
    void files_of_a_drop_folder_are_moved_without_locks() throws Exception {
        Path drop = first.config().endpoints().drop().dir().orElseThrow();
        Files.createDirectories(drop.resolve(".done/.lock"));

        Files.move(first.text("file.txt", 3), drop.resolve("file.txt"));

        await().atMost(PATIENCE)
                .until(() -> Files.exists(drop.resolve(".done/file.txt.json"))
                        && Files.exists(drop.resolve(".done/file.txt")));
        assertThat(drop.resolve("file.txt")).doesNotExist();
    }

    private static long count(Path folder, String suffix) throws Exception {
        if (!Files.isDirectory(folder)) {
            return 0;
        }
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.toString().endsWith(suffix)).count();
        }
    }
}
