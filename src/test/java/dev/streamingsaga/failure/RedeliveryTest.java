package dev.streamingsaga.failure;

import static dev.streamingsaga.testkit.ProxiedRequest.keyContains;
import static dev.streamingsaga.testkit.ProxiedRequest.method;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.streamingsaga.journal.Delivery.Redelivery;
import dev.streamingsaga.journal.OperatorCommand;
import dev.streamingsaga.journal.SagaFilter;
import dev.streamingsaga.journal.SagaQuery;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.SagaState;
import dev.streamingsaga.testkit.BrokerClient;
import dev.streamingsaga.testkit.StreamingSagaFixture;
import jakarta.jms.BytesMessage;
import jakarta.jms.Connection;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import jakarta.jms.MessageConsumer;
import jakarta.jms.Session;
import jakarta.jms.TextMessage;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** FP-46: a document whose saga was compensated for a transient reason is delivered again by its source. */
@Tag("one-jdk")
@Timeout(120)
@TestInstance(Lifecycle.PER_CLASS)
class RedeliveryTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    /** Attempts for a chunk in one saga. */
    private static final int CHUNK_ATTEMPTS = 3;

    private Path drop;
    private StreamingSagaFixture saga;
    private Connection connection;
    private Session session;
    private final HttpClient client = HttpClient.newHttpClient();

    @BeforeAll
    void start(@TempDir Path folder) throws Exception {
        Path directory = folder.toRealPath();
        drop = Files.createDirectories(directory.resolve("drop"));
        saga = StreamingSagaFixture.start(
                directory,
                new HashMap<>(Map.ofEntries(
                        Map.entry("saga.redelivery.max", "2"),
                        Map.entry("saga.redelivery.delay", "1s"),
                        Map.entry("saga.step.attempts", "1"),
                        Map.entry("saga.chunk.parallelism", "1"),
                        Map.entry("saga.compensation.retry-delay", "1s"),
                        Map.entry("saga.http.enabled", "true"),
                        Map.entry("saga.drop.dir", drop.toString()),
                        Map.entry("saga.drop.interval", "100ms"),
                        Map.entry("saga.drop.stable-for", "0s"),
                        Map.entry("saga.jms.embedded", "true"),
                        Map.entry(
                                "saga.jms.roots",
                                Files.createDirectories(directory.resolve("in")).toString()))));
        connection = BrokerClient.operator(saga.data()).createConnection();
        connection.start();
        session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE);
    }

    @AfterEach
    void repair() {
        saga.s3().clearRules();
        saga.s3().up();
    }

    /** Bodies that no saga needs any more are swept every 30 s. */
    @AfterAll
    void stop() throws Exception {
        try {
            await().atMost(PATIENCE)
                    .untilAsserted(() -> assertThat(saga.contents())
                            .containsEntry("http spool", List.of())
                            .containsEntry("jms spool", List.of())
                            .containsEntry("claims", List.of()));
        } finally {
            connection.close();
            saga.close();
        }
    }

    /** The bucket is throttled as long as one saga tries. */
    private void failOnce() {
        saga.s3()
                .when(method("PUT").and(keyContains("/chunk-")))
                .times(CHUNK_ATTEMPTS)
                .answer(503, "SlowDown");
    }

    private void failAlways() {
        saga.s3().when(method("PUT").and(keyContains("/chunk-"))).always().answer(503, "SlowDown");
    }

    /** The attempts to deliver a document, the first one first. */
    private List<SagaRecord> attempts(String name) {
        return saga.journal().sagas().newest(1000).stream()
                .filter(record -> record.fileName().equals(name))
                .sorted(Comparator.comparing(SagaRecord::sagaId))
                .toList();
    }

    private SagaRecord awaitPending(String name) {
        return await().atMost(PATIENCE)
                .until(
                        () -> attempts(name).stream()
                                .filter(record -> record.delivery().isPending())
                                .findFirst()
                                .orElse(null),
                        record -> record != null);
    }

    private void awaitStates(String name, SagaState... states) {
        await().atMost(PATIENCE)
                .untilAsserted(() ->
                        assertThat(attempts(name)).extracting(SagaRecord::state).containsExactly(states));
    }

    /** One story of two attempts, and one document. */
    private void assertDeliveredTwice(String name) {
        List<SagaRecord> attempts = attempts(name);
        assertThat(attempts).extracting(SagaRecord::state).containsExactly(SagaState.COMPENSATED, SagaState.COMPLETED);
        assertThat(attempts)
                .extracting(record -> record.delivery().id())
                .containsOnly(attempts.get(0).sagaId());
        assertThat(attempts).extracting(record -> record.delivery().attempt()).containsExactly(1, 2);
        assertThat(attempts.get(0).delivery().redelivery()).contains(Redelivery.STARTED);
        assertThat(saga.rows("relational", "relational_document WHERE file_name = '" + name + "' AND visible = 1"))
                .isOne();
        assertThat(saga.keys().stream()
                        .filter(key -> key.contains(attempts.get(0).sagaId())))
                .isEmpty();
    }

    private Path drop(String name) throws IOException {
        return Files.move(saga.text(name, 3), drop.resolve(name));
    }

    private List<String> files(String folder) throws IOException {
        Path path = drop.resolve(folder);
        if (!Files.exists(path)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(path)) {
            return files.map(file -> file.getFileName().toString()).toList();
        }
    }

    private List<String> alerts(String type, String name) throws IOException {
        return saga.report("rollback_alerts.json").stream()
                .filter(line -> line.contains("\"type\":\"" + type + "\"") && line.contains(name))
                .toList();
    }

    @Test
    void a_dropped_file_stays_until_its_redelivery_and_is_stored_once() throws Exception {
        failOnce();
        Path file = drop("dropped.txt");

        awaitPending("dropped.txt");
        assertThat(file).exists();
        assertThat(files(".failed")).doesNotContain("dropped.txt", "dropped.txt.json");

        await().atMost(PATIENCE).until(() -> files(".done").contains("dropped.txt"));
        assertDeliveredTwice("dropped.txt");
        assertThat(file).doesNotExist();
        assertThat(files(".done")).contains("dropped.txt.json");
        assertThat(files(".failed")).doesNotContain("dropped.txt", "dropped.txt.json");
    }

    @Test
    void a_dropped_file_that_fails_in_every_attempt_is_given_up_with_one_alert() throws Exception {
        failAlways();
        drop("hopeless.txt");

        await().atMost(PATIENCE).until(() -> files(".failed").contains("hopeless.txt"));

        awaitStates("hopeless.txt", SagaState.COMPENSATED, SagaState.COMPENSATED, SagaState.COMPENSATED);
        assertThat(attempts("hopeless.txt").get(2).delivery().redelivery()).contains(Redelivery.GIVEN_UP);
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(alerts("REDELIVERY_GIVEN_UP", "hopeless.txt"))
                        .singleElement()
                        .asString()
                        .contains("not stored in 3 attempts", "CRITICAL"));
        saga.s3().clearRules();
        assertThat(saga.ingest(saga.text("after.txt", 1)).status()).isEqualTo("COMPLETED");
        awaitStates("hopeless.txt", SagaState.COMPENSATED, SagaState.COMPENSATED, SagaState.COMPENSATED);
    }

    @Test
    void a_permanent_failure_is_not_delivered_again() throws Exception {
        saga.s3().when(method("PUT").and(keyContains("/chunk-"))).always().answer(400, "InvalidArgument");
        drop("refused.txt");

        await().atMost(PATIENCE).until(() -> files(".failed").contains("refused.txt"));

        assertThat(attempts("refused.txt"))
                .singleElement()
                .satisfies(record -> assertThat(record.delivery().redelivery()).isEmpty());
        assertThat(alerts("REDELIVERY_GIVEN_UP", "refused.txt")).isEmpty();
    }

    @Test
    void a_file_that_changes_before_its_redelivery_is_another_document() throws Exception {
        failOnce();
        Path file = drop("changing.txt");
        SagaRecord first = awaitPending("changing.txt");

        Files.move(saga.text("changing-next.txt", 5), file, StandardCopyOption.REPLACE_EXISTING);

        await().atMost(PATIENCE).until(() -> files(".done").contains("changing.txt"));
        assertThat(saga.journal()
                        .sagas()
                        .find(first.sagaId())
                        .orElseThrow()
                        .delivery()
                        .redelivery())
                .contains(Redelivery.REPLACED);
        assertThat(attempts("changing.txt")).hasSize(2).last().satisfies(second -> {
            assertThat(second.state()).isEqualTo(SagaState.COMPLETED);
            assertThat(second.delivery().attempt()).isOne();
        });
    }

    /** Another node on the same share: device and inode differ, size and time agree. */
    @Test
    void a_dropped_file_that_another_host_saw_through_another_mount_is_one_story() throws Exception {
        failOnce();
        drop("shared.txt");
        SagaRecord first = awaitPending("shared.txt");
        saga.execute(
                "journal",
                "UPDATE saga SET source_host = 'another', file_key = '(dev=9,ino=9)' WHERE saga_id = '" + first.sagaId()
                        + "'");

        await().atMost(PATIENCE).until(() -> files(".done").contains("shared.txt"));
        assertDeliveredTwice("shared.txt");
    }

    @Test
    void an_operator_cancels_all_pending_redeliveries_at_once() throws Exception {
        failOnce();
        client.send(put("one-of-many.txt").build(), BodyHandlers.ofString());
        SagaRecord first = awaitPending("one-of-many.txt");
        SagaQuery query = SagaQuery.ALL.filtered(SagaFilter.NONE.named("one-of-many.txt"));

        assertThat(saga.application()
                        .bundle()
                        .operator()
                        .requestAll(OperatorCommand.CANCEL, query, 10)
                        .requested())
                .isOne();

        assertThat(saga.journal()
                        .sagas()
                        .find(first.sagaId())
                        .orElseThrow()
                        .delivery()
                        .redelivery())
                .contains(Redelivery.CANCELLED);
    }

    @Test
    void a_redelivery_waits_until_all_residue_is_removed() throws Exception {
        saga.execute(
                "security",
                "CREATE TRIGGER keep BEFORE DELETE ON security_document BEGIN SELECT RAISE(ABORT, 'kept'); END");
        saga.s3()
                .when(method("PUT").and(keyContains("/manifest.json")))
                .always()
                .answer(503, "SlowDown");
        Path file = drop("residue.txt");

        SagaRecord first = awaitPending("residue.txt");
        assertThat(first.state()).isEqualTo(SagaState.PARTIALLY_COMPENSATED);
        assertThat(first.delivery().redelivery()).contains(Redelivery.AFTER_CLEANUP);
        assertThat(file).exists();
        saga.s3().clearRules();
        saga.execute("security", "DROP TRIGGER keep");

        await().atMost(PATIENCE).until(() -> files(".done").contains("residue.txt"));
        assertDeliveredTwice("residue.txt");
    }

    private HttpRequest.Builder put(String name) {
        return HttpRequest.newBuilder(saga.application().address().orElseThrow().resolve("/api/documents/" + name))
                .PUT(BodyPublishers.ofString("The keeper counted his gulls for " + name));
    }

    private HttpResponse<String> get(String path, String... headers) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(
                saga.application().address().orElseThrow().resolve(path));
        return client.send(
                headers.length == 0 ? request.build() : request.headers(headers).build(), BodyHandlers.ofString());
    }

    @Test
    void a_put_that_waits_is_answered_with_the_outcome_of_the_newest_attempt() throws Exception {
        failOnce();

        HttpResponse<String> answer =
                client.send(put("waiting.txt").header("Prefer", "wait=60").build(), BodyHandlers.ofString());

        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        assertThat(JSON.readTree(answer.body()).path("status").asText()).isEqualTo("COMPLETED");
        assertDeliveredTwice("waiting.txt");
        assertThat(answer.headers().firstValue("Location").orElse(""))
                .endsWith(attempts("waiting.txt").get(1).sagaId());
    }

    @Test
    void the_url_of_the_first_attempt_shows_the_story_and_its_outcome_follows_to_the_newest() throws Exception {
        failOnce();
        String location = client.send(put("polled.txt").build(), BodyHandlers.ofString())
                .headers()
                .firstValue("Location")
                .orElseThrow();
        awaitPending("polled.txt");

        HttpResponse<String> due = get(location + "/outcome");
        JsonNode own = JSON.readTree(get(location).body());
        HttpResponse<String> end = get(location + "/outcome", "Prefer", "wait=60");

        assertThat(due.statusCode()).as(due.body()).isEqualTo(202);
        assertThat(due.body()).contains("\"delivery\":{\"attempt\":1,\"of\":3,\"redelivery\":\"DUE\"");
        assertThat(own.at("/saga/state").asText()).isEqualTo("COMPENSATED");
        assertThat(own.at("/delivery/nextAt").asText()).isNotBlank();
        assertThat(end.statusCode()).as(end.body()).isEqualTo(200);
        assertThat(end.body()).contains("\"status\":\"COMPLETED\"");
        assertDeliveredTwice("polled.txt");
        JsonNode story = JSON.readTree(get(location).body()).path("delivery");
        assertThat(story.path("latest").asText())
                .isEqualTo(attempts("polled.txt").get(1).sagaId());
        assertThat(story.path("attempts")).hasSize(2);
    }

    @Test
    void an_operator_cancels_a_due_redelivery_and_starts_another_one_now() throws Exception {
        failOnce();
        String location = client.send(put("cancelled.txt").build(), BodyHandlers.ofString())
                .headers()
                .firstValue("Location")
                .orElseThrow();
        SagaRecord first = awaitPending("cancelled.txt");

        saga.application().bundle().operator().cancel(first.sagaId());

        assertThat(get(location + "/outcome").body()).contains("\"status\":\"COMPENSATED\"");
        assertThat(attempts("cancelled.txt")).hasSize(1);

        failOnce();
        client.send(put("resumed.txt").build(), BodyHandlers.ofString());
        SagaRecord other = awaitPending("resumed.txt");
        saga.execute(
                "journal",
                "UPDATE saga SET next_delivery_at = "
                        + Instant.now().plusSeconds(3600).toEpochMilli() + " WHERE redelivery = 'DUE' AND saga_id = '"
                        + other.sagaId() + "'");
        saga.application().bundle().operator().resume(other.sagaId());
        awaitStates("resumed.txt", SagaState.COMPENSATED, SagaState.COMPLETED);
    }

    private void send(Message message) throws JMSException {
        message.setJMSReplyTo(session.createQueue("answers"));
        message.setJMSCorrelationID("order 42");
        session.createProducer(session.createQueue("saga-ingest")).send(message);
    }

    private BytesMessage bytes(String name, byte[] content) throws JMSException {
        BytesMessage message = session.createBytesMessage();
        message.setStringProperty("fileName", name);
        message.writeBytes(content);
        return message;
    }

    private Message receive(String queue, Duration wait) throws JMSException {
        try (MessageConsumer consumer = session.createConsumer(session.createQueue(queue))) {
            return consumer.receive(wait.toMillis());
        }
    }

    private void assertOneReply(String name) throws Exception {
        Message reply = receive("answers", PATIENCE);
        assertThat(reply).as("a reply").isInstanceOf(TextMessage.class);
        assertThat(reply.getJMSCorrelationID()).isEqualTo("order 42");
        JsonNode outcome = JSON.readTree(((TextMessage) reply).getText());
        assertThat(outcome.path("status").asText()).as("%s", outcome).isEqualTo("COMPLETED");
        assertDeliveredTwice(name);
        assertThat(receive("answers", Duration.ofMillis(200)))
                .as("another reply")
                .isNull();
        assertThat(receive("saga-ingest-dead", Duration.ofMillis(200))).isNull();
    }

    @Test
    void a_large_bytes_message_is_scheduled_again_and_answered_once() throws Exception {
        failOnce();

        send(bytes("large.bin", Files.readAllBytes(saga.file("large.bin", StreamingSagaFixture.CHUNK + 1000))));

        awaitPending("large.bin");
        assertOneReply("large.bin");
    }

    @Test
    void a_small_bytes_message_is_scheduled_again_by_a_process_that_has_lost_its_body() throws Exception {
        failOnce();
        send(bytes("small.txt", "The keeper counted his gulls.".getBytes()));
        SagaRecord first = awaitPending("small.txt");

        // As if the first attempt had been made by another host.
        Files.delete(first.source());

        assertOneReply("small.txt");
    }

    @Test
    void a_claim_check_is_scheduled_again_and_answered_once() throws Exception {
        failOnce();

        send(session.createTextMessage(JSON.writeValueAsString(
                Map.of("path", saga.text("claimed.txt", 3).toString()))));

        awaitPending("claimed.txt");
        assertOneReply("claimed.txt");
    }

    @Test
    void a_message_that_fails_in_every_attempt_becomes_a_dead_letter_with_a_reply() throws Exception {
        failAlways();

        send(bytes("dead.txt", "The keeper counted his gulls.".getBytes()));

        Message letter = receive("saga-ingest-dead", PATIENCE);
        assertThat(letter).isInstanceOf(BytesMessage.class);
        assertThat(letter.getStringProperty("sagaReason")).isEqualTo("MAX_RETRIES_EXCEEDED");
        assertThat(letter.getStringProperty("fileName")).isEqualTo("dead.txt");
        Message reply = receive("answers", PATIENCE);
        assertThat(((TextMessage) reply).getText()).contains("\"status\":\"COMPENSATED\"");
        awaitStates("dead.txt", SagaState.COMPENSATED, SagaState.COMPENSATED, SagaState.COMPENSATED);
        assertThat(alerts("REDELIVERY_GIVEN_UP", "dead.txt")).hasSize(1);
        assertThat(receive("answers", Duration.ofMillis(200)))
                .as("another reply")
                .isNull();
    }
}
