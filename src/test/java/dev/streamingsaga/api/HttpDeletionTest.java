package dev.streamingsaga.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.streamingsaga.api.ApiClient.Answer;
import dev.streamingsaga.testkit.StreamingSagaFixture;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code DELETE /api/documents/{id}}, and the answers for a deleted document. */
@Tag("one-jdk")
@Timeout(120)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class HttpDeletionTest {
    private StreamingSagaFixture saga;
    private ApiClient api;

    @BeforeAll
    void start(@TempDir Path directory) throws Exception {
        saga = StreamingSagaFixture.start(directory, Map.of("saga.http.enabled", "true"));
        api = new ApiClient(saga.application().address().orElseThrow());
    }

    @AfterAll
    void stop() {
        saga.close();
    }

    private JsonNode stored(String name) {
        byte[] text = ("The keeper of " + name + " counts his gulls.").getBytes(StandardCharsets.UTF_8);
        JsonNode outcome = api.put(name, text, "Prefer", "wait=100").json();
        assertThat(outcome.path("status").asText()).isEqualTo("COMPLETED");
        return outcome;
    }

    private Answer delete(JsonNode document, String query, String... headers) {
        return api.send("DELETE", path(document) + query, BodyPublishers.noBody(), headers);
    }

    private static String path(JsonNode document) {
        return "/api/documents/" + document.path("documentId").asText();
    }

    @Test
    void deletes_and_answers_with_the_tombstone() {
        JsonNode document = stored("one.txt");

        Answer deleted = delete(document, "?reason=no+longer+needed", "Prefer", "wait=60");

        assertThat(deleted.status()).isEqualTo(200);
        assertThat(deleted.header("Location"))
                .isEqualTo("/api/sagas/" + document.path("sagaId").asText());
        JsonNode tombstone = deleted.json();
        assertThat(tombstone.path("state").asText()).isEqualTo("DELETED");
        assertThat(tombstone.path("reason").asText()).isEqualTo("no longer needed");
        assertThat(tombstone.path("requestedBy").asText()).isEqualTo("anonymous");
        assertThat(tombstone.path("sha256").asText())
                .isEqualTo(document.path("sha256").asText());
        assertThat(tombstone.path("keyDestroyed").asBoolean()).isFalse();
        assertThat(tombstone.path("residue")).isEmpty();
        for (String path : new String[] {path(document), path(document) + "/content"}) {
            Answer gone = api.get(path);
            assertThat(gone.status()).as(path).isEqualTo(410);
            assertThat(gone.problem()).isEqualTo("deleted");
            assertThat(gone.header("Content-Type")).isEqualTo("application/problem+json");
            assertThat(gone.json().path("deletion")).isEqualTo(tombstone);
        }
        assertThat(delete(document, "?reason=again").json()).as("repeated").isEqualTo(tombstone);
        JsonNode detail =
                api.get("/api/sagas/" + document.path("sagaId").asText()).json();
        assertThat(detail.path("deletion")).isEqualTo(tombstone);
        assertThat(detail.path("saga").path("state").asText()).isEqualTo("COMPLETED");
        assertThat(detail.path("saga").path("deletion").asText()).isEqualTo("DELETED");
        assertThat(detail.path("saga").path("visible").asBoolean()).isFalse();
    }

    @Test
    void is_accepted_at_once_and_takes_the_reason_from_the_body() {
        JsonNode document = stored("two.txt");

        Answer accepted = api.send(
                "DELETE",
                path(document),
                BodyPublishers.ofString("{\"reason\":\"by body\"}"),
                "Content-Type",
                "application/json");

        assertThat(accepted.status()).isIn(200, 202);
        assertThat(accepted.json().path("reason").asText()).isEqualTo("by body");
        assertThat(api.get(path(document)).status()).as("at once").isEqualTo(410);
        await().atMost(Duration.ofSeconds(60))
                .until(() -> api.get(path(document))
                        .json()
                        .path("deletion")
                        .path("state")
                        .asText()
                        .equals("DELETED"));
    }

    @Test
    void the_same_bytes_can_be_stored_again() {
        JsonNode document = stored("three.txt");
        delete(document, "?reason=a+mistake", "Prefer", "wait=60");

        JsonNode again = stored("three.txt");

        assertThat(again.path("sagaId").asText())
                .isNotEqualTo(document.path("sagaId").asText());
        assertThat(api.get(path(again)).status()).isEqualTo(200);
    }

    @Test
    void needs_a_reason_and_a_document() {
        JsonNode document = stored("four.txt");

        assertThat(delete(document, "").problem()).isEqualTo("no-reason");
        assertThat(delete(document, "?reason=+").status()).isEqualTo(400);
        assertThat(delete(document, "?reason=" + "x".repeat(1001)).status()).isEqualTo(400);
        assertThat(api.get(path(document)).status()).isEqualTo(200);
        Answer unknown = api.send("DELETE", "/api/documents/none?reason=x", BodyPublishers.noBody());
        assertThat(unknown.status()).isEqualTo(404);
        assertThat(unknown.problem()).isEqualTo("no-document");
    }
}
