package dev.streamingsaga.crash;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.streamingsaga.crash.ChildJvm.End;
import dev.streamingsaga.testkit.Background;
import dev.streamingsaga.testkit.BrokerClient;
import dev.streamingsaga.testkit.ChildJava;
import jakarta.jms.BytesMessage;
import jakarta.jms.Connection;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import jakarta.jms.MessageProducer;
import jakarta.jms.Session;
import jakarta.jms.TextMessage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** FP-34 for a message: application and broker are killed together and restarted. */
@Tag("one-jdk")
@Tag("own-jvm")
class JmsCrashTest {
    private static final String TEXT = "The lighthouse keeper counted his gulls.\n";
    private static final Duration LIMIT = Duration.ofSeconds(60);

    @TempDir
    static Path directory;

    @BeforeAll
    static void prepare() {
        ChildJava.prepare();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "before-the-saga | bytes | journal | INSERT INTO source_claim | before",
                "during-the-upload | bytes | s3 | PutObject saga/*/chunk | after",
                "during-the-upload | path | s3 | PutObject saga/*/chunk | after",
                // Publishing a completed document is the last change in the journal.
                "after-the-outcome | bytes | journal | UPDATE saga SET published_at | after",
            })
    void fp34_a_message_becomes_one_document_and_one_reply_wherever_the_process_is_killed(
            String moment, String form, String kind, String what, String when) throws Exception {
        Path data = Files.createDirectories(directory.resolve(moment + "-" + form));
        Path stop = data.resolveSibling(data.getFileName() + "-stop");
        Path source = Files.writeString(data.resolveSibling(data.getFileName() + ".txt"), TEXT);
        Map<String, String> settings = new HashMap<>(Map.of(
                "saga.http.enabled",
                "false",
                "saga.jms.embedded",
                "true",
                "saga.jms.roots",
                directory.toRealPath().toString(),
                "saga.duplicates",
                "version"));
        Map<String, String> kill = new HashMap<>(settings);
        kill.put("crash.at", "~" + new Point(kind, what, 1).text());
        kill.put("crash.when", when);

        CompletableFuture<End> killed =
                Background.run("killed", () -> ChildJvm.run(data, kill, "serve", stop.toString()));
        try (Connection connection = connect(data);
                Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE);
                MessageProducer producer = session.createProducer(session.createQueue("saga-ingest"))) {
            Message message = form.equals("path")
                    ? session.createTextMessage(new ObjectMapper()
                            .writeValueAsString(
                                    Map.of("path", source.toRealPath().toString())))
                    : bytes(session);
            message.setJMSReplyTo(session.createQueue("answers"));
            producer.send(message);
            assertThat(killed.join().killed())
                    .as("killed, see %s", killed.join().log())
                    .isTrue();
        }

        CompletableFuture<End> again =
                Background.run("again", () -> ChildJvm.run(data, settings, "serve", stop.toString()));
        JsonNode answer;
        try (Connection connection = connect(data);
                Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE)) {
            Message reply =
                    session.createConsumer(session.createQueue("answers")).receive(LIMIT.toMillis());
            assertThat(reply).as("a reply").isInstanceOf(TextMessage.class);
            answer = new ObjectMapper().readTree(((TextMessage) reply).getText());
            assertThat(session.createConsumer(session.createQueue("answers")).receiveNoWait())
                    .as("another reply")
                    .isNull();
            assertThat(session.createConsumer(session.createQueue("saga-ingest-dead"))
                            .receiveNoWait())
                    .as("a dead letter")
                    .isNull();
        }
        Files.createFile(stop);
        assertThat(again.join().exit()).as("%s", again.join().log()).isZero();

        assertThat(Oracle.rows(data, "journal", "SELECT saga_id || ' ' || state FROM saga"))
                .containsExactly(answer.path("sagaId").asText() + " COMPLETED");
        assertThat(Oracle.count(data, "relational", "relational_document WHERE visible = 1"))
                .isEqualTo(1);
        Lane.remove(data);
    }

    private static BytesMessage bytes(Session session) throws JMSException {
        BytesMessage message = session.createBytesMessage();
        message.setStringProperty("fileName", "a.txt");
        message.writeBytes(TEXT.getBytes());
        return message;
    }

    /** Connects as soon as the broker answers. */
    static Connection connect(Path data) {
        return await().atMost(LIMIT)
                .ignoreExceptions()
                .until(
                        () -> {
                            Connection connection = BrokerClient.operator(data).createConnection();
                            connection.start();
                            return connection;
                        },
                        connection -> connection != null);
    }
}
