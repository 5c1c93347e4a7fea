package dev.streamingsaga.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.testkit.BrokerClient;
import dev.streamingsaga.testkit.StreamingSagaFixture;
import jakarta.jms.BytesMessage;
import jakarta.jms.Connection;
import jakarta.jms.Session;
import java.net.Socket;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** All ingestion endpoints have the same rule for names. */
@Tag("one-jdk")
@Timeout(180)
class DocumentNamesTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String JOINED = "👩\u200D💻 می\u200Cخواهم.txt";
    private static final String TURNED = "a\u202Etxt.exe";
    private static final String TURNED_CLEANED = "a%E2%80%AEtxt.exe";

    @TempDir
    Path directory;

    private StreamingSagaFixture saga;
    private ApiClient api;

    private void start(Path here, String... more) throws Exception {
        Map<String, String> settings =
                new HashMap<>(Map.of("saga.http.enabled", "true", "saga.http.roots", directory.toString()));
        for (int i = 0; i < more.length; i += 2) {
            settings.put(more[i], more[i + 1]);
        }
        saga = StreamingSagaFixture.start(here, settings);
        api = new ApiClient(saga.application().address().orElseThrow());
    }

    @AfterEach
    void stop() {
        saga.close();
    }

    /** Name of the newest document, after this number of sagas has ended. */
    private String nameOf(int sagas) {
        await().atMost(PATIENCE)
                .until(() -> saga.journal().sagas().newest(10).size() == sagas
                        && saga.journal().sagas().newest(10).stream()
                                .allMatch(s -> s.state().isFinal()));
        return saga.journal().sagas().newest(1).get(0).document().orElseThrow().fileName();
    }

    private void message(String name, String content) throws Exception {
        try (Connection connection = BrokerClient.producer(saga.data()).createConnection();
                Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE)) {
            BytesMessage message = session.createBytesMessage();
            message.setStringProperty("fileName", name);
            message.writeBytes(content.getBytes(StandardCharsets.UTF_8));
            session.createProducer(session.createQueue("saga-ingest")).send(message);
        }
    }

    @Test
    void joiners_are_kept_by_every_endpoint() throws Exception {
        Path drop = Files.createDirectories(directory.resolve("drop"));
        start(
                directory,
                "saga.drop.dir",
                drop.toString(),
                "saga.drop.interval",
                "100ms",
                "saga.drop.stable-for",
                "0s",
                "saga.jms.embedded",
                "true");

        assertThat(api.put(URLEncoder.encode(JOINED, StandardCharsets.UTF_8).replace("+", "%20"), "put".getBytes())
                        .status())
                .isEqualTo(202);
        assertThat(nameOf(1)).as("PUT").isEqualTo(JOINED);
        Path file = Files.writeString(directory.resolve(JOINED), "post");
        assertThat(api.post("/api/documents", new ObjectMapper().writeValueAsString(Map.of("path", file.toString())))
                        .status())
                .isEqualTo(202);
        assertThat(nameOf(2)).as("POST").isEqualTo(JOINED);
        message(JOINED, "jms");
        assertThat(nameOf(3)).as("JMS").isEqualTo(JOINED);
        Files.move(Files.writeString(directory.resolve("draft"), "drop"), drop.resolve(JOINED));
        assertThat(nameOf(4)).as("drop folder").isEqualTo(JOINED);
        await().atMost(PATIENCE)
                .untilAsserted(
                        () -> assertThat(drop.resolve(".done").resolve(JOINED)).exists());
        Path own = Files.writeString(directory.resolve("own " + JOINED), "by Java");
        assertThat(saga.ingest(own).status()).isEqualTo("COMPLETED");
        assertThat(nameOf(5)).as("direct:saga-ingest").isEqualTo("own " + JOINED);
    }

    @Test
    void a_name_with_a_direction_mark_is_rejected_from_a_sender_and_encoded_for_a_file() throws Exception {
        Path drop = Files.createDirectories(directory.resolve("drop"));
        start(
                directory,
                "saga.drop.dir",
                drop.toString(),
                "saga.drop.interval",
                "100ms",
                "saga.drop.stable-for",
                "0s",
                "saga.jms.embedded",
                "true");

        assertThat(api.put(URLEncoder.encode(TURNED, StandardCharsets.UTF_8), "put".getBytes())
                        .problem())
                .isEqualTo("bad-name");
        message(TURNED, "jms");
        Files.move(Files.writeString(directory.resolve("draft"), "drop"), drop.resolve(TURNED));
        assertThat(nameOf(1)).as("drop folder").isEqualTo(TURNED_CLEANED);
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(drop.resolve(".done").resolve(TURNED))
                        .exists()
                        .hasContent("drop"));
        assertThat(saga.journal().sagas().newest(1).get(0).source().getFileName())
                .hasToString(TURNED);
        Path file = Files.writeString(directory.resolve(TURNED), "post");
        assertThat(api.post("/api/documents", new ObjectMapper().writeValueAsString(Map.of("path", file.toString())))
                        .status())
                .isEqualTo(202);
        assertThat(nameOf(2)).as("POST").isEqualTo(TURNED_CLEANED);
    }

    @Test
    void raw_utf_8_in_a_request_line_is_accepted_and_other_bytes_are_rejected() throws Exception {
        start(directory);
        assertThat(raw("PUT /api/documents/", JOINED.replace(" ", "").getBytes(StandardCharsets.UTF_8)))
                .startsWith("HTTP/1.1 202");
        assertThat(nameOf(1)).isEqualTo(JOINED.replace(" ", ""));
        assertThat(raw("PUT /api/documents/", "näme.txt".getBytes(StandardCharsets.ISO_8859_1)))
                .startsWith("HTTP/1.1 400")
                .contains("bad-encoding");
        assertThat(raw("GET /api/sagas?state=", "ä".getBytes(StandardCharsets.UTF_8)))
                .startsWith("HTTP/1.1 400")
                .contains("unknown state \\\"ä\\\"");
        assertThat(raw("GET /api/sagas?state=", new byte[] {(byte) 0xE4}))
                .startsWith("HTTP/1.1 400")
                .contains("bad-encoding");
        assertThat(saga.journal().sagas().newest(10)).hasSize(1);
    }

    private String raw(String before, byte[] bytes) throws Exception {
        try (Socket socket = api.socket()) {
            ApiClient.write(
                    socket,
                    before + new String(bytes, StandardCharsets.ISO_8859_1)
                            + " HTTP/1.1\r\nConnection: close\r\nContent-Length: 1",
                    new byte[1]);
            return ApiClient.readAll(socket);
        }
    }

    @Test
    void a_received_document_keeps_its_name_when_the_data_directory_is_moved() throws Exception {
        Path before = Files.createDirectories(directory.resolve("before"));
        start(before);
        String sagaId = api.put("contract.txt", "moved".getBytes(), "Prefer", "wait=100")
                .json()
                .path("sagaId")
                .asText();
        saga.close();
        Path after = Files.move(before, directory.resolve("after"));
        start(after);

        SagaRecord moved = saga.journal().sagas().find(sagaId).orElseThrow();
        assertThat(moved.source().toString()).as("the former path of the body").contains("/before/");
        assertThat(api.get("/api/sagas/" + sagaId)
                        .json()
                        .path("saga")
                        .path("file")
                        .asText())
                .isEqualTo("contract.txt");
        assertThat(api.get("/api/sagas/" + sagaId + "/outcome")
                        .json()
                        .path("file")
                        .asText())
                .isEqualTo("contract.txt");
    }
}
