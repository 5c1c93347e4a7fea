package dev.streamingsaga.failure;

import static dev.streamingsaga.failure.Aftermath.assertCompensated;
import static dev.streamingsaga.failure.Aftermath.assertFetched;
import static dev.streamingsaga.failure.Aftermath.assertNothingLeft;
import static dev.streamingsaga.failure.Aftermath.assertStored;
import static dev.streamingsaga.testkit.ProxiedRequest.keyContains;
import static dev.streamingsaga.testkit.ProxiedRequest.keyEndsWith;
import static dev.streamingsaga.testkit.ProxiedRequest.method;
import static dev.streamingsaga.testkit.StreamingSagaFixture.CHUNK;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.streamingsaga.ingest.IngestResult;
import dev.streamingsaga.journal.Event;
import dev.streamingsaga.journal.OperatorCommand;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.SagaState;
import dev.streamingsaga.testkit.Background;
import dev.streamingsaga.testkit.CoordinatorSettings;
import dev.streamingsaga.testkit.FaultProxy;
import dev.streamingsaga.testkit.PostgresServer;
import dev.streamingsaga.testkit.ProxiedRequest;
import dev.streamingsaga.testkit.StreamingSagaFixture;
import dev.streamingsaga.testkit.TcpGate;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** FP-45 and FP-46: what a saga depends on restarts, or stays away. */
@Tag("one-jdk")
@Timeout(120)
class OutageTest {
    @TempDir
    Path directory;

    private final Deque<AutoCloseable> open = new ArrayDeque<>();
    private StreamingSagaFixture saga;

    private void start(Map<String, String> settings) throws IOException {
        Map<String, String> all = new HashMap<>(Map.of(
                "saga.patience", "60s",
                "saga.step.retry-delay", "100ms",
                "saga.chunk.parallelism", "1",
                "saga.coordinator.timeout", "2s"));
        all.putAll(settings);
        saga = opened(StreamingSagaFixture.start(directory, all));
    }

    private <T extends AutoCloseable> T opened(T part) {
        open.push(part);
        return part;
    }

    @AfterEach
    void stop() throws Exception {
        while (!open.isEmpty()) {
            open.pop().close();
        }
    }

    private Path threeChunks() {
        return saga.file("three.bin", 2L * CHUNK + 1000);
    }

    private SagaRecord newest() {
        return saga.journal().sagas().newest(1).get(0);
    }

    private void awaitWaiting(String dependency) {
        await().atMost(Duration.ofSeconds(60))
                .until(() -> saga.journal().sagas().newest(1).stream()
                        .flatMap(record -> record.waiting().stream())
                        .anyMatch(waiting -> waiting.reason().startsWith("waits for the " + dependency + ": ")));
    }

    private List<String> history(IngestResult result) {
        return saga.journal().events().of(result.sagaId()).stream()
                .map(Event::message)
                .toList();
    }

    @ParameterizedTest
    @ValueSource(strings = {"chunk-000001", "manifest.json"})
    void fp_45_the_bucket_is_away_while_an_object_is_sent(String object) throws Exception {
        start(Map.of());
        Original original = Original.of(threeChunks());
        saga.s3().when(method("PUT").and(keyEndsWith(object))).beforeForward(saga.s3()::down);
        Interrupted.UnderWay running = begun(original.path());

        awaitWaiting("bucket");
        saga.s3().up();
        IngestResult result = running.result();

        assertStored(saga, result, original);
        assertThat(newest().lastRun()).as("the same run").isOne();
        assertThat(newest().waiting()).isEmpty();
        assertThat(history(result))
                .anyMatch(line -> line.startsWith("waits for the bucket"))
                .contains("continues");
        assertThat(saga.s3().count(method("PUT").and(keyEndsWith("chunk-000000"))))
                .as("a chunk that was confirmed is not sent again")
                .isOne();
    }

    @Test
    void fp_45_the_bucket_answers_with_errors_while_chunks_are_verified() throws Exception {
        start(Map.of());
        Original original = Original.of(threeChunks());
        CountDownLatch sent = new CountDownLatch(1);
        saga.s3().when(method("PUT").and(keyEndsWith("chunk-000002"))).afterReply(() -> {
            saga.s3().when(method("HEAD").and(keyContains("chunk-"))).always().answer(503, "SlowDown");
            sent.countDown();
        });
        Interrupted.UnderWay running = Interrupted.begin(saga, original.path(), sent);

        awaitWaiting("bucket");
        saga.s3().clearRules();

        assertStored(saga, running.result(), original);
    }

