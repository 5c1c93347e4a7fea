package dev.streamingsaga.jms;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.streamingsaga.access.SecurityLabel;
import dev.streamingsaga.audit.AuditEntry;
import dev.streamingsaga.audit.AuditFilter;
import dev.streamingsaga.testkit.BrokerClient;
import dev.streamingsaga.testkit.StreamingSagaFixture;
import jakarta.jms.BytesMessage;
import jakarta.jms.Connection;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import jakarta.jms.MessageConsumer;
import jakarta.jms.Queue;
import jakarta.jms.Session;
import jakarta.jms.TextMessage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.io.TempDir;

/** A real, durable broker on loopback, and an ordinary JMS client. */
@Timeout(value = 180, threadMode = ThreadMode.SEPARATE_THREAD)
class JmsTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final long PATIENCE_MILLIS = 90_000;

    @TempDir
    Path directory;

    private StreamingSagaFixture saga;
    private Connection connection;
    private Session session;

    @BeforeEach
    void start() throws Exception {
        directory = directory.toRealPath();
        saga = StreamingSagaFixture.start(
                directory,
                new HashMap<>(Map.of(
                        "saga.http.enabled",
                        "false",
                        "saga.jms.embedded",
                        "true",
                        "saga.jms.roots",
                        Files.createDirectories(directory.resolve("in")).toString(),
                        "saga.duplicates",
                        "version",
                        "saga.file.max-size",
                        "20MiB")));
        connect();
    }

    private void connect() throws IOException, JMSException {
        connection = BrokerClient.producer(saga.data()).createConnection();
        connection.start();
        session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE);
    }

    @AfterEach
    void stop() throws JMSException {
        connection.close();
        saga.close();
    }

    private void send(Message message) throws JMSException {
        session.createProducer(session.createQueue("saga-ingest")).send(message);
    }

    private JsonNode reply(Message request) throws Exception {
        Queue answers = session.createQueue("answers");
        request.setJMSReplyTo(answers);
        send(request);
        return reply();
    }

    private JsonNode reply() throws Exception {
        try (MessageConsumer consumer = session.createConsumer(session.createQueue("answers"))) {
            Message reply = consumer.receive(PATIENCE_MILLIS);
            assertThat(reply).as("a reply").isInstanceOf(TextMessage.class);
            return JSON.readTree(((TextMessage) reply).getText());
        }
    }

    private TextMessage path(Path file) throws Exception {
        return session.createTextMessage(JSON.writeValueAsString(Map.of("path", file.toString())));
    }

    private BytesMessage bytes(String name, byte[] content) throws JMSException {
        BytesMessage message = session.createBytesMessage();
        message.setStringProperty("fileName", name);
        message.writeBytes(content);
        return message;
    }

    private List<String> spool() throws IOException {
        try (Stream<Path> files = Files.list(saga.data().resolve("spool/jms"))) {
            return files.map(file -> file.getFileName().toString()).toList();
        }
    }

    @Test
    void a_claim_check_is_answered_with_the_outcome() throws Exception {
        Path file = saga.text("a.txt", 20);

        JsonNode byPath = reply(path(file));
        JsonNode byUri = reply(session.createTextMessage(
                "{\"uri\":\"" + saga.text("b c.txt", 5).toUri() + "\"}"));

        assertThat(byPath.path("status").asText()).isEqualTo("COMPLETED");
        assertThat(byPath.path("file").asText()).isEqualTo(file.toString());
        assertThat(byPath.path("stores").path("relational").asLong()).isEqualTo(1);
        assertThat(byPath.path("warnings").toString()).isEqualTo("[]");
        assertThat(byUri.path("status").asText()).isEqualTo("COMPLETED");
    }

    @Test
    void a_large_body_is_streamed_through_the_spool_which_is_empty_afterwards() throws Exception {
        byte[] content = Files.readAllBytes(saga.file("large.bin", 2L * StreamingSagaFixture.CHUNK + 12_345));

        JsonNode outcome = reply(bytes("gross & schön.bin", content));

        assertThat(outcome.path("status").asText()).isEqualTo("COMPLETED");
        assertThat(outcome.path("file").asText()).isEqualTo("gross & schön.bin");
        assertThat(outcome.path("sizeBytes").asLong()).isEqualTo(content.length);
        assertThat(outcome.path("chunkCount").asInt()).isEqualTo(3);
        assertThat(spool()).isEmpty();
    }

    @Test
    void a_message_can_name_the_owner_and_classification_of_its_document() throws Exception {
        byte[] content = "of the board".getBytes(StandardCharsets.UTF_8);
        BytesMessage message = bytes("board.txt", content);
        message.setStringProperty("owner", "board");
        message.setStringProperty("classification", "confidential");
        TextMessage named = path(saga.text("legal.txt", 5));
        named.setStringProperty("owner", "legal");
        BytesMessage wrong = bytes("wrong.txt", content);
        wrong.setStringProperty("classification", "secret");

        String sagaId = reply(message).path("sagaId").asText();

        assertThat(saga.journal().labels().of(sagaId)).contains(new SecurityLabel("board", "confidential"));
        assertThat(saga.text(
                        "security",
                        "select owner || ' ' || classification from security_document where saga_id = '" + sagaId
                                + "'"))
                .isEqualTo("board confidential");
        assertThat(saga.journal().labels().of(reply(named).path("sagaId").asText()))
                .contains(new SecurityLabel("legal", "internal"));
        assertThat(reply(wrong).path("status").asText()).isEqualTo("REFUSED");
        assertThat(reply(bytes("board.txt", content)).path("sagaId").asText())
                .as("another owner, another document")
                .isNotEqualTo(sagaId);
        assertThat(saga.journal().audit().page(AuditFilter.ALL, 0, 1000))
                .filteredOn(
                        entry -> entry.sagaId().equals(sagaId) && entry.action().equals("INGEST"))
                .singleElement()
                .returns("MESSAGE", AuditEntry::kind);
    }

    @Test
    void properties_of_a_message_have_no_effect() throws Exception {
        TextMessage message = path(saga.text("a.txt", 5));
        message.setStringProperty("Long_HYPHEN_Running_HYPHEN_Action", "http://127.0.0.1:1/lra-coordinator/evil");
        message.setStringProperty("LONG_HYPHEN_running_HYPHEN_ACTION", "http://127.0.0.1:1/lra-coordinator/evil");
        message.setStringProperty("CamelJmsDestinationName", "elsewhere");
        message.setStringProperty("camelAwsS3Key", "evil");

        assertThat(reply(message).path("status").asText()).isEqualTo("COMPLETED");

        assertThat(saga.keys()).noneMatch(key -> key.contains("evil"));
    }
}
