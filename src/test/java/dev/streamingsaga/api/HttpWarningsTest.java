package dev.streamingsaga.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.streamingsaga.journal.WarningCode;
import dev.streamingsaga.testkit.SamplePdf;
import dev.streamingsaga.testkit.StreamingSagaFixture;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Where the warnings of a document are shown, and what becomes of it if they are not good enough. */
@Tag("one-jdk")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class HttpWarningsTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String NEEDS_PASSWORD = "[{\"code\":\"LOCKED\",\"place\":\"\",\"message\":"
            + "\"a password is needed to read it; its text is not searchable\"}]";

    private StreamingSagaFixture saga;
    private ApiClient api;
    private Path drop;
    private JsonNode locked;
    private JsonNode plain;

    @BeforeAll
    void start(@TempDir Path directory) throws Exception {
        drop = Files.createDirectories(directory.resolve("drop"));
        saga = StreamingSagaFixture.start(
                directory,
                Map.of(
                        "saga.http.enabled", "true",
                        "saga.drop.dir", drop.toString(),
                        "saga.drop.stable-for", "0s",
                        "saga.drop.interval", "100ms"));
        api = new ApiClient(saga.application().address().orElseThrow());
        locked = api.put("locked.pdf", SamplePdf.writeLocked(directory.resolve("locked.pdf")), "Prefer", "wait=100")
                .json();
        plain = api.put("plain.txt", saga.text("plain.txt", 3), "Prefer", "wait=100")
                .json();
    }

    @AfterAll
    void stop() {
        saga.close();
    }

    private static String id(JsonNode outcome) {
        return outcome.path("sagaId").asText();
    }

    private JsonNode list(String query) {
        return api.get("/api/sagas?" + query).json().path("sagas");
    }

    @Test
    void every_answer_has_them() throws Exception {
        assertThat(locked.path("status").asText()).isEqualTo("COMPLETED");
        assertThat(locked.path("errors")).isEmpty();
        assertThat(plain.path("warnings").toString()).isEqualTo("[]");
        JsonNode detail = api.get("/api/sagas/" + id(locked)).json();
        for (JsonNode answer : new JsonNode[] {
            locked,
            api.get("/api/sagas/" + id(locked) + "/outcome").json(),
            detail,
            api.get("/api/documents/" + locked.path("documentId").asText()).json(),
            JSON.readTree(manifest(locked))
        }) {
            assertThat(answer.path("warnings").toString()).isEqualTo(NEEDS_PASSWORD);
        }
        assertThat(detail.path("saga").path("warningCount").asInt()).isOne();
        assertThat(detail.path("saga").path("warningCodes").toString()).isEqualTo("[\"LOCKED\"]");
    }

    private byte[] manifest(JsonNode outcome) {
        String key = saga.keys().stream()
                .filter(each -> each.endsWith(id(outcome) + "/manifest.json"))
                .findFirst()
                .orElseThrow();
        return saga.bucket()
                .getObjectAsBytes(r -> r.bucket(StreamingSagaFixture.BUCKET).key(key))
                .asByteArray();
    }

    @Test
    void lists_and_counts_select_by_them() {
        for (String query : new String[] {"warning=any&name=locked.pdf", "warning=LOCKED&name=lock*"}) {
            assertThat(list(query)).hasSize(1);
            assertThat(list(query).get(0).path("sagaId").asText()).isEqualTo(id(locked));
        }
        assertThat(list("warning=any&name=plain.txt")).isEmpty();
        assertThat(list("warning=CPU_TIME")).isEmpty();
        JsonNode counts = api.get("/api/counts?name=locked.pdf").json();
        assertThat(counts.path("withWarnings").asInt()).isOne();
        assertThat(api.get("/api/counts?name=plain.txt")
                        .json()
                        .path("withWarnings")
                        .asInt())
                .isZero();
        assertThat(api.get("/api/counts").json().path("withWarnings").asInt()).isPositive();
        ApiClient.Answer wrong = api.get("/api/sagas?warning=locked");
        assertThat(wrong.status()).isEqualTo(400);
        assertThat(wrong.json().path("detail").asText()).startsWith("unknown warning \"locked\"; valid are [LOCKED,");
    }

    @Test
    void the_file_beside_a_dropped_one_has_them() throws Exception {
        Path image = Files.write(
                drop.resolve("photo.png"), new byte[] {(byte) 0x89, 'P', 'N', 'G', 13, 10, 26, 10, 0, 0, 0, 13});
        Path json = drop.resolve(".done/photo.png.json");
        await().atMost(PATIENCE).until(() -> Files.exists(json));

        assertThat(image).doesNotExist();
        assertThat(JSON.readTree(json.toFile()).path("warnings").toString())
                .isEqualTo("[{\"code\":\"TYPE_UNKNOWN\",\"place\":\"\",\"message\":"
                        + "\"no text can be read from files of type image/png; it is not searchable\"}]");
    }

    @Test
    void a_metric_counts_documents_by_code() {
        String metrics = new String(api.get("/observe/metrics").response().body(), StandardCharsets.UTF_8);
        for (WarningCode code : WarningCode.values()) {
            assertThat(metrics).contains("streaming_saga_warnings_total{code=\"" + code + "\"");
        }
        assertThat(metrics).containsPattern("streaming_saga_warnings_total\\{code=\"LOCKED\",[^}]*} [1-9]");
        assertThat(metrics).containsPattern("streaming_saga_warnings_total\\{code=\"CPU_TIME\",[^}]*} 0");
    }

    @Test
    void the_description_has_every_code() {
        JsonNode description = api.get("/api/openapi.json").json();
        String codes = description
                .at("/components/schemas/Warning/properties/code/description")
                .asText();
        for (WarningCode code : WarningCode.values()) {
            assertThat(codes).contains(code.name());
        }
        assertThat(description.at("/paths/~1api~1sagas/get/parameters").findValuesAsText("name"))
                .contains("warning");
    }
}