    private Interrupted.UnderWay begun(Path file) throws InterruptedException {
        CountDownLatch begun = new CountDownLatch(1);
        saga.s3().when(method("PUT").and(keyEndsWith("chunk-000000"))).beforeForward(begun::countDown);
        return Interrupted.begin(saga, file, begun);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/start", "join", "/close"})
    void fp_45_the_coordinator_is_away(String request) throws Exception {
        FaultProxy coordinator = opened(new FaultProxy(StreamingSagaFixture.coordinator()));
        start(Map.of(
                "saga.coordinator.url",
                coordinator.uri() + StreamingSagaFixture.coordinator().getPath()));
        Predicate<ProxiedRequest> affected =
                request.equals("join") ? method("PUT").and(keyEndsWith("/close").negate()) : keyEndsWith(request);
        CountDownLatch reached = new CountDownLatch(1);
        coordinator.when(affected).beforeForward(() -> {
            coordinator.down();
            reached.countDown();
        });
        Original original = Original.of(threeChunks());
        Interrupted.UnderWay running = Interrupted.begin(saga, original.path(), reached);

        awaitWaiting("coordinator");
        coordinator.up();

        assertStored(saga, running.result(), original);
        assertThat(newest().lastRun()).as("the same run").isOne();
    }

    @Test
    void fp_46_a_join_that_fails_until_patience_ends_is_not_waited_for_again() throws Exception {
        FaultProxy coordinator = opened(new FaultProxy(StreamingSagaFixture.coordinator()));
        start(Map.of(
                "saga.coordinator.url",
                coordinator.uri() + StreamingSagaFixture.coordinator().getPath(),
                "saga.patience",
                "100ms",
                "saga.step.attempts",
                "2",
                "saga.step.retry-delay",
                "300ms"));
        Predicate<ProxiedRequest> join = method("PUT")
                .and(keyEndsWith("/close").negate())
                .and(keyEndsWith("/cancel").negate());
        coordinator
                .when(join)
                .times(1)
                .afterReply(() -> coordinator.when(join).always().answer(503, ""));

        IngestResult result = saga.ingest(threeChunks());

        assertCompensated(saga, result, Reason.COORDINATOR_UNAVAILABLE);
        assertThat(coordinator.count(join))
                .as("the root's; then two attempts of at most three requests")
                .isLessThanOrEqualTo(7);
    }

    @Test
    void fp_45_the_database_ends_all_connections_in_the_middle_of_steps() throws Exception {
        PostgresServer postgres = opened(PostgresServer.installed());
        Map<String, String> settings = new HashMap<>(Map.of("saga.participants", "security,graph,relational"));
        List.of("journal", "store.security", "store.graph", "store.relational")
                .forEach(part -> settings.put("saga." + part + ".url", postgres.url()));
        start(settings);
        AtomicInteger ended = new AtomicInteger();
        saga.s3()
                .when(method("PUT").and(keyEndsWith("chunk-000001")))
                .beforeForward(() -> ended.addAndGet(end(postgres)));
        saga.s3()
                .when(method("PUT").and(keyEndsWith("manifest.json")))
                .beforeForward(() -> ended.addAndGet(end(postgres)));

        Original original = Original.of(threeChunks());
        IngestResult result = saga.ingest(original.path());

        assertThat(ended.get()).as("connections that were ended").isGreaterThan(2);
        assertFetched(saga, result, original);
        assertThat(newest().lastRun()).as("the same run").isOne();
        for (String store : List.of("security", "graph", "relational")) {
            assertThat(visibleRows(postgres, store)).as("visible in " + store).containsExactly(result.sagaId());
        }
    }

    /**
     * The first access to the journal after the root saga has joined its LRA binds it. With {@code cancels}, the
     * coordinator's callback arrives at that moment, too, and meets the same database.
     */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void fp_45_the_database_is_away_while_the_lra_is_bound(boolean cancels) throws Exception {
        PostgresServer postgres = opened(PostgresServer.installed());
        TcpGate gate = opened(new TcpGate(
                URI.create(postgres.url().substring("jdbc:".length())).getPort()));
        FaultProxy coordinator = opened(new FaultProxy(StreamingSagaFixture.coordinator()));
        start(Map.of(
                "saga.coordinator.url",
                coordinator.uri() + StreamingSagaFixture.coordinator().getPath(),
                "saga.journal.url",
                "jdbc:postgresql://127.0.0.1:" + gate.port() + "/postgres?user=saga",
                "saga.journal.timeout",
                "1s"));
        AtomicReference<String> lra = new AtomicReference<>("");
        coordinator
                .when(method("PUT").and(request -> lra.compareAndSet("", request.path())))
                .beforeForward(gate::shut);
        Original original = Original.of(threeChunks());
        CompletableFuture<IngestResult> running = Background.run("ingest", () -> saga.ingest(original.path()));
        await().atMost(Duration.ofSeconds(60))
                .until(() -> !saga.application().bundle().operator().down().isEmpty());
        if (cancels) {
            cancel(lra.get());
        }
        gate.open();

        IngestResult result = running.get(60, TimeUnit.SECONDS);
        if (cancels) {
            assertCompensated(saga, result, Reason.CANCELLED);
        } else {
            assertStored(saga, result, original);
        }
        assertThat(newest().lastRun()).as("the same run").isOne();
    }

    private static void cancel(String lraPath) throws Exception {
        HttpRequest request = CoordinatorSettings.request(
                        StreamingSagaFixture.coordinator().resolve(lraPath + "/cancel"))
                .PUT(HttpRequest.BodyPublishers.noBody())
                .build();
        assertThat(HttpClient.newHttpClient()
                        .send(request, HttpResponse.BodyHandlers.discarding())
                        .statusCode())
                .isLessThan(300);
    }

    private static List<String> visibleRows(PostgresServer postgres, String store) throws SQLException {
        try (Connection connection = DriverManager.getConnection(postgres.url());
                Statement statement = connection.createStatement();
                ResultSet rows =
                        statement.executeQuery("select saga_id from " + store + "_document where visible = 1")) {
            List<String> sagas = new ArrayList<>();
            while (rows.next()) {
                sagas.add(rows.getString(1));
            }
            return sagas;
        }
    }

    /** As an administrator does, or a restart of the server. */
    private static int end(PostgresServer postgres) throws SQLException {
        try (Connection connection = DriverManager.getConnection(postgres.url());
                Statement statement = connection.createStatement()) {
            statement.execute("select pg_terminate_backend(pid) from pg_stat_activity"
                    + " where pid <> pg_backend_pid() and backend_type = 'client backend'");
            int count = 0;
            while (statement.getResultSet().next()) {
                count++;
            }
            return count;
        }
    }

    @Test
    void fp_46_a_bucket_that_stays_away_compensates_when_patience_ends() throws Exception {
        start(Map.of("saga.patience", "2s", "saga.step.attempts", "2"));
        saga.s3().when(method("PUT").and(keyContains("chunk-"))).always().answer(503, "SlowDown");
        Original original = Original.of(threeChunks());

        IngestResult result = saga.ingest(original.path());

        assertThat(history(result)).anyMatch(line -> line.startsWith("waits for the bucket"));
        assertNothingLeft(saga, result, Reason.MAX_RETRIES_EXCEEDED);
        original.assertUntouched();
    }

    @Test
    void fp_46_a_saga_that_waits_is_cancelled_at_once() throws Exception {
        start(Map.of());
        Original original = Original.of(threeChunks());
        saga.s3().when(method("PUT").and(keyEndsWith("chunk-000001"))).always().answer(503, "SlowDown");
        Interrupted.UnderWay running = begun(original.path());
        awaitWaiting("bucket");

        saga.journal().commands().request(running.sagaId(), OperatorCommand.CANCEL);

        assertNothingLeft(saga, running.result(), Reason.CANCELLED);
        assertThat(running.record().waiting()).isEmpty();
    }

    @Test
    void fp_46_a_saga_that_waits_is_paused_and_resumed() throws Exception {
        start(Map.of());
        Original original = Original.of(threeChunks());
        saga.s3().when(method("PUT").and(keyEndsWith("chunk-000001"))).always().answer(503, "SlowDown");
        Interrupted.UnderWay running = begun(original.path());
        awaitWaiting("bucket");

        saga.journal().commands().request(running.sagaId(), OperatorCommand.PAUSE);
        running.awaitState(SagaState.PAUSED);
        assertThat(running.record().waiting()).isEmpty();
        saga.s3().clearRules();

        assertStored(saga, new Interrupted(saga, running.sagaId()).resume(), original);
    }

    @Test
    void fp_46_a_stop_of_the_process_ends_the_wait_and_the_next_start_goes_on() throws Exception {
        start(Map.of());
        Original original = Original.of(threeChunks());
        saga.s3().when(method("PUT").and(keyEndsWith("chunk-000001"))).always().answer(503, "SlowDown");
        Interrupted.UnderWay running = begun(original.path());
        awaitWaiting("bucket");

        saga.restart(() -> saga.s3().clearRules());

        assertStored(saga, saga.awaitOutcome(running.sagaId()), original);
    }

    @Test
    void fp_46_while_the_bucket_is_away_files_stay_in_the_drop_folder() throws Exception {
        Path drop = Files.createDirectories(directory.resolve("drop"));
        start(Map.of("saga.drop.dir", drop.toString(), "saga.drop.interval", "100ms", "saga.drop.stable-for", "0s"));
        saga.s3().down();
        Background.run("ingest", () -> saga.ingest(threeChunks()));
        awaitWaiting("bucket");
        String waiting = newest().sagaId();
        await().until(() -> !saga.application().bundle().operator().down().isEmpty());

        Path file = Files.move(saga.text("keeper.txt", 3), drop.resolve("keeper.txt"));

        await().during(Duration.ofSeconds(1)).until(() -> newest().sagaId().equals(waiting) && Files.exists(file));
        saga.s3().up();
        await().atMost(Duration.ofSeconds(60)).until(() -> !Files.exists(file));
        assertThat(saga.awaitOutcome(newest().sagaId()).status()).isEqualTo("COMPLETED");
        assertThat(saga.awaitOutcome(waiting).status()).isEqualTo("COMPLETED");
        assertThat(saga.report("rollback_alerts.json"))
                .as("one alert for the outage")
                .singleElement()
                .asString()
                .contains("\"type\":\"DEPENDENCY_DOWN\"", "the bucket has been down since", waiting);
    }

    @Test
    void fp_46_a_dropped_file_is_delivered_again_when_a_bucket_is_back_that_was_away_longer_than_patience()
            throws Exception {
        Path drop = Files.createDirectories(directory.resolve("drop"));
        start(Map.of(
                "saga.drop.dir", drop.toString(),
                "saga.drop.interval", "100ms",
                "saga.drop.stable-for", "0s",
                "saga.patience", "1s",
                "saga.step.attempts", "1",
                "saga.compensation.retry-delay", "500ms",
                "saga.redelivery.max", "1",
                "saga.redelivery.delay", "100ms"));
        saga.s3().when(method("PUT").and(keyEndsWith("chunk-000001"))).beforeForward(saga.s3()::down);
        Path file = Files.move(threeChunks(), drop.resolve("three.bin"));
        await().atMost(Duration.ofSeconds(60))
                .until(() -> saga.journal().sagas().newest(1).stream()
                        .anyMatch(record -> record.delivery().isPending()));

        await().during(Duration.ofSeconds(2))
                .until(() -> saga.journal().sagas().newest(9).size() == 1 && Files.exists(file));
        saga.s3().up();

        await().atMost(Duration.ofSeconds(60)).until(() -> Files.exists(drop.resolve(".done/three.bin")));
        assertThat(saga.journal().sagas().newest(9))
                .extracting(SagaRecord::state)
                .containsExactly(SagaState.COMPLETED, SagaState.COMPENSATED);
    }

    @Test
    void fp_46_while_the_bucket_is_away_http_refuses_documents_and_says_why() throws Exception {
        start(Map.of("saga.http.enabled", "true"));
        HttpClient client = HttpClient.newHttpClient();
        URI address = saga.application().address().orElseThrow();
        saga.s3().down();
        Background.run("ingest", () -> saga.ingest(threeChunks()));
        awaitWaiting("bucket");
        await().until(() -> !saga.application().bundle().operator().down().isEmpty());
        HttpRequest put = HttpRequest.newBuilder(address.resolve("/api/documents/keeper.txt"))
                .PUT(HttpRequest.BodyPublishers.ofString("The keeper counted his gulls."))
                .build();

        HttpResponse<String> refused = client.send(put, HttpResponse.BodyHandlers.ofString());
        HttpResponse<String> counts = client.send(
                HttpRequest.newBuilder(address.resolve("/api/counts")).build(), HttpResponse.BodyHandlers.ofString());
        HttpResponse<String> list = client.send(
                HttpRequest.newBuilder(address.resolve("/api/sagas")).build(), HttpResponse.BodyHandlers.ofString());

        assertThat(refused.statusCode()).as(refused.body()).isEqualTo(503);
        assertThat(refused.headers().firstValue("Retry-After")).contains("15");
        assertThat(refused.headers().firstValue("Content-Type")).contains("application/problem+json");
        assertThat(counts.body()).contains("\"down\":[{\"dependency\":\"bucket\"");
        assertThat(list.body()).contains("\"waiting\":{\"reason\":\"waits for the bucket: ");
        saga.s3().up();
        await().atMost(Duration.ofSeconds(60)).until(() -> {
            int status = client.send(put, HttpResponse.BodyHandlers.ofString()).statusCode();
            return status == 202 || status == 200;
        });
    }
}
