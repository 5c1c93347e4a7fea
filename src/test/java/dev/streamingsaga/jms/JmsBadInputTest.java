package dev.streamingsaga.jms;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.streamingsaga.testkit.BrokerClient;
import dev.streamingsaga.testkit.StreamingSagaFixture;
import jakarta.jms.BytesMessage;
import jakarta.jms.Connection;
import jakarta.jms.JMSException;
import jakarta.jms.MapMessage;
import jakarta.jms.Message;
import jakarta.jms.MessageConsumer;
import jakarta.jms.Session;
import jakarta.jms.TextMessage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.activemq.artemis.jms.client.ActiveMQConnectionFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Bad messages: the sender gets a reply, the message moves to the dead-letter queue, and nothing else is kept. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(value = 180, threadMode = ThreadMode.SEPARATE_THREAD)
class JmsBadInputTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final long PATIENCE_MILLIS = 60_000;
    private static final int MAX = 2_000_000;

    private StreamingSagaFixture saga;
    private Path roots;
    private Path outside;
    private Connection connection;
    private Session session;

    @BeforeAll
    void start(@TempDir Path directory) throws Exception {
        Path here = directory.toRealPath();
        roots = Files.createDirectories(here.resolve("roots"));
        outside = Files.createDirectories(here.resolve("outside"));
        saga = StreamingSagaFixture.start(
                here,
                new HashMap<>(Map.of(
                        "saga.http.enabled",
                        "false",
                        "saga.jms.embedded",
                        "true",
                        "saga.jms.roots",
                        roots + ",/dev",
                        "saga.duplicates",
                        "reject",
                        "saga.file.max-size",
                        Integer.toString(MAX))));
        ActiveMQConnectionFactory factory = BrokerClient.operator(saga.data());
        connection = factory.createConnection();
        connection.start();
        session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE);
        Files.writeString(outside.resolve("secret.txt"), "secret");
        Files.createSymbolicLink(roots.resolve("link.txt"), outside.resolve("secret.txt"));
        Files.createSymbolicLink(roots.resolve("loop"), roots.resolve("loop"));
        Files.createDirectory(roots.resolve("folder"));
        Files.writeString(roots.resolve("file.txt"), "a file");
        assertThat(new ProcessBuilder("mkfifo", roots.resolve("pipe").toString())
                        .start()
                        .waitFor())
                .isZero();
    }

    @AfterAll
    void stop() throws JMSException {
        connection.close();
        saga.close();
    }

    private interface Writer {
        Message write(Session session) throws Exception;
    }

    /** @param says texts that the message of the reply must contain */
    private record Case(String what, Writer message, String code, String... says) {
        @Override
        public String toString() {
            return what;
        }
    }

    private static Case text(String what, String text, String code, String... says) {
        return new Case(what, session -> session.createTextMessage(text), code, says);
    }

    private static Case path(String what, String path, String code, String... says) {
        return text(what, "{\"path\":\"" + path + "\"}", code, says);
    }

    private static BytesMessage bytes(Session session, String name, byte[] content) throws JMSException {
        BytesMessage message = session.createBytesMessage();
        message.setStringProperty("fileName", name);
        message.writeBytes(content);
        return message;
    }

    Stream<Case> paths() {
        return Stream.of(
                path(
                        "outside the roots",
                        outside + "/secret.txt",
                        "outside-roots",
                        "secret.txt",
                        "saga.jms.roots",
                        "nothing was read",
                        "send the content"),
                path("outside, and not there", outside + "/none.txt", "outside-roots", "saga.jms.roots"),
                path("../", roots + "/../outside/secret.txt", "outside-roots", "saga.jms.roots"),
                path("a link that leads out", roots + "/link.txt", "outside-roots", "link.txt", "saga.jms.roots"),
                path("a device", "/dev/zero", "no-file", "/dev/zero", "a device", "name a regular file"),
                path(
                        "a pipe",
                        roots + "/pipe",
                        "no-file",
                        "/pipe",
                        "a pipe",
                        "nothing was read",
                        "name a regular file"),
                path("a directory", roots + "/folder", "no-file", "/folder", "a directory", "name a regular file"),
                path("nothing there", roots + "/none.txt", "no-file", "/none.txt", "nothing was read"),
                path("a loop of links", roots + "/loop", "no-file", "/loop", "cannot be reached", "nothing was read"),
                path("a file as a folder", roots + "/file.txt/x", "no-file", "cannot be reached", "nothing was read"),
                path(
                        "a name too long",
                        roots + "/" + "n".repeat(300),
                        "no-file",
                        "cannot be reached",
                        "nothing was read"),
                path("relative", "file.txt", "bad-path", "must be absolute", "file.txt"),
                path("NUL", "/a\\u0000b", "bad-path", "must be absolute", "/a?b"),
                text("a URL elsewhere", "{\"uri\":\"http://example.invalid/x\"}", "bad-json", "file:///absolute/path"),
                text(
                        "another machine's file",
                        "{\"uri\":\"file://example.invalid/x\"}",
                        "bad-json",
                        "file:///absolute/path"));
    }

    /** A client loads such a body into memory, so the broker must reject it. */
    @Test
    void large_messages_that_cannot_be_streamed_are_rejected_when_they_are_sent() throws JMSException {
        MapMessage map = session.createMapMessage();
        map.setBytes("part", new byte[9 * 1024 * 1024]);
        TextMessage text = session.createTextMessage("x".repeat(9 * 1024 * 1024));

        for (Message message : List.of(map, text)) {
            assertThatThrownBy(() -> session.createProducer(session.createQueue("saga-ingest"))
                            .send(message))
                    .isInstanceOf(JMSException.class)
                    .hasMessageContaining("only bytes messages may have more than");
        }
    }

    Stream<Case> messages() {
        String json = "{\"path\": \"/absolute/path\"}";
        return Stream.of(
                text("no JSON", "no JSON", "bad-json", json),
                text("an unknown field", "{\"path\":\"/a\",\"more\":1}", "bad-json", json),
                text("the same field twice", "{\"path\":\"/a\",\"path\":\"/b\"}", "bad-json", json),
                text("both fields", "{\"path\":\"/a\",\"uri\":\"file:///a\"}", "bad-json", json),
                text("no field", "{}", "bad-json", json),
                text("null", "null", "bad-json", json),
                text("a large text", "x".repeat(300_000), "bad-json", json, "at most 65536 characters"),
                new Case("no text", Session::createTextMessage, "bad-json", json),
                new Case(
                        "a map",
                        Session::createMapMessage,
                        "bad-message",
                        "must be text",
                        "or bytes with the property fileName"),
                new Case("a stream", Session::createStreamMessage, "bad-message", "must be text"),
                new Case(
                        "an object",
                        session -> session.createObjectMessage("serialized"),
                        "bad-message",
                        "must be text"),
                new Case("no body at all", Session::createMessage, "bad-message", "must be text"),
                new Case("bytes without a name", Session::createBytesMessage, "bad-name", "1 to 255 bytes"),
                new Case(
                        "a name that is a path",
                        session -> bytes(session, "../up.txt", new byte[10]),
                        "bad-name",
                        "../up.txt",
                        "no slash"),
                new Case(
                        "over the limit",
                        session -> bytes(session, "huge.bin", new byte[MAX + 1]),
                        "too-large",
                        "more than " + MAX + " bytes",
                        "saga.file.max-size",
                        "nothing was kept"));
    }

    private void send(Message message) throws JMSException {
        message.setJMSReplyTo(session.createQueue("answers"));
        session.createProducer(session.createQueue("saga-ingest")).send(message);
    }

    private Message receive(String queue) throws JMSException {
        try (MessageConsumer consumer = session.createConsumer(session.createQueue(queue))) {
            Message message = consumer.receive(PATIENCE_MILLIS);
            assertThat(message).as("a message in %s", queue).isNotNull();
            return message;
        }
    }

    private JsonNode reply() throws Exception {
        return JSON.readTree(((TextMessage) receive("answers")).getText());
    }

    private boolean isEmpty(String queue) throws JMSException {
        return !session.createBrowser(session.createQueue(queue))
                .getEnumeration()
                .hasMoreElements();
    }

    @ParameterizedTest
    @MethodSource({"paths", "messages"})
    void a_bad_message_is_answered_and_moved_to_the_dead_letter_queue_with_the_reason(Case bad) throws Exception {
        Map<String, List<String>> before = saga.contents();
        int sagas = saga.journal().sagas().newest(1000).size();
        Message sent = bad.message().write(session);
        sent.setStringProperty("customer", "42");
        send(sent);

        JsonNode reply = reply();

        assertThat(reply.path("status").asText()).isEqualTo("REFUSED");
        assertThat(reply.path("reason").asText()).as("%s", reply).isEqualTo(bad.code());
        assertThat(reply.path("message").asText()).contains(bad.says()).doesNotContain("Exception");
        Message aside = receive("saga-ingest-dead");
        assertThat(aside.getStringProperty("sagaReason")).isEqualTo(bad.code());
        assertThat(aside.getStringProperty("sagaMessage"))
                .isEqualTo(reply.path("message").asText());
        assertThat(aside.getStringProperty("customer"))
                .as("the sender's own property")
                .isEqualTo("42");
        if (sent instanceof BytesMessage bytes) {
            bytes.reset();
            assertThat(((BytesMessage) aside).getBodyLength()).as("unchanged").isEqualTo(bytes.getBodyLength());
        }
        assertThat(isEmpty("saga-ingest")).isTrue();
        assertThat(saga.journal().sagas().newest(1000)).hasSize(sagas);
        assertThat(saga.contents()).isEqualTo(before);
    }

    /** These messages get a saga, and its outcome is the reply. */
    @Test
    void a_document_that_the_saga_rejects_is_answered_with_its_outcome_and_stores_nothing() throws Exception {
        Path large = Files.write(roots.resolve("large.bin"), new byte[MAX + 1]);
        byte[] content = "stored once\n".getBytes();
        send(bytes(session, "twice.txt", content));
        assertThat(reply().path("status").asText()).isEqualTo("COMPLETED");
        await().atMost(Duration.ofSeconds(30))
                .untilAsserted(() -> assertThat(saga.contents()).containsEntry("jms spool", List.of()));
        Map<String, List<String>> before = saga.contents();

        send(session.createTextMessage("{\"path\":\"" + large + "\"}"));
        assertRefused(reply(), "FILE_TOO_LARGE", large.toString(), "saga.file.max-size", "nothing was written");
        send(bytes(session, "twice.txt", content));
        assertRefused(reply(), "DUPLICATE", "already stored as document", "nothing was written");

        assertThat(isEmpty("saga-ingest") && isEmpty("saga-ingest-dead")).isTrue();
        await().atMost(Duration.ofSeconds(30))
                .untilAsserted(() -> assertThat(saga.contents()).isEqualTo(before));
    }

    private static void assertRefused(JsonNode outcome, String reason, String... says) {
        assertThat(outcome.path("status").asText()).isEqualTo("COMPENSATED");
        assertThat(outcome.path("reason").asText()).isEqualTo(reason);
        assertThat(outcome.path("message").asText()).contains(says);
    }

    @Test
    void an_empty_body_is_a_document() throws Exception {
        send(bytes(session, "empty.txt", new byte[0]));

        JsonNode outcome = reply();
        assertThat(outcome.path("status").asText()).isEqualTo("COMPLETED");
        assertThat(outcome.path("sizeBytes").asLong(-1)).isZero();
    }

    @Test
    void a_truncated_body_never_becomes_a_message() throws Exception {
        Map<String, List<String>> before = saga.contents();
        InputStream breaking =
                new SequenceInputStream(new ByteArrayInputStream(new byte[1_000_000]), new InputStream() {
                    @Override
                    public int read() throws IOException {
                        throw new IOException("the sender's disk failed");
                    }
                });
        try (Session own = connection.createSession(false, Session.AUTO_ACKNOWLEDGE)) {
            BytesMessage message = own.createBytesMessage();
            message.setStringProperty("fileName", "cut.bin");
            message.setObjectProperty("JMS_AMQ_InputStream", breaking);
            assertThatThrownBy(() ->
                            own.createProducer(own.createQueue("saga-ingest")).send(message))
                    .isInstanceOf(JMSException.class);
        }

        send(bytes(session, "after.txt", "after it\n".getBytes()));
        assertThat(reply().path("file").asText())
                .as("the reply to the next message")
                .isEqualTo("after.txt");
        assertThat(isEmpty("saga-ingest") && isEmpty("saga-ingest-dead")).isTrue();
        assertThat(saga.contents().get("unfinished")).isEmpty();
        await().atMost(Duration.ofSeconds(30))
                .untilAsserted(
                        () -> assertThat(saga.contents().get("jms spool")).isEqualTo(before.get("jms spool")));
        try (Stream<Path> large = Files.list(saga.data().resolve("broker/large"))) {
            assertThat(large).as("files that the broker kept of it").isEmpty();
        }
    }
}
