package dev.streamingsaga.jms;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.streamingsaga.testkit.BrokerClient;
import dev.streamingsaga.testkit.StreamingSagaFixture;
import jakarta.jms.BytesMessage;
import jakarta.jms.Connection;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import jakarta.jms.MessageConsumer;
import jakarta.jms.Session;
import jakarta.jms.TextMessage;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.io.TempDir;

/** Bodies of messages that go straight to the bucket: {@code saga.jms.staging=bucket}. */
@Timeout(value = 180, threadMode = ThreadMode.SEPARATE_THREAD)
class JmsStagingTest {
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
                        "saga.jms.staging",
                        "bucket",
                        "saga.file.max-size",
                        "20MiB")));
        connection = BrokerClient.operator(saga.data()).createConnection();
        connection.start();
        session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE);
    }

    @AfterEach
    void stop() throws JMSException {
        connection.close();
        saga.close();
    }

    private JsonNode reply(String name, byte[] content) throws Exception {
        BytesMessage message = session.createBytesMessage();
        message.setStringProperty("fileName", name);
        message.writeBytes(content);
        message.setJMSReplyTo(session.createQueue("answers"));
        session.createProducer(session.createQueue("saga-ingest")).send(message);
        return JSON.readTree(((TextMessage) receive("answers")).getText());
    }

    private Message receive(String queue) throws JMSException {
        try (MessageConsumer consumer = session.createConsumer(session.createQueue(queue))) {
            Message message = consumer.receive(PATIENCE_MILLIS);
            assertThat(message).as("a message in " + queue).isNotNull();
            return message;
        }
    }

    @Test
    void a_body_of_any_size_becomes_a_document_without_a_copy_on_this_host() throws Exception {
        JsonNode small = reply("small.txt", "The keeper counts his gulls.".getBytes(StandardCharsets.UTF_8));
        assertThat(small.path("status").asText()).isEqualTo("COMPLETED");

        byte[] content = Files.readAllBytes(saga.file("large.bin", 2L * StreamingSagaFixture.CHUNK + 12_345));
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
        assertThat(saga.keys()).hasSize(2 + 4);
        assertThat(saga.contents().get("jms spool")).isEmpty();
    }

    @Test
    void a_body_that_is_too_large_is_set_aside_and_leaves_nothing_in_the_bucket() throws Exception {
        reply("huge.bin", new byte[21 << 20]);
        assertThat(receive("saga-ingest-dead").getStringProperty("sagaReason")).isEqualTo("too-large");
        assertThat(saga.keys()).isEmpty();
    }
}
