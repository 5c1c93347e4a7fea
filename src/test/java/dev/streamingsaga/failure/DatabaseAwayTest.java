package dev.streamingsaga.failure;

import static dev.streamingsaga.testkit.ProxiedRequest.keyContains;
import static dev.streamingsaga.testkit.ProxiedRequest.method;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.SagaState;
import dev.streamingsaga.testkit.BrokerClient;
import dev.streamingsaga.testkit.PostgresServer;
import dev.streamingsaga.testkit.StreamingSagaFixture;
import dev.streamingsaga.testkit.TcpGate;
import jakarta.jms.BytesMessage;
import jakarta.jms.Connection;
import jakarta.jms.JMSException;
import jakarta.jms.Session;
import jakarta.jms.TextMessage;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** FP-46: a store's database stays away for longer than patience, and then its documents are delivered again. */
@Tag("one-jdk")
@Timeout(180)
class DatabaseAwayTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration PATIENCE = Duration.ofSeconds(90);
    private static final byte[] TEXT = "The keeper counts his gulls.".getBytes(StandardCharsets.UTF_8);
    private static final List<String> NAMES = List.of("dropped.txt", "message.txt", "put.txt");

    @TempDir
    Path directory;

    private StreamingSagaFixture saga;

    @Test
    void fp_46_documents_of_every_endpoint_are_delivered_again_when_the_database_is_back() throws Exception {
        Path drop = Files.createDirectories(directory.toRealPath().resolve("drop"));
        try (PostgresServer postgres = PostgresServer.installed();
                TcpGate gate = new TcpGate(
                        URI.create(postgres.url().substring("jdbc:".length())).getPort())) {
            saga = StreamingSagaFixture.start(
                    directory,
                    new HashMap<>(Map.ofEntries(
                            Map.entry(
                                    "saga.store.relational.url",
                                    "jdbc:postgresql://127.0.0.1:" + gate.port() + "/postgres?user=saga"),
                            Map.entry("saga.store.relational.timeout", "1s"),
                            Map.entry("saga.patience", "2s"),
                            Map.entry("saga.step.attempts", "1"),
                            Map.entry("saga.compensation.retry-delay", "1s"),
                            Map.entry("saga.redelivery.max", "3"),
                            Map.entry("saga.redelivery.delay", "1s"),
                            Map.entry("saga.concurrency", "3"),
                            Map.entry("saga.http.enabled", "true"),
                            Map.entry("saga.jms.embedded", "true"),
                            Map.entry("saga.drop.dir", drop.toString()),
                            Map.entry("saga.drop.interval", "100ms"),
                            Map.entry("saga.drop.stable-for", "0s"))));
            try (Connection connection = BrokerClient.operator(saga.data()).createConnection()) {
                connection.start();
                deliver(drop, gate, connection.createSession(false, Session.AUTO_ACKNOWLEDGE));
            } finally {
                saga.close();
            }
        }
    }

    private void deliver(Path drop, TcpGate gate, Session session) throws Exception {
        CountDownLatch away = new CountDownLatch(1);
        saga.s3().when(method("PUT").and(keyContains("/chunk-"))).times(3).delay(away);
        Files.move(Files.write(directory.resolve("draft"), TEXT), drop.resolve("dropped.txt"));
        URI location = put();
        send(session);
        await().atMost(PATIENCE)
                .until(() -> attempts()
                                .filter(record -> record.state() == SagaState.UPLOADING)
                                .count()
                        == 3);

        gate.shut();
        away.countDown();
        await().atMost(PATIENCE)
                .until(() -> attempts()
                                .filter(record -> record.delivery().isPending())
                                .count()
                        == 3);
        assertThat(drop.resolve("dropped.txt")).exists();
        gate.open();

        await().atMost(PATIENCE)
                .until(() -> attempts()
                                .filter(record -> record.state() == SagaState.COMPLETED)
                                .count()
                        == 3);
        assertThat(attempts().sorted(Comparator.comparing(SagaRecord::fileName).thenComparing(SagaRecord::sagaId)))
                .extracting(
                        record -> record.fileName() + " " + record.delivery().attempt() + " " + record.state())
                .isEqualTo(NAMES.stream()
                        .flatMap(name -> Stream.of(name + " 1 COMPENSATED", name + " 2 COMPLETED"))
                        .toList());
        await().atMost(PATIENCE).until(() -> Files.exists(drop.resolve(".done/dropped.txt")));
        assertThat(outcome(location).path("status").asText()).isEqualTo("COMPLETED");
        TextMessage reply = (TextMessage)
                session.createConsumer(session.createQueue("answers")).receive(PATIENCE.toMillis());
        assertThat(reply.getText()).contains("\"status\":\"COMPLETED\"");
        assertThat(saga.keys()).hasSize(6);
    }

    private Stream<SagaRecord> attempts() {
        return saga.journal().sagas().newest(100).stream();
    }

    private URI put() throws IOException, InterruptedException {
        URI address = saga.application().address().orElseThrow();
        HttpRequest request = HttpRequest.newBuilder(address.resolve("/api/documents/put.txt"))
                .PUT(BodyPublishers.ofByteArray(TEXT))
                .build();
        return address.resolve(HttpClient.newHttpClient()
                .send(request, BodyHandlers.discarding())
                .headers()
                .firstValue("Location")
                .orElseThrow());
    }

    private static JsonNode outcome(URI location) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create(location + "/outcome"))
                .header("Prefer", "wait=60")
                .build();
        return JSON.readTree(HttpClient.newHttpClient()
                .send(request, BodyHandlers.ofString())
                .body());
    }

    private static void send(Session session) throws JMSException {
        BytesMessage message = session.createBytesMessage();
        message.setStringProperty("fileName", "message.txt");
        message.writeBytes(TEXT);
        message.setJMSReplyTo(session.createQueue("answers"));
        session.createProducer(session.createQueue("saga-ingest")).send(message);
    }
}
