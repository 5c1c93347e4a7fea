package dev.streamingsaga.crash;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.streamingsaga.crash.ChildJvm.End;
import dev.streamingsaga.testkit.Background;
import dev.streamingsaga.testkit.ChildJava;
import jakarta.jms.BytesMessage;
import jakarta.jms.Connection;
import jakarta.jms.JMSException;
import jakarta.jms.MessageConsumer;
import jakarta.jms.MessageProducer;
import jakarta.jms.Session;
import jakarta.jms.TextMessage;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** FP-34 for a document that is to be delivered again: the process is killed around the decision and the start. */
@Tag("one-jdk")
@Tag("own-jvm")
class RedeliveryCrashTest {
    private static final String TEXT = "The lighthouse keeper counted his gulls.\n";
    private static final Duration LIMIT = Duration.ofSeconds(100);

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
                "decided, not committed | UPDATE saga SET redelivery | after | 1",
                "about to start | UPDATE saga SET redelivery = ?, next_delivery_at = NULL | before | 1",
                "started, not committed | INSERT INTO saga | after | 2",
            })
    void fp34_a_document_is_delivered_again_once_wherever_the_process_is_killed(
            String moment, String what, String when, int nth) throws Exception {
        Path data = Files.createDirectories(directory.resolve(moment.replaceAll("[^a-z]+", "-")));
        Path drop = Files.createDirectories(data.resolveSibling(data.getFileName() + "-drop"));
        Files.writeString(drop.resolve("a.txt"), TEXT);
        Map<String, String> settings = new HashMap<>(Map.of(
                "saga.http.enabled", "false",
                "saga.drop.dir", drop.toString(),
                "saga.drop.stable-for", "0s",
                "saga.drop.interval", "100ms",
                "saga.duplicates", "version",
                "saga.patience", "0s",
                "saga.redelivery.max", "3",
                "saga.redelivery.delay", "500ms"));
        Map<String, String> kill = new HashMap<>(settings);
        // Nobody listens there: the step vector fails for a transient reason.
        kill.put("saga.embedding.provider", "http");
        kill.put("saga.embedding.url", "http://127.0.0.1:1");
        kill.put("saga.embedding.model", "none");
        kill.put("crash.at", "~" + new Point("journal", what, nth).text());
        kill.put("crash.when", when);

        End killed = ChildJvm.run(data, kill, "drop", drop.toString());
        assertThat(killed.killed()).as("killed, see %s", killed.log()).isTrue();
        assertThat(drop.resolve("a.txt")).exists();

        End end = ChildJvm.run(data, settings, "drop", drop.toString());
        assertThat(end.exit()).as("%s", end.log()).isZero();

        assertThat(drop.resolve(".done/a.txt")).exists();
        assertThat(Oracle.rows(data, "journal", "SELECT attempt || ' ' || state FROM saga ORDER BY saga_id"))
                .containsExactly("1 COMPENSATED", "2 COMPLETED");
        assertThat(Oracle.rows(data, "journal", "SELECT DISTINCT delivery FROM saga"))
                .hasSize(1);
        assertThat(Oracle.count(data, "relational", "relational_document WHERE visible = 1"))
                .isEqualTo(1);
        Lane.remove(data);
    }

    /** The sender sends once, and nobody else delivers the document again. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "http | decided, not committed | UPDATE saga SET redelivery | after | 1",
                "http | started, not committed | INSERT INTO saga | after | 2",
                "jms | decided, not committed | UPDATE saga SET redelivery | after | 1",
                "jms | scheduled, not acknowledged | UPDATE saga SET redelivery_request | after | 1",
                "jms | started, not committed | INSERT INTO saga | after | 2",
            })
    void fp34_a_body_is_delivered_again_once_wherever_the_process_is_killed(
            String endpoint, String moment, String what, String when, int nth) throws Exception {
        Path data = Files.createDirectories(directory.resolve(endpoint + moment.replaceAll("[^a-z]+", "-")));
        Path stop = data.resolveSibling(data.getFileName() + "-stop");
        Map<String, String> settings = new HashMap<>(Map.of(
                "saga.jms.embedded", Boolean.toString(endpoint.equals("jms")),
                "saga.duplicates", "version",
                "saga.patience", "0s",
                "saga.redelivery.max", "3",
                "saga.redelivery.delay", "500ms"));
        Map<String, String> kill = new HashMap<>(settings);
        kill.put("saga.embedding.provider", "http");
        kill.put("saga.embedding.url", "http://127.0.0.1:1");
        kill.put("saga.embedding.model", "none");
        kill.put("crash.at", "~" + new Point("journal", what, nth).text());
        kill.put("crash.when", when);

        CompletableFuture<End> killed =
                Background.run("killed", () -> ChildJvm.run(data, kill, "serve", stop.toString()));
        if (endpoint.equals("jms")) {
            send(data);
        } else {
            Path file = Files.writeString(data.resolveSibling(data.getFileName() + ".txt"), TEXT);
            HttpSender sender = new HttpSender(data, true);
            // Until the request has arrived: the kill breaks it off.
            await().atMost(LIMIT).until(() -> {
                sender.put(file, false);
                return sender.broken() > 0;
            });
        }
        assertThat(killed.join().killed())
                .as("killed, see %s", killed.join().log())
                .isTrue();

        CompletableFuture<End> again =
                Background.run("again", () -> ChildJvm.run(data, settings, "serve", stop.toString()));
        await().atMost(LIMIT)
                .ignoreExceptionsMatching(SQLException.class::isInstance)
                .until(() -> Oracle.count(data, "journal", "saga WHERE state = 'COMPLETED'") == 1);
        if (endpoint.equals("jms")) {
            assertOneReply(data);
        }
        Files.createFile(stop);
        assertThat(again.join().exit()).as("%s", again.join().log()).isZero();

        assertThat(Oracle.rows(data, "journal", "SELECT attempt || ' ' || state FROM saga ORDER BY saga_id"))
                .containsExactly("1 COMPENSATED", "2 COMPLETED");
        assertThat(Oracle.count(data, "relational", "relational_document WHERE visible = 1"))
                .isEqualTo(1);
        Lane.remove(data);
    }

    private static void send(Path data) throws JMSException {
        try (Connection connection = JmsCrashTest.connect(data);
                Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE);
                MessageProducer producer = session.createProducer(session.createQueue("saga-ingest"))) {
            BytesMessage message = session.createBytesMessage();
            message.setStringProperty("fileName", "a.txt");
            message.writeBytes(TEXT.getBytes(StandardCharsets.UTF_8));
            message.setJMSReplyTo(session.createQueue("answers"));
            producer.send(message);
        }
    }

    private static void assertOneReply(Path data) throws JMSException {
        try (Connection connection = JmsCrashTest.connect(data);
                Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE);
                MessageConsumer answers = session.createConsumer(session.createQueue("answers"))) {
            TextMessage reply = (TextMessage) answers.receive(LIMIT.toMillis());
            assertThat(reply.getText()).contains("\"status\":\"COMPLETED\"");
            assertThat(answers.receiveNoWait()).as("another reply").isNull();
        }
    }
}
