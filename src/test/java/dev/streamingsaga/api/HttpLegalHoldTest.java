package dev.streamingsaga.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.streamingsaga.api.ApiClient.Answer;
import dev.streamingsaga.audit.AuditAction;
import dev.streamingsaga.audit.AuditEntry;
import dev.streamingsaga.audit.AuditFilter;
import dev.streamingsaga.testkit.StreamingSagaFixture;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Legal holds over HTTP, and what they forbid. */
@Tag("one-jdk")
@Timeout(120)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class HttpLegalHoldTest {
    private StreamingSagaFixture saga;
    private ApiClient api;

    @BeforeAll
    void start(@TempDir Path directory) throws Exception {
        saga = StreamingSagaFixture.start(
                directory,
                Map.of("saga.http.enabled", "true", "saga.duplicates", "version", "saga.versions.keep", "1"));
        api = new ApiClient(saga.application().address().orElseThrow());
    }

    @AfterAll
    void stop() {
        saga.close();
    }

    private JsonNode stored(String name, String text, String owner) {
        JsonNode outcome = api.put(
                        name, text.getBytes(StandardCharsets.UTF_8), "Prefer", "wait=100", "Saga-Owner", owner)
                .json();
        assertThat(outcome.path("status").asText()).isEqualTo("COMPLETED");
        return outcome;
    }

    private Answer post(String json) {
        return api.send("POST", "/api/holds", BodyPublishers.ofString(json), "Content-Type", "application/json");
    }

    private Answer delete(String path) {
        return api.send("DELETE", path, BodyPublishers.noBody(), "Prefer", "wait=60");
    }

    private Answer release(JsonNode hold) {
        return delete("/api/holds/" + hold.path("id").asText() + "?reason=case+closed");
    }

    private static String path(JsonNode document) {
        return "/api/documents/" + document.path("documentId").asText();
    }

    @Test
    void a_document_cannot_be_deleted_until_its_last_hold_is_released() {
        JsonNode document = stored("a.txt", "The keeper counts gulls.", "ops");
        String id = document.path("documentId").asText();
        JsonNode first =
                post("{\"documentId\":\"" + id + "\",\"reason\":\"case 7\"}").json();
        JsonNode second =
                post("{\"documentId\":\"" + id + "\",\"reason\":\"case 8\"}").json();
        assertThat(first.path("placedBy").asText()).isEqualTo("anonymous");

        Answer refused = delete(path(document) + "?reason=tidy");
        assertThat(refused.status()).isEqualTo(409);
        assertThat(refused.json().path("detail").asText())
                .contains("legal hold " + first.path("id").asText(), "case 7", "release the hold first");
        assertThat(api.get(path(document)).status()).as("still visible").isEqualTo(200);
        assertThat(release(first).json().path("releaseReason").asText()).isEqualTo("case closed");
        assertThat(delete(path(document) + "?reason=tidy").status())
                .as("second hold")
                .isEqualTo(409);
        JsonNode released = release(second).json();
        assertThat(release(second).json()).as("repeated").isEqualTo(released);
        assertThat(delete(path(document) + "?reason=tidy").status()).isEqualTo(200);

        assertThat(post("{\"documentId\":\"" + id + "\",\"reason\":\"late\"}").status())
                .as("deleted already")
                .isEqualTo(404);
        assertThat(saga.journal()
                        .audit()
                        .page(
                                new AuditFilter(
                                        Optional.of(id),
                                        Optional.empty(),
                                        Optional.of(AuditAction.LEGAL_HOLD),
                                        Optional.empty()),
                                0,
                                10))
                .extracting(AuditEntry::detailMap)
                .extracting(details -> details.get("operation"))
                .containsExactly("place", "release", "release", "release", "place", "place");
    }

    @Test
    void a_hold_on_an_owner_covers_documents_that_come_later() {
        JsonNode hold = post("{\"owner\":\"tax\",\"reason\":\"audit 2026\"}").json();
        JsonNode document = stored("tax.txt", "The lamp burns all night.", "tax");

        assertThat(delete(path(document) + "?reason=tidy").status()).isEqualTo(409);
        assertThat(api.get("/api/holds").json().path("holds").findValuesAsText("id"))
                .contains(hold.path("id").asText());
        release(hold);
        assertThat(api.get("/api/holds").json().path("holds").findValuesAsText("id"))
                .doesNotContain(hold.path("id").asText());
        assertThat(api.get("/api/holds?released=true").json().path("holds").findValuesAsText("id"))
                .contains(hold.path("id").asText());
        assertThat(delete(path(document) + "?reason=tidy").status()).isEqualTo(200);
    }

    @Test
    void a_replaced_version_stays_while_its_document_is_held() {
        JsonNode first = stored("v.txt", "Version one of the log.", "ops");
        String id = first.path("documentId").asText();
        JsonNode hold =
                post("{\"documentId\":\"" + id + "\",\"reason\":\"case 9\"}").json();

        stored("v.txt", "Version two of the log.", "ops");
        Answer old = api.get(path(first) + "/content?version=1");
        assertThat(old.status()).isEqualTo(200);
        release(hold);
        stored("v.txt", "Version three of the log.", "ops");

        assertThat(api.get(path(first) + "/versions").json().path("versions").findValuesAsText("status"))
                .as("saga.versions.keep=1")
                .containsExactly("CURRENT", "REMOVED", "REMOVED");
    }

    @Test
    void bad_requests_say_what_is_wrong_and_change_nothing() {
        for (String body : new String[] {
            "{\"reason\":\"x\"}",
            "{\"documentId\":\"a\",\"owner\":\"b\",\"reason\":\"x\"}",
            "{\"owner\":\"a,b\",\"reason\":\"x\"}",
            "{\"owner\":\"a\"}",
            "{\"owner\":\"a\",\"reason\":\" \"}",
            "{\"owner\":\"a\",\"reason\":\"" + "x".repeat(1001) + "\"}"
        }) {
            Answer answer = post(body);
            assertThat(answer.status()).as(body).isEqualTo(400);
            assertThat(answer.json().path("detail").asText()).as(body).contains("nothing was");
        }
        assertThat(post("{\"documentId\":\"nosuch\",\"reason\":\"x\"}").status())
                .isEqualTo(404);
        assertThat(delete("/api/holds/nosuch?reason=x").status()).isEqualTo(404);
        assertThat(delete("/api/holds/nosuch").status()).isEqualTo(400);
        assertThat(api.get("/api/holds").json().path("holds")).isEmpty();
    }
}
