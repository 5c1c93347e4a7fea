package dev.streamingsaga.page;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.streamingsaga.testkit.BrokerClient;
import dev.streamingsaga.testkit.StreamingSagaFixture;
import jakarta.jms.BytesMessage;
import jakarta.jms.Connection;
import jakarta.jms.Message;
import jakarta.jms.MessageProducer;
import jakarta.jms.Session;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** Clients of all ingestion endpoints; none waits for an outcome. */
final class IngestionEndpoints {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final StreamingSagaFixture saga;
    private final URI api;
    private final Path drop;
    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    IngestionEndpoints(StreamingSagaFixture saga, Path drop) {
        this.saga = saga;
        this.api = saga.application().address().orElseThrow();
        this.drop = drop;
    }

    /** The settings that they need. */
    static String[] settings(Path drop, Path roots) {
        return new String[] {
            "saga.drop.dir",
            drop.toString(),
            "saga.drop.interval",
            "100ms",
            "saga.drop.stable-for",
            "0s",
            "saga.http.roots",
            roots.toString(),
            "saga.jms.embedded",
            "true",
            "saga.jms.roots",
            roots.toString()
        };
    }

    void drop(Path file) throws Exception {
        Files.move(file, drop.resolve(file.getFileName()));
    }

    void put(Path file) throws Exception {
        send(HttpRequest.newBuilder(api.resolve("/api/documents/" + file.getFileName()))
                .PUT(BodyPublishers.ofFile(file)));
    }

    void post(Path file) throws Exception {
        send(HttpRequest.newBuilder(api.resolve("/api/documents"))
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(path(file))));
    }

    private void send(HttpRequest.Builder request) throws Exception {
        var answer = client.send(request.build(), BodyHandlers.ofString());
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(202);
    }

    private static String path(Path file) throws Exception {
        return JSON.writeValueAsString(Map.of("path", file.toRealPath().toString()));
    }

    void bytes(Path file) throws Exception {
        message(session -> {
            BytesMessage message = session.createBytesMessage();
            message.setStringProperty("fileName", file.getFileName().toString());
            message.writeBytes(Files.readAllBytes(file));
            return message;
        });
    }

    void claimCheck(Path file) throws Exception {
        message(session -> session.createTextMessage(path(file)));
    }

    private interface Writer {
        Message write(Session session) throws Exception;
    }

    private void message(Writer writer) throws Exception {
        try (Connection connection = BrokerClient.producer(saga.data()).createConnection();
                Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE);
                MessageProducer producer = session.createProducer(session.createQueue("saga-ingest"))) {
            producer.send(writer.write(session));
        }
    }
}
