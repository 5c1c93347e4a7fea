package dev.streamingsaga.jms;

import static dev.streamingsaga.testkit.ProxiedRequest.keyContains;
import static dev.streamingsaga.testkit.ProxiedRequest.method;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.streamingsaga.journal.Delivery.Redelivery;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.SagaState;
import dev.streamingsaga.testkit.BrokerClient;
import dev.streamingsaga.testkit.StreamingSagaFixture;
import jakarta.jms.BytesMessage;
import jakarta.jms.Connection;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import jakarta.jms.MessageConsumer;
import jakarta.jms.MessageProducer;
import jakarta.jms.Session;
import jakarta.jms.TextMessage;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.io.TempDir;

/** Bodies of messages that go straight to the bucket: {@code saga.jms.staging=bucket}. */
@Timeout(value = 180, threadMode = ThreadMode.SEPARATE_THREAD)
@TestInstance(Lifecycle.PER_CLASS)
class JmsStagingTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration PATIENCE = Duration.ofSeconds(90);

    private Path directory;
    private StreamingSagaFixture saga;
    private Connection connection;
    private Session session;

    @BeforeAll
    void start(@TempDir Path folder) throws Exception {
        directory = folder.toRealPath();
        saga = StreamingSagaFixture.start(
                directory,
                new HashMap<>(Map.of(
                        "saga.http.enabled",
                        "false",
                        "saga.jms.embedded",
                        "true",
                        "saga.jms.staging",
                        "bucket",
                        "saga.step.attempts",
                        "1",
                        "saga.redelivery.max",
                        "1",
                        "saga.redelivery.delay",
                        "1s",
                        "saga.file.max-size",
                        "20MiB")));
        connection = BrokerClient.operator(saga.data()).createConnection();
        connection.start();
        session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE);
    }

    @AfterEach
    void repair() {
        saga.s3().clearRules();
    }

    @AfterAll
    void stop() throws JMSException {
        connection.close();
        saga.close();
    }

    private JsonNode reply(String name, byte[] content) throws Exception {
        send(name, content);
        return reply();
    }

    private void send(String name, byte[] content) throws JMSException {
        try (MessageProducer producer = session.createProducer(session.createQueue("saga-ingest"))) {
            producer.send(bytes(name, content));
        }
    }

    private BytesMessage bytes(String name, byte[] content) throws JMSException {
        BytesMessage message = session.createBytesMessage();
        message.setStringProperty("fileName", name);
        message.writeBytes(content);
        message.setJMSReplyTo(session.createQueue("answers"));
        return message;
    }

    private JsonNode reply() throws Exception {
        JsonNode reply = JSON.readTree(((TextMessage) receive("answers", PATIENCE)).getText());
        assertThat(receive("answers", Duration.ofMillis(200)))
                .as("another reply")
                .isNull();
        return reply;
    }

    private Message receive(String queue, Duration wait) throws JMSException {
        try (MessageConsumer consumer = session.createConsumer(session.createQueue(queue))) {
            return consumer.receive(wait.toMillis());
        }
    }

    private List<String> keys(JsonNode outcome) {
        return saga.keys().stream()
                .filter(key -> key.contains(outcome.path("sagaId").asText()))
                .toList();
    }

    private static byte[] text(String content) {
        return content.getBytes(StandardCharsets.UTF_8);
    }

    private byte[] large(String name) throws Exception {
        return Files.readAllBytes(saga.file(name, 2L * StreamingSagaFixture.CHUNK + 12_345));
    }

    @Test
    void a_body_of_any_size_becomes_a_document_without_a_copy_on_this_host() throws Exception {
        JsonNode small = reply("small.txt", text("The keeper counts his gulls."));
        assertThat(small.path("status").asText()).isEqualTo("COMPLETED");

        byte[] content = large("large.bin");
        JsonNode large = reply("large.bin", content);
        assertThat(large.path("status").asText()).as("%s", large).isEqualTo("COMPLETED");
        assertThat(large.path("file").asText()).isEqualTo("large.bin");
        assertThat(large.path("chunkCount").asInt()).isEqualTo(3);
        Path copy = directory.resolve("copy");
        saga.application().bundle().operator().fetch(large.path("documentId").asText(), copy);
        assertThat(copy).hasBinaryContent(content);

        assertThat(reply("large.bin", content).path("sagaId"))
                .as("the same again")
                .isEqualTo(large.path("sagaId"));
        assertThat(keys(small)).hasSize(2);
        assertThat(keys(large)).hasSize(4);
        assertThat(saga.contents().get("jms spool")).isEmpty();
    }

    @Test
    void a_body_that_is_too_large_is_set_aside_and_leaves_nothing_in_the_bucket() throws Exception {
        List<String> before = saga.keys();
        reply("huge.bin", new byte[21 << 20]);
        assertThat(receive("saga-ingest-dead", PATIENCE).getStringProperty("sagaReason"))
                .isEqualTo("too-large");
        assertThat(saga.keys()).isEqualTo(before);
    }

    /** The body is complete and verified; then the bucket is throttled. */
    private void failInFinalize() {
        saga.s3()
                .when(method("PUT").and(keyContains("/manifest.json")))
                .always()
                .answer(503, "SlowDown");
    }

    private List<SagaRecord> attempts(String name) {
        return saga.journal().sagas().newest(1000).stream()
                .filter(record -> record.fileName().equals(name))
                .filter(record ->
                        record.reason().filter(Reason.DUPLICATE::equals).isEmpty())
                .sorted(Comparator.comparing(SagaRecord::sagaId))
                .toList();
    }

    private SagaRecord awaitPending(String name) {
        await().atMost(PATIENCE)
                .until(() -> attempts(name).stream()
                        .anyMatch(attempt -> attempt.delivery().isPending()));
        return attempts(name).get(0);
    }

    private void assertDeliveredTwice(String name) throws Exception {
        JsonNode outcome = reply();
        assertThat(outcome.path("status").asText()).as("%s", outcome).isEqualTo("COMPLETED");
        List<SagaRecord> attempts = attempts(name);
        assertThat(attempts).extracting(SagaRecord::state).containsExactly(SagaState.COMPENSATED, SagaState.COMPLETED);
        assertThat(attempts).extracting(record -> record.delivery().attempt()).containsExactly(1, 2);
        assertThat(attempts)
                .extracting(record -> record.delivery().id())
                .containsOnly(attempts.get(0).sagaId());
        assertThat(attempts.get(0).delivery().redelivery()).contains(Redelivery.STARTED);
        assertThat(keys(outcome)).isNotEmpty();
        assertThat(saga.keys()).noneMatch(key -> key.contains(attempts.get(0).sagaId()));
        assertThat(receive("saga-ingest-dead", Duration.ofMillis(200))).isNull();
        await().atMost(PATIENCE)
                .untilAsserted(
                        () -> assertThat(saga.contents().get("jms spool")).isEmpty());
    }

    @Test
    void a_small_body_whose_saga_fails_later_is_delivered_again_and_answered_once() throws Exception {
        failInFinalize();
        send("small-again.txt", text("The keeper counts his gulls again."));

        SagaRecord first = awaitPending("small-again.txt");
        saga.s3().clearRules();

        assertThat(first.state()).isEqualTo(SagaState.COMPENSATED);
        assertDeliveredTwice("small-again.txt");
    }

    @Test
    void a_large_body_whose_saga_fails_later_is_delivered_again_and_answered_once() throws Exception {
        failInFinalize();
        byte[] content = large("large-again.bin");
        send("large-again.bin", content);

        awaitPending("large-again.bin");
        saga.s3().clearRules();

        assertDeliveredTwice("large-again.bin");
        Path copy = directory.resolve("copy-again");
        SagaRecord stored = attempts("large-again.bin").get(1);
        saga.application()
                .bundle()
                .operator()
                .fetch(stored.document().orElseThrow().documentId(), copy);
        assertThat(copy).hasBinaryContent(content);
    }

    @Test
    void a_large_body_without_a_message_id_waits_for_its_redelivery_as_one_document() throws Exception {
        failInFinalize();
        try (MessageProducer producer = session.createProducer(session.createQueue("saga-ingest"))) {
            producer.setDisableMessageID(true);
            producer.send(bytes("nameless.bin", large("nameless.bin")));
        }

        awaitPending("nameless.bin");
        saga.s3().clearRules();

        assertDeliveredTwice("nameless.bin");
    }

    @Test
    void a_large_body_that_fails_in_every_attempt_becomes_a_dead_letter_with_a_reply() throws Exception {
        failInFinalize();
        byte[] content = large("hopeless.bin");
        send("hopeless.bin", content);

        JsonNode outcome = reply();

        assertThat(outcome.path("status").asText()).isEqualTo("COMPENSATED");
        assertThat(attempts("hopeless.bin"))
                .extracting(SagaRecord::state)
                .containsExactly(SagaState.COMPENSATED, SagaState.COMPENSATED);
        assertThat(attempts("hopeless.bin").get(1).delivery().redelivery()).contains(Redelivery.GIVEN_UP);
        BytesMessage letter = (BytesMessage) receive("saga-ingest-dead", PATIENCE);
        assertThat(letter.getStringProperty("sagaReason"))
                .isEqualTo(outcome.path("reason").asText());
        assertThat(letter.getBodyLength()).isEqualTo(content.length);
        assertThat(keys(outcome)).isEmpty();
    }
}
