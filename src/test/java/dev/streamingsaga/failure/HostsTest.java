package dev.streamingsaga.failure;

import static dev.streamingsaga.failure.Aftermath.assertFetched;
import static dev.streamingsaga.testkit.ProxiedRequest.keyEndsWith;
import static dev.streamingsaga.testkit.ProxiedRequest.method;
import static dev.streamingsaga.testkit.StreamingSagaFixture.CHUNK;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.streamingsaga.Internals;
import dev.streamingsaga.config.Settings;
import dev.streamingsaga.embedded.Application;
import dev.streamingsaga.ingest.IngestResult;
import dev.streamingsaga.journal.ActiveRun;
import dev.streamingsaga.journal.Event;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.SagaState;
import dev.streamingsaga.journal.Waiting;
import dev.streamingsaga.testkit.Background;
import dev.streamingsaga.testkit.PostgresServer;
import dev.streamingsaga.testkit.StreamingSagaFixture;
import jakarta.jms.BytesMessage;
import jakarta.jms.Connection;
import jakarta.jms.MessageConsumer;
import jakarta.jms.MessageProducer;
import jakarta.jms.Session;
import jakarta.jms.TextMessage;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.sql.DriverManager;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.activemq.artemis.core.config.impl.ConfigurationImpl;
import org.apache.activemq.artemis.core.server.embedded.EmbeddedActiveMQ;
import org.apache.activemq.artemis.jms.client.ActiveMQConnectionFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.util.FileSystemUtils;

/**
 * Nodes with a data directory each, on one journal, bucket and stores. Node {@code one} is the fixture's; the other one
 * stops while its saga needs the source.
 */
