package dev.streamingsaga.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.store.VectorSearch;
import dev.streamingsaga.testkit.BrokerClient;
import dev.streamingsaga.testkit.StreamingSagaFixture;
import jakarta.jms.BytesMessage;
import jakarta.jms.Connection;
import jakarta.jms.Session;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Versions of a document from each endpoint, as an operator and a program see them. */
@Tag("one-jdk")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(180)
class VersionsCommandTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final HttpClient client = HttpClient.newHttpClient();
    private StreamingSagaFixture saga;
    private Path drop;
    private Path directory;

    @BeforeAll
    void start(@TempDir Path folder) throws Exception {
        directory = folder.toRealPath();
        drop = Files.createDirectories(directory.resolve("drop"));
        saga = StreamingSagaFixture.start(
                directory,
                new HashMap<>(Map.of(
                        "saga.http.enabled", "true",
                        "saga.jms.embedded", "true",
                        "saga.drop.dir", drop.toString(),
                        "saga.drop.stable-for", "0s",
                        "saga.drop.interval", "100ms",
                        "saga.duplicates", "version",
                        "saga.versions.keep", "2")));
    }

    @AfterAll
    void stop() {
        saga.close();
    }

    private HttpResponse<String> http(String method, String path, String body, String... headers) throws Exception {
        URI base = saga.application().address().orElseThrow();
        HttpRequest.Builder request =
                HttpRequest.newBuilder(base.resolve(path)).method(method, BodyPublishers.ofString(body));
        for (int i = 0; i < headers.length; i += 2) {
            request.header(headers[i], headers[i + 1]);
        }
        return client.send(request.build(), BodyHandlers.ofString());
    }

    private JsonNode put(String name, String text) throws Exception {
        JsonNode outcome = JSON.readTree(http("PUT", "/api/documents/" + name, text, "Prefer", "wait=100")
                .body());
        assertThat(outcome.path("status").asText()).as("%s", outcome).isEqualTo("COMPLETED");
        return outcome;
    }

    private JsonNode versions(String documentId, String query) throws Exception {
        return JSON.readTree(http("GET", "/api/documents/" + documentId + "/versions" + query, "")
                .body());
    }

    private List<String> statuses(String documentId) throws Exception {
        List<String> found = new ArrayList<>();
        versions(documentId, "")
                .path("versions")
                .forEach(v -> found.add(v.path("number").asInt() + " "
                        + v.path("status").asText() + " " + v.path("current").asBoolean()));
        return found;
    }

    private Call saga(String... args) {
        List<String> all = new ArrayList<>(List.of(args));
        saga.settings().forEach((key, value) -> all.addAll(List.of("-D", key + "=" + value)));
        return Call.of(all);
    }

    private static String text(String word) {
        return ("The keeper of the " + word + " counts his gulls, one after the other.\n").repeat(20);
    }

    @Test
    void changed_bodies_under_one_name_are_versions_of_one_document() throws Exception {
        JsonNode first = put("report.txt", text("firstlight"));
        JsonNode second = put("report.txt", text("secondlight"));
        JsonNode third = put("report.txt", text("thirdlight"));

        String id = first.path("documentId").asText();
        assertThat(List.of(
                        second.path("documentId").asText(),
                        third.path("documentId").asText()))
                .containsOnly(id);
        assertThat(statuses(id)).containsExactly("3 CURRENT true", "2 KEPT false", "1 REMOVED false");
        JsonNode page = versions(id, "?limit=2");
        assertThat(page.path("nextBefore").asInt()).isEqualTo(2);
        assertThat(versions(id, "?before=2").path("versions")).hasSize(1);
        assertThat(page.path("versions").get(1).path("sha256")).isEqualTo(second.path("sha256"));
        assertThat(JSON.readTree(http("GET", "/api/documents/" + id, "").body())
                        .path("version")
                        .asInt())
                .isEqualTo(3);
        assertContents(id);
        assertSearchFindsOnly("3", third);
        assertCommands(id, second);
        assertDamageIsFound(id, second);
    }

    private void assertContents(String id) throws Exception {
        String content = "/api/documents/" + id + "/content";
        assertThat(http("GET", content, "").body()).isEqualTo(text("thirdlight"));
        assertThat(http("GET", content + "?version=3", "").body()).isEqualTo(text("thirdlight"));
        HttpResponse<String> range = http("GET", content + "?version=2", "", "Range", "bytes=4-9");
        assertThat(range.statusCode()).isEqualTo(206);
        assertThat(range.body()).isEqualTo(text("secondlight").substring(4, 10));
        for (String gone : List.of("1", "4")) {
            HttpResponse<String> answer = http("GET", content + "?version=" + gone, "");
            assertThat(answer.statusCode()).isEqualTo(404);
            assertThat(JSON.readTree(answer.body()).path("type").asText()).endsWith("no-version");
        }
        assertThat(http("GET", content + "?version=0", "").statusCode()).isEqualTo(400);
        assertThat(http("GET", "/api/documents/nothing/versions", "").statusCode())
                .isEqualTo(404);
    }

    private void assertSearchFindsOnly(String which, JsonNode stored) {
        List<VectorSearch.Hit> hits = saga.application().bundle().operator().search("keeper counts gulls", 100);
        assertThat(hits)
                .filteredOn(
                        hit -> hit.documentId().equals(stored.path("documentId").asText()))
                .as(which)
                .isNotEmpty()
                .allMatch(hit -> hit.text().contains("thirdlight"));
        for (String store : List.of("security", "relational")) {
            assertThat(saga.column(
                            store,
                            "SELECT saga_id FROM " + store + "_document WHERE document_id = '"
                                    + stored.path("documentId").asText() + "'"))
                    .containsExactly(stored.path("sagaId").asText());
        }
    }

    private void assertCommands(String id, JsonNode second) throws Exception {
        Call listed = saga("versions", id, "--json");
        assertThat(listed.lines())
                .extracting(
                        v -> v.path("number").asInt() + " " + v.path("status").asText())
                .containsExactly("3 CURRENT", "2 KEPT", "1 REMOVED");
        assertThat(saga("versions", id).out())
                .contains("CURRENT", "KEPT", second.path("sha256").asText());
        Path fetched = directory.resolve("second.txt");
        Call fetch = saga("fetch", id, "--version", "2", "-o", fetched.toString(), "--json");
        assertThat(fetch.code()).as(fetch.err()).isZero();
        assertThat(fetch.line().path("version").asInt()).isEqualTo(2);
        assertThat(fetched).hasContent(text("secondlight"));
        Call gone = saga("fetch", id, "--version", "1", "-o", fetched + "x");
        assertThat(gone.code()).isEqualTo(2);
        assertThat(gone.err()).contains("saga.versions.keep");
        assertThat(saga("versions", "nothing").code()).isEqualTo(2);
    }

    private void assertDamageIsFound(String id, JsonNode kept) throws Exception {
        assertThat(saga("verify", id).out()).contains("1 document and 1 older version compared, no difference");
        assertThat(saga("orphans", "--json").lines()).isEmpty();
        String chunk = saga.keys().stream()
                .filter(key -> key.contains(kept.path("sagaId").asText()) && key.contains("chunk-"))
                .findFirst()
                .orElseThrow();
        byte[] before = saga.bucket()
                .getObjectAsBytes(get -> get.bucket(StreamingSagaFixture.BUCKET).key(chunk))
                .asByteArray();
        saga.bucket()
                .deleteObject(
                        delete -> delete.bucket(StreamingSagaFixture.BUCKET).key(chunk));
        Call damaged = saga("verify", id, "--json");
        assertThat(damaged.lines())
                .extracting(line ->
                        line.path("sagaId").asText() + " " + line.path("kind").asText())
                .containsExactly(kept.path("sagaId").asText() + " MISSING");
        saga.put(chunk, before);
    }

    private SagaRecord awaitDropped(String name, int number) {
        await().atMost(PATIENCE)
                .until(() ->
                        sagasOf(name).size() == number && sagasOf(name).get(0).published());
        return sagasOf(name).get(0);
    }

    private List<SagaRecord> sagasOf(String name) {
        return saga.journal().sagas().newest(50).stream()
                .filter(found -> found.source().equals(drop.resolve(name)))
                .toList();
    }

    @Test
    void a_changed_file_dropped_under_the_same_name_is_the_next_version() throws Exception {
        Files.writeString(drop.resolve("dropped.txt"), text("one"));
        SagaRecord first = awaitDropped("dropped.txt", 1);
        await().atMost(PATIENCE).until(() -> !Files.exists(drop.resolve("dropped.txt")));
        Files.writeString(drop.resolve("dropped.txt"), text("two"));
        SagaRecord second = awaitDropped("dropped.txt", 2);

        String id = second.document().orElseThrow().documentId();
        assertThat(first.document().orElseThrow().documentId()).isEqualTo(id);
        assertThat(statuses(id)).containsExactly("2 CURRENT true", "1 KEPT false");
    }

    @Test
    void messages_with_one_file_name_are_versions_of_one_document() throws Exception {
        try (Connection connection = BrokerClient.producer(saga.data()).createConnection()) {
            connection.start();
            Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE);
            for (String word : List.of("one", "two")) {
                BytesMessage message = session.createBytesMessage();
                message.setStringProperty("fileName", "message.txt");
                message.writeBytes(text(word).getBytes(StandardCharsets.UTF_8));
                session.createProducer(session.createQueue("saga-ingest")).send(message);
                int number = word.equals("one") ? 1 : 2;
                await().atMost(PATIENCE)
                        .until(() -> named("message.txt").size() == number
                                && named("message.txt").get(0).published());
            }
        }
        assertThat(statuses(named("message.txt").get(0).document().orElseThrow().documentId()))
                .containsExactly("2 CURRENT true", "1 KEPT false");
    }

    private List<SagaRecord> named(String fileName) {
        return saga.journal().sagas().newest(50).stream()
                .filter(found -> found.fileName().equals(fileName))
                .toList();
    }

    @Test
    void a_resumable_upload_is_the_next_version_of_the_document_of_its_name() throws Exception {
        JsonNode first = put("upload.txt", text("one"));
        String second = text("two");
        HttpResponse<String> created = http(
                "POST",
                "/api/uploads",
                second,
                "Tus-Resumable",
                "1.0.0",
                "Upload-Length",
                "" + second.length(),
                "Upload-Metadata",
                "filename " + Base64.getEncoder().encodeToString("upload.txt".getBytes(StandardCharsets.UTF_8)),
                "Content-Type",
                "application/offset+octet-stream");
        assertThat(created.statusCode()).as(created.body()).isEqualTo(201);
        await().atMost(PATIENCE)
                .until(() -> named("upload.txt").size() == 2
                        && named("upload.txt").get(0).published());

        assertThat(statuses(first.path("documentId").asText())).containsExactly("2 CURRENT true", "1 KEPT false");
        String content = "/api/documents/" + first.path("documentId").asText() + "/content";
        assertThat(http("GET", content, "").body()).isEqualTo(second);
        assertThat(http("GET", content + "?version=1", "").body()).isEqualTo(text("one"));
    }

    @Test
    void a_deleted_document_has_no_version_left() throws Exception {
        String id = put("deleted.txt", text("one")).path("documentId").asText();
        JsonNode second = put("deleted.txt", text("two"));
        String document = "/api/documents/" + id;
        assertThat(statuses(id)).containsExactly("2 CURRENT true", "1 KEPT false");

        JsonNode tombstone =
                JSON.readTree(http("DELETE", document + "?reason=no+longer+needed", "", "Prefer", "wait=60")
                        .body());

        assertThat(tombstone.path("state").asText()).isEqualTo("DELETED");
        assertThat(saga.keys()).noneMatch(key -> key.contains(id));
        for (String path : List.of("/versions", "/content?version=1", "/content?version=2", "/content?version=3")) {
            HttpResponse<String> gone = http("GET", document + path, "");
            assertThat(gone.statusCode()).as(path).isEqualTo(410);
            assertThat(JSON.readTree(gone.body()).path("deletion")).as(path).isEqualTo(tombstone);
        }
        String target = directory.resolve("never.txt").toString();
        Call current = saga("fetch", id, "-o", target);
        assertThat(current.err()).contains("was deleted", "no longer needed");
        for (Call gone : List.of(saga("fetch", id, "--version", "1", "-o", target), saga("versions", id))) {
            assertThat(gone.code()).isEqualTo(current.code());
            assertThat(gone.err()).isEqualTo(current.err());
        }
        assertThat(saga("orphans", "--json").lines()).isEmpty();

        JsonNode again = put("deleted.txt", text("two"));

        assertThat(again.path("sagaId")).isNotEqualTo(second.path("sagaId"));
        assertThat(statuses(again.path("documentId").asText())).containsExactly("1 CURRENT true");
    }

    @Test
    void the_same_content_again_replaces_the_version_before() throws IOException {
        Path file = saga.text("again.txt", 10);
        saga.ingest(file);
        Call again = saga("versions", saga.ingest(file).documentId(), "--json");

        assertThat(again.lines())
                .extracting(
                        v -> v.path("number").asInt() + " " + v.path("status").asText())
                .containsExactly("2 CURRENT", "1 REMOVED");
    }
}