@Tag("one-jdk")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(120)
class HostsTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String WAITS = "waits for its host two, which has the original";

    private final HttpClient client = HttpClient.newHttpClient();
    private final List<Application> others = new ArrayList<>();
    private PostgresServer postgres;
    private CountDownLatch reached;
    private CountDownLatch held;
    private StreamingSagaFixture saga;
    private Path directory;

    @BeforeAll
    void database() {
        postgres = PostgresServer.installed();
    }

    @AfterAll
    void stopDatabase() throws Exception {
        if (postgres != null) {
            postgres.close();
        }
    }

    private void start(Path folder, String... settings) throws Exception {
        directory = folder.toRealPath();
        reached = new CountDownLatch(1);
        held = new CountDownLatch(1);
        postgres.empty();
        Map<String, String> shared = new HashMap<>(Map.of(
                "saga.journal.url", postgres.url(),
                "saga.node.name", "one",
                "saga.chunk.parallelism", "1",
                "saga.recovery.lease", "2s",
                "saga.http.enabled", "true"));
        saga = StreamingSagaFixture.start(directory, shared, settings);
    }

    /** Another node; starting it again with the same name means the same host. */
    private Application node(String name, String... more) {
        Map<String, String> settings = new HashMap<>(saga.settings());
        for (int i = 0; i < more.length; i += 2) {
            settings.put(more[i], more[i + 1]);
        }
        settings.put("saga.data.dir", data(name).toString());
        settings.put("saga.node.name", name);
        List.of("security", "vector", "graph", "relational")
                .forEach(store -> settings.put(
                        "saga.store." + store + ".url",
                        "jdbc:sqlite:" + saga.data().resolve(store + ".db")));
        Application node = Application.serve(Settings.parse(settings));
        others.add(node);
        return node;
    }

    private Path data(String name) {
        return directory.resolve(name);
    }

    @AfterEach
    void stop() {
        held.countDown();
        others.forEach(Application::close);
        others.clear();
        saga.close();
    }

    private CompletableFuture<JsonNode> put(Application node, String name, byte[] body) {
        URI url = node.address().orElseThrow().resolve("/api/documents/" + name);
        return client.sendAsync(
                        HttpRequest.newBuilder(url)
                                .header("Prefer", "wait=60")
                                .PUT(HttpRequest.BodyPublishers.ofByteArray(body))
                                .build(),
                        HttpResponse.BodyHandlers.ofByteArray())
                .thenApply(response -> json(response.body()));
    }

    private static JsonNode json(byte[] text) {
        try {
            return JSON.readTree(text);
        } catch (IOException e) {
            throw new IllegalStateException(new String(text), e);
        }
    }

    private void holdSecondChunk() {
        saga.s3().when(method("PUT").and(keyEndsWith("/chunk-000001"))).always().beforeForward(() -> {
            reached.countDown();
            held.await();
        });
    }

    private void awaitHeld() throws InterruptedException {
        assertThat(reached.await(PATIENCE.toSeconds(), TimeUnit.SECONDS))
                .as("the second chunk is sent")
                .isTrue();
    }

    /** Stops as on SIGTERM: its saga is released, so that any node may take it over at once. */
    private SagaRecord stop(Application node) {
        ActiveRun running = Internals.runs(node.bundle()).all().iterator().next();
        CompletableFuture<Boolean> stopped = Background.run("stop", () -> {
            node.close();
            return true;
        });
        await().atMost(PATIENCE).until(() -> running.revocation().isPresent());
        held.countDown();
        assertThat(stopped.orTimeout(PATIENCE.toSeconds(), TimeUnit.SECONDS).join())
                .isTrue();
        others.remove(node);
        return now(running.sagaId());
    }

    private SagaRecord now(String sagaId) {
        return saga.journal().sagas().find(sagaId).orElseThrow();
    }

    private void awaitWaiting(String sagaId) {
        await().atMost(PATIENCE)
                .untilAsserted(() ->
                        assertThat(now(sagaId).waiting().map(Waiting::reason)).contains(WAITS));
    }

    private long alerts(String sagaId) {
        return saga.journal().events().of(sagaId).stream()
                .filter(event ->
                        event.kind() == Event.EventKind.ALERT && event.detail().contains("\"SOURCE_HOST_AWAY\""))
                .count();
    }

    private List<String> spool(String node, String endpoint) {
        Path folder =
                (node.equals("one") ? saga.data() : data(node)).resolve("spool").resolve(endpoint);
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).toList();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /** A saga of node two with its body in that node's spool, one chunk in the bucket and the second one missing. */
    private SagaRecord interruptedBody(byte[] body) throws Exception {
        Application two = node("two");
        holdSecondChunk();
        put(two, "three.bin", body);
        awaitHeld();
        hide(only().source());
        return stop(two);
    }

    private SagaRecord only() {
        assertThat(saga.journal().sagas().newest(9)).hasSize(1);
        return saga.journal().sagas().newest(1).get(0);
    }

    /** As on the disk of another host: the other nodes do not find it. */
    private void hide(Path source) throws IOException {
        Files.move(source, directory.resolve("hidden"));
    }

    private void show(Path source) throws IOException {
        Files.move(directory.resolve("hidden"), source);
    }

    private byte[] threeChunks() throws IOException {
        return Files.readAllBytes(saga.file("three.bin", 2L * CHUNK + 1000));
    }

    @Test
    void the_same_put_to_three_nodes_is_one_document(@TempDir Path folder) throws Exception {
        start(folder);
        byte[] body = threeChunks();
        List<Application> nodes = List.of(saga.application(), node("two"), node("three"));

        List<CompletableFuture<JsonNode>> calls =
                nodes.stream().map(node -> put(node, "three.bin", body)).toList();
        List<JsonNode> answers = calls.stream().map(CompletableFuture::join).toList();

        SagaRecord stored = saga.journal().sagas().newest(1).get(0);
        assertThat(saga.journal().sagas().newest(9)).hasSize(1);
        assertThat(answers)
                .as("%s", answers)
                .allMatch(answer -> answer.path("status").asText().equals("COMPLETED"))
                .allMatch(answer -> answer.path("sagaId").asText().equals(stored.sagaId()));
        assertThat(put(nodes.get(2), "three.bin", body)
                        .join()
                        .path("documentId")
                        .asText())
                .isEqualTo(stored.document().orElseThrow().documentId());
        assertThat(saga.keys()).hasSize(4);
        for (String node : List.of("one", "two", "three")) {
            await().atMost(PATIENCE).until(() -> spool(node, "http").isEmpty());
        }
    }

    @Test
    void a_document_of_the_former_version_answers_the_same_put_to_another_node(@TempDir Path folder) throws Exception {
        start(folder);
        byte[] body = "the same again".getBytes();
        JsonNode stored = put(saga.application(), "a.txt", body).join();
        try (java.sql.Connection journal = DriverManager.getConnection(postgres.url());
                Statement statement = journal.createStatement()) {
            statement.executeUpdate("UPDATE saga SET source_key = NULL, source_host = NULL");
        }

        JsonNode answer = put(node("two"), "a.txt", body).join();

        assertThat(stored.path("status").asText()).as("%s", stored).isEqualTo("COMPLETED");
        assertThat(answer.path("sagaId")).isEqualTo(stored.path("sagaId"));
    }

    @Test
    void a_body_waits_for_the_host_that_has_it_which_completes_it_when_it_is_back(@TempDir Path folder)
            throws Exception {
        start(folder, "saga.source.host-patience", "3s");
        byte[] body = threeChunks();
        SagaRecord stopped = interruptedBody(body);

        awaitWaiting(stopped.sagaId());
        await().atMost(PATIENCE).until(() -> alerts(stopped.sagaId()) == 1);
        assertThat(now(stopped.sagaId()).run()).as("no other node begins a run").isEqualTo(stopped.run());
        show(stopped.source());
        node("two");
        IngestResult result = saga.awaitOutcome(stopped.sagaId());

        assertThat(result.status()).as("%s", result).isEqualTo("COMPLETED");
        assertFetched(saga, result, new Original(Path.of("three.bin"), body, ""));
        assertThat(result.resumedBytes()).isPositive();
        assertThat(alerts(stopped.sagaId())).isOne();
    }

    @Test
    void a_body_is_completed_by_another_node_when_its_host_stops_behind_the_gate(@TempDir Path folder)
            throws Exception {
        start(folder);
        byte[] body = Files.readAllBytes(saga.text("keeper.txt", 100));
        Application two = node("two");
        saga.s3()
                .when(method("PUT").and(keyEndsWith("/manifest.json")))
                .times(1)
                .beforeForward(() -> {
                    reached.countDown();
                    held.await();
                });
        put(two, "keeper.txt", body);
        awaitHeld();
        assertThat(only().state()).isIn(SagaState.PROCESSING, SagaState.COMPLETING);
        hide(only().source());
        SagaRecord stopped = stop(two);

        IngestResult result = saga.awaitOutcome(stopped.sagaId());

        assertFetched(saga, result, new Original(Path.of("keeper.txt"), body, ""));
        assertThat(result.runs()).isEqualTo(2);
        assertThat(result.stores().get("vector")).isPositive();
    }

    @Test
    void a_body_in_the_bucket_needs_no_disk_of_its_host_after_202(@TempDir Path folder) throws Exception {
        start(folder, "saga.http.staging", "bucket");
        byte[] body = threeChunks();
        Application two = node("two");
        saga.s3()
                .when(method("HEAD").and(keyEndsWith("/chunk-000000")))
                .times(1)
                .beforeForward(() -> {
                    reached.countDown();
                    held.await();
                });
        URI url = two.address().orElseThrow().resolve("/api/documents/three.bin");
        HttpResponse<Void> accepted = client.send(
                HttpRequest.newBuilder(url)
                        .PUT(HttpRequest.BodyPublishers.ofByteArray(body))
                        .build(),
                HttpResponse.BodyHandlers.discarding());
        assertThat(accepted.statusCode()).isEqualTo(202);
        awaitHeld();
        SagaRecord stopped = stop(two);
        FileSystemUtils.deleteRecursively(data("two"));

        IngestResult result = saga.awaitOutcome(stopped.sagaId());

        assertFetched(saga, result, new Original(Path.of("three.bin"), body, ""));
        assertThat(result.runs()).isEqualTo(2);
    }

    @Test
    void a_repeated_put_gives_its_waiting_saga_a_new_source(@TempDir Path folder) throws Exception {
        start(folder);
        byte[] body = threeChunks();
        SagaRecord stopped = interruptedBody(body);
        awaitWaiting(stopped.sagaId());

        JsonNode answer = put(saga.application(), "three.bin", body).join();

        assertThat(answer.path("sagaId").asText()).as("%s", answer).isEqualTo(stopped.sagaId());
        assertThat(answer.path("status").asText()).as("%s", answer).isEqualTo("COMPLETED");
        assertThat(now(stopped.sagaId()).source()).startsWithRaw(saga.data().toRealPath());
        assertThat(only().run()).isEqualTo(2);
        show(stopped.source());
        node("two");
        await().atMost(PATIENCE).until(() -> spool("two", "http").isEmpty());
    }

    @Test
    void an_operator_cancels_a_saga_whose_host_is_away(@TempDir Path folder) throws Exception {
        start(folder);
        SagaRecord stopped = interruptedBody(threeChunks());
        awaitWaiting(stopped.sagaId());

        saga.application().bundle().operator().cancel(stopped.sagaId());

        IngestResult result = saga.awaitOutcome(stopped.sagaId());
        assertThat(result.status()).as("%s", result).isEqualTo("COMPENSATED");
        assertThat(result.reason()).isEqualTo("CANCELLED");
        saga.assertNothingAnywhere();
    }

    @Test
    void a_paused_saga_that_is_resumed_elsewhere_continues_on_its_host(@TempDir Path folder) throws Exception {
        start(folder);
        Application two = node("two");
        holdSecondChunk();
        put(two, "three.bin", threeChunks());
        awaitHeld();
        String sagaId = only().sagaId();
        saga.application().bundle().operator().pause(sagaId);
        await().atMost(PATIENCE).until(() -> now(sagaId).state() == SagaState.PAUSED);
        held.countDown();
        two.close();
        others.remove(two);
        Path source = now(sagaId).source();
        hide(source);

        saga.application().bundle().operator().resume(sagaId);
        awaitWaiting(sagaId);
        show(source);
        node("two");

        IngestResult result = saga.awaitOutcome(sagaId);
        assertThat(result.status()).as("%s", result).isEqualTo("COMPLETED");
    }

    @Test
    void the_wait_for_a_host_ends_with_the_time_limit_and_not_without_an_alert(@TempDir Path folder) throws Exception {
        start(folder, "saga.time-limit", "8s");
        SagaRecord stopped = interruptedBody(threeChunks());

        IngestResult result = saga.awaitOutcome(stopped.sagaId());

        assertThat(result.status()).as("%s", result).isEqualTo("COMPENSATED");
        assertThat(result.reason()).isEqualTo("TIMEOUT");
        assertThat(result.message()).contains("host two");
        assertThat(alerts(stopped.sagaId())).isOne();
        saga.assertNothingAnywhere();
    }

    @Test
    void a_file_on_a_share_is_continued_by_another_host_where_its_inode_differs(@TempDir Path folder) throws Exception {
        start(folder);
        Application two = node("two");
        Path file = saga.file("shared.bin", 2L * CHUNK + 1000);
        Original original = Original.of(file);
        holdSecondChunk();
        CompletableFuture<IngestResult> call =
                Background.run("ingest", () -> two.bundle().operator().ingest(file));
        awaitHeld();
        mountAgain(file);
        SagaRecord stopped = stop(two);

        IngestResult result = saga.awaitOutcome(stopped.sagaId());

        assertFetched(saga, result, original);
        assertThat(result.runs()).isEqualTo(2);
        assertThat(call).isDone();
    }

    /** The same file with another inode, as another mount of its share shows it. */
    private static void mountAgain(Path file) throws IOException {
        FileTime time = Files.getLastModifiedTime(file);
        Path copy = file.resolveSibling("copy");
        Files.copy(file, copy);
        Files.setLastModifiedTime(copy, time);
        Files.move(copy, file, StandardCopyOption.ATOMIC_MOVE);
    }

    @Test
    void another_file_at_the_same_path_of_another_host_is_not_taken_for_the_source(@TempDir Path folder)
            throws Exception {
        start(folder);
        Application two = node("two");
        Path file = saga.file("local.bin", 2L * CHUNK + 1000);
        holdSecondChunk();
        Background.run("ingest", () -> two.bundle().operator().ingest(file));
        awaitHeld();
        hide(file);
        Files.write(file, new byte[2 * CHUNK + 1001]);
        SagaRecord stopped = stop(two);

        awaitWaiting(stopped.sagaId());
        Files.delete(file);
        show(file);
        IngestResult result = saga.awaitOutcome(stopped.sagaId());

        assertFetched(saga, result, Original.of(file));
    }

    @Test
    void a_file_that_its_own_host_does_not_find_any_more_is_not_waited_for(@TempDir Path folder) throws Exception {
        start(folder);
        Application two = node("two");
        Path file = saga.file("gone.bin", 2L * CHUNK + 1000);
        holdSecondChunk();
        Background.run("ingest", () -> two.bundle().operator().ingest(file));
        awaitHeld();
        Files.delete(file);
        SagaRecord stopped = stop(two);
        awaitWaiting(stopped.sagaId());

        node("two");

        IngestResult result = saga.awaitOutcome(stopped.sagaId());
        assertThat(result.status()).as("%s", result).isEqualTo("COMPENSATED");
        assertThat(result.reason()).isEqualTo("FILE_NOT_FOUND");
    }

    @Test
    void a_message_without_an_id_that_is_redelivered_to_another_node_is_one_document(@TempDir Path folder)
            throws Exception {
        String url;
        try (ServerSocket free = new ServerSocket(0)) {
            url = "tcp://127.0.0.1:" + free.getLocalPort();
        }
        EmbeddedActiveMQ broker = new EmbeddedActiveMQ();
        broker.setConfiguration(new ConfigurationImpl()
                .setSecurityEnabled(false)
                .setPersistenceEnabled(false)
                .setJMXManagementEnabled(false)
                .addAcceptorConfiguration("loopback", url));
        broker.start();
        start(folder);
        try (Connection connection = new ActiveMQConnectionFactory(url).createConnection()) {
            connection.start();
            Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE);
            Application two = node("two", "saga.jms.url", url);
            holdSecondChunk();
            byte[] body = threeChunks();
            sendWithoutId(session, body);
            awaitHeld();
            hide(only().source());
            SagaRecord stopped = stop(two);

            node("three", "saga.jms.url", url);

            IngestResult result = saga.awaitOutcome(stopped.sagaId());
            assertFetched(saga, result, new Original(Path.of("three.bin"), body, ""));
            assertThat(only().run()).isEqualTo(2);
            assertThat(now(stopped.sagaId()).source()).startsWithRaw(data("three"));
            try (MessageConsumer consumer = session.createConsumer(session.createQueue("answers"))) {
                TextMessage reply = (TextMessage) consumer.receive(PATIENCE.toMillis());
                assertThat(json(reply.getText().getBytes()).path("sagaId").asText())
                        .isEqualTo(stopped.sagaId());
            }
            await().atMost(PATIENCE).until(() -> spool("three", "jms").isEmpty());
        } finally {
            others.forEach(Application::close);
            others.clear();
            broker.stop();
        }
    }

    private static void sendWithoutId(Session session, byte[] body) throws Exception {
        BytesMessage message = session.createBytesMessage();
        message.setStringProperty("fileName", "three.bin");
        message.setJMSReplyTo(session.createQueue("answers"));
        message.writeBytes(body);
        try (MessageProducer producer = session.createProducer(session.createQueue("saga-ingest"))) {
            producer.setDisableMessageID(true);
            producer.send(message);
        }
    }
}
