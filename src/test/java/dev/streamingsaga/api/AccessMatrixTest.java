package dev.streamingsaga.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.streamingsaga.access.AccessLimit;
import dev.streamingsaga.access.Classification;
import dev.streamingsaga.api.ApiClient.Answer;
import dev.streamingsaga.testkit.StreamingSagaFixture;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Each way to read over HTTP × each limit of a key × each owner and classification of a document. */
@Tag("one-jdk")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class AccessMatrixTest {
    private static final List<String> OWNERS = List.of("legal", "board");
    private static final String LEGAL = "legal";

    private final Map<String, StoredDocument> documents = new LinkedHashMap<>();
    private final Map<String, String> secrets = new LinkedHashMap<>();
    private StreamingSagaFixture saga;
    private ApiClient api;
    private Path roots;

    private record StoredDocument(String owner, String classification, String sagaId, String documentId, String file) {
        boolean isPermitted(AccessLimit limit) {
            return limit.permits(owner, classification);
        }
    }

    private static Stream<AccessLimit> limits() {
        return Stream.of(
                AccessLimit.NONE,
                AccessLimit.ofOwners(Set.of(LEGAL), Classification.RESTRICTED),
                AccessLimit.ofOwners(Set.of(LEGAL, "board"), Classification.CONFIDENTIAL),
                new AccessLimit(Optional.empty(), Classification.PUBLIC),
                AccessLimit.ofOwners(Set.of(LEGAL), Classification.INTERNAL),
                AccessLimit.ofOwners(Set.of("nobody"), Classification.RESTRICTED));
    }

    @BeforeAll
    void start(@TempDir Path directory) throws Exception {
        Path keys = directory.resolve("secrets/keys");
        roots = Files.createDirectories(directory.resolve("roots"));
        int number = 0;
        for (AccessLimit limit : limits().toList()) {
            number++;
            secrets.put(
                    limit.toString(),
                    ApiKeys.create(keys, "key" + number, List.of("ingest", "read", "operate"), limit));
        }
        saga = StreamingSagaFixture.start(
                directory,
                Map.of(
                        "saga.http.enabled",
                        "true",
                        "saga.http.keys-file",
                        keys.toString(),
                        "saga.receipts",
                        "on",
                        "saga.http.roots",
                        roots.toString()));
        api = new ApiClient(saga.application().address().orElseThrow());
        for (String owner : OWNERS) {
            for (String classification : Classification.words()) {
                store(owner, classification);
            }
        }
    }

    private void store(String owner, String classification) {
        String file = owner + "-" + classification + ".txt";
        Answer stored = api.put(
                file,
                ("The contract of " + owner + " is " + classification + ".").getBytes(StandardCharsets.UTF_8),
                authorization(
                        AccessLimit.NONE,
                        "Saga-Owner",
                        owner,
                        "Saga-Classification",
                        classification,
                        "Prefer",
                        "wait=100"));
        assertThat(stored.status()).as(file).isEqualTo(200);
        documents.put(
                file,
                new StoredDocument(
                        owner,
                        classification,
                        stored.json().path("sagaId").asText(),
                        stored.json().path("documentId").asText(),
                        file));
        await().until(() ->
                get(AccessLimit.NONE, "/api/documents/" + documents.get(file).documentId() + "/receipt")
                                .status()
                        == 200);
    }

    @AfterAll
    void stop() {
        saga.close();
    }

    private String[] authorization(AccessLimit limit, String... others) {
        List<String> headers = new ArrayList<>(List.of(others));
        headers.add("Authorization");
        headers.add("Bearer " + secrets.get(limit.toString()));
        return headers.toArray(String[]::new);
    }

    private Answer get(AccessLimit limit, String path) {
        return api.get(path, authorization(limit));
    }

    private Set<String> permitted(AccessLimit limit) {
        return documents.values().stream()
                .filter(document -> document.isPermitted(limit))
                .map(StoredDocument::file)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static Set<String> names(JsonNode list, String field) {
        return StreamSupport.stream(list.spliterator(), false)
                .map(item -> item.path(field).asText().replaceFirst(".*/", ""))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    @ParameterizedTest
    @MethodSource("limits")
    void lists_counts_and_statistics_contain_only_what_is_permitted(AccessLimit limit) {
        Set<String> permitted = permitted(limit);

        assertThat(names(get(limit, "/api/sagas").json().path("sagas"), "file")).isEqualTo(permitted);
        assertThat(names(get(limit, "/api/sagas?name=*.txt").json().path("sagas"), "file"))
                .isEqualTo(permitted);
        assertThat(names(get(limit, "/api/sagas?state=COMPLETED&q=txt").json().path("sagas"), "file"))
                .isEqualTo(permitted);
        assertThat(names(get(limit, "/api/sagas?attention=true").json().path("sagas"), "file"))
                .isEmpty();
        assertThat(names(get(limit, "/api/sagas?warning=any").json().path("sagas"), "file"))
                .isEmpty();
        assertThat(names(get(limit, "/api/sagas?name=legal-public.txt").json().path("sagas"), "file"))
                .hasSize(permitted.contains("legal-public.txt") ? 1 : 0);
        assertThat(get(limit, "/api/counts").json().path("all").asInt()).isEqualTo(permitted.size());
        assertThat(get(limit, "/api/counts")
                        .json()
                        .path("sagas")
                        .path("COMPLETED")
                        .asInt())
                .isEqualTo(permitted.size());
        assertThat(get(limit, "/api/counts?state=COMPLETED").json().path("all").asInt())
                .isEqualTo(permitted.size());
        assertThat(get(limit, "/api/counts?owner=board").json().path("all").asInt())
                .isEqualTo((int) permitted.stream()
                        .filter(file -> file.startsWith("board"))
                        .count());
        assertThat(StreamSupport.stream(
                                get(limit, "/api/statistics?hours=2")
                                        .json()
                                        .path("hours")
                                        .spliterator(),
                                false)
                        .mapToInt(hour -> hour.path("completed").asInt())
                        .sum())
                .isEqualTo(permitted.size());
        assertThat(get(limit, "/api/cleanups?all=true").json().path("count").asInt())
                .isZero();
    }

    @ParameterizedTest
    @MethodSource("limits")
    void a_document_that_is_not_permitted_answers_as_one_that_does_not_exist(AccessLimit limit) {
        documents.values().forEach(document -> {
            boolean permitted = document.isPermitted(limit);
            int status = permitted ? 200 : 404;
            String facts = "/api/documents/" + document.documentId();
            String detail = "/api/sagas/" + document.sagaId();
            for (String path : Stream.concat(paths(document), Stream.of(detail, detail + "/outcome"))
                    .toList()) {
                assertThat(get(limit, path).status()).as(path).isEqualTo(status);
                if (!permitted) {
                    assertAsAbsent(limit, "GET", path, document);
                }
            }
            if (!permitted) {
                assertAsAbsent(limit, "DELETE", facts + "?reason=none+of+his+business", document);
                assertThat(get(AccessLimit.NONE, facts).status()).isEqualTo(200);
            }
            assertThat(api.send("HEAD", facts + "/content", BodyPublishers.noBody(), authorization(limit))
                            .status())
                    .isEqualTo(status);
            assertThat(api.post(detail + "/cancel", "", authorization(limit)).status())
                    .isEqualTo(permitted ? 409 : 404);
            assertThat(api.post(detail + "/pause", "", authorization(limit)).status())
                    .isEqualTo(permitted ? 409 : 404);
        });
    }

    private static Stream<String> paths(StoredDocument document) {
        return Stream.of(
                        "",
                        "/content",
                        "/content?version=1",
                        "/versions",
                        "/receipt",
                        "/receipt?chunk=0",
                        "/receipt?version=1")
                .map(path -> "/api/documents/" + document.documentId() + path);
    }

    private void assertAsAbsent(AccessLimit limit, String method, String path, StoredDocument document) {
        String absent = path.replace(document.sagaId(), "0".repeat(26)).replace(document.documentId(), "0".repeat(26));
        Answer answer = api.send(method, path, BodyPublishers.noBody(), authorization(limit));
        Answer same = api.send(method, absent, BodyPublishers.noBody(), authorization(limit));
        assertThat(answer.status()).as("%s %s", method, path).isEqualTo(404);
        assertThat(text(answer).replace(document.sagaId(), "ID").replace(document.documentId(), "ID"))
                .as("%s %s", method, path)
                .isEqualTo(text(same).replaceAll("\\b0{26}\\b", "ID"));
    }

    /** Runs last: the others count the document. */
    @Test
    @Order(Integer.MAX_VALUE)
    void a_tombstone_is_shown_to_those_who_were_permitted_to_see_the_document() {
        StoredDocument document = documents.get("legal-internal.txt");
        AccessLimit legal = AccessLimit.ofOwners(Set.of(LEGAL), Classification.INTERNAL);
        Answer deleted = api.send(
                "DELETE",
                "/api/documents/" + document.documentId() + "?reason=expired",
                BodyPublishers.noBody(),
                authorization(legal, "Prefer", "wait=60"));
        assertThat(deleted.json().path("state").asText()).isEqualTo("DELETED");

        limits().forEach(limit -> paths(document).forEach(path -> {
            if (document.isPermitted(limit)) {
                Answer gone = get(limit, path);
                assertThat(gone.status()).as(path).isEqualTo(410);
                assertThat(gone.json().path("deletion")).as(path).isEqualTo(deleted.json());
            } else {
                assertAsAbsent(limit, "GET", path, document);
            }
        }));
        limits().filter(limit -> !document.isPermitted(limit))
                .forEach(limit -> assertAsAbsent(
                        limit, "DELETE", "/api/documents/" + document.documentId() + "?reason=again", document));
        assertThat(audit("action=DELETE&actor=key5&document=" + document.documentId()))
                .hasSize(1);
        assertThat(audit("action=RECEIPT&document=" + document.documentId())).isNotEmpty();
    }

    private static String text(Answer answer) {
        return new String(answer.response().body(), StandardCharsets.UTF_8);
    }

    @ParameterizedTest
    @MethodSource("limits")
    void a_search_finds_only_what_is_permitted(AccessLimit limit) {
        Set<String> permitted = permitted(limit);

        assertThat(names(get(limit, "/api/search?q=contract&limit=50").json().path("hits"), "fileName"))
                .isEqualTo(permitted);
        assertThat(get(limit, "/api/search?q=contract&limit=1")
                        .json()
                        .path("total")
                        .asInt())
                .isEqualTo(permitted.size());
        assertThat(names(get(limit, "/api/search?q=%22is+restricted%22").json().path("hits"), "fileName"))
                .isEqualTo(permitted.stream()
                        .filter(file -> file.contains("restricted"))
                        .collect(Collectors.toCollection(TreeSet::new)));
    }

    @ParameterizedTest
    @MethodSource("limits")
    void live_events_are_about_what_is_permitted(AccessLimit limit) throws Exception {
        Set<String> seen = new TreeSet<>();
        List<Integer> counts = new ArrayList<>();
        try (BufferedReader events = new BufferedReader(new InputStreamReader(
                api.stream("/api/events", authorization(limit)).body(), StandardCharsets.UTF_8))) {
            // The counts are the last of the events at the beginning.
            for (String line = events.readLine(); counts.isEmpty(); line = events.readLine()) {
                if (line.startsWith("data: ")) {
                    JsonNode data = new ObjectMapper().readTree(line.substring(6));
                    if (data.has("file")) {
                        seen.add(data.path("file").asText());
                    }
                    if (data.has("all")) {
                        counts.add(data.path("all").asInt());
                    }
                }
            }
        }

        assertThat(seen).isEqualTo(permitted(limit));
        assertThat(counts).containsExactly(permitted(limit).size());
    }

    @ParameterizedTest
    @MethodSource("limits")
    void bulk_commands_reach_only_what_is_permitted(AccessLimit limit) {
        Answer preview = api.post(
                "/api/bulk/sagas?state=COMPLETED", "{\"action\":\"cancel\",\"dryRun\":true}", authorization(limit));

        assertThat(preview.status()).isEqualTo(200);
        assertThat(preview.json().path("requested").asInt()).isZero();
    }

    @ParameterizedTest
    @MethodSource("limits")
    void what_concerns_all_documents_is_for_the_unlimited(AccessLimit limit) {
        int status = limit.isUnlimited() ? 200 : 403;

        assertThat(get(limit, "/observe/metrics").status()).isEqualTo(status);
        assertThat(get(limit, "/api/audit").status()).isEqualTo(status);
        assertThat(get(limit, "/api/keys").status()).isEqualTo(status);
        assertThat(get(limit, "/api/holds").status()).isEqualTo(status);
        assertThat(get(limit, "/api/keys/rotate").status()).isEqualTo(status);
        for (String rotate : List.of("/api/keys/rotate", "/api/keys/rotate?dryRun=true")) {
            assertThat(api.post(rotate, "", authorization(limit)).problem())
                    .isEqualTo(limit.isUnlimited() ? "encryption-off" : "limited-access");
        }
        assertThat(get(limit, "/api/retention").status()).isEqualTo(status);
        assertThat(api.post("/api/retention?dryRun=true", "", authorization(limit))
                        .status())
                .isEqualTo(status);
        if (!limit.isUnlimited()) {
            assertThat(api.post("/api/retention", "", authorization(limit)).problem())
                    .isEqualTo("limited-access");
            assertThat(api.send("DELETE", "/api/holds/nosuch?reason=x", BodyPublishers.noBody(), authorization(limit))
                            .problem())
                    .isEqualTo("limited-access");
            assertThat(api.post("/api/drain", "", authorization(limit)).problem())
                    .isEqualTo("limited-access");
        }
        assertThat(get(limit, "/api/drain").json().path("state").asText()).isEqualTo("SERVING");
    }

    @ParameterizedTest
    @MethodSource("limits")
    void a_document_outside_of_the_limit_is_not_stored(AccessLimit limit) throws Exception {
        Path file = Files.writeString(roots.resolve("path.txt"), "by its path");
        for (String owner : OWNERS) {
            for (String classification : Classification.words()) {
                if (limit.permits(owner, classification)) {
                    continue;
                }
                Answer body = api.put(
                        "outside.txt",
                        "outside".getBytes(StandardCharsets.UTF_8),
                        authorization(limit, "Saga-Owner", owner, "Saga-Classification", classification));
                Answer path = api.post(
                        "/api/documents",
                        "{\"path\":\"" + file + "\",\"owner\":\"" + owner + "\",\"classification\":\"" + classification
                                + "\"}",
                        authorization(limit));
                Answer resumable = api.send(
                        "POST",
                        "/api/uploads",
                        BodyPublishers.noBody(),
                        authorization(
                                limit,
                                "Tus-Resumable",
                                "1.0.0",
                                "Upload-Length",
                                "5",
                                "Upload-Metadata",
                                "filename " + base64("outside.txt") + ",owner " + base64(owner) + ",classification "
                                        + base64(classification)));
                assertThat(List.of(body.problem(), path.problem(), resumable.problem()))
                        .as(owner + " " + classification)
                        .containsOnly("label-not-permitted");
            }
        }
    }

    private static String base64(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void a_file_that_is_stored_with_another_owner_is_refused() throws Exception {
        Path file = Files.writeString(roots.resolve("once.txt"), "The contract of somebody is stored once.");
        AccessLimit nobody = AccessLimit.ofOwners(Set.of("nobody"), Classification.RESTRICTED);
        String request = "{\"path\":\"" + file + "\",\"owner\":\"somebody\"}";
        Answer stored = api.post("/api/documents", request, authorization(AccessLimit.NONE, "Prefer", "wait=100"));
        assertThat(stored.json().path("status").asText()).isEqualTo("COMPLETED");
        documents.put(
                "once.txt",
                new StoredDocument(
                        "somebody",
                        "internal",
                        stored.json().path("sagaId").asText(),
                        stored.json().path("documentId").asText(),
                        "once.txt"));

        Answer other = api.post("/api/documents", "{\"path\":\"" + file + "\"}", authorization(nobody));

        assertThat(other.status()).isEqualTo(409);
        assertThat(other.problem()).isEqualTo("another-label");
        assertThat(text(other)).doesNotContain(stored.json().path("sagaId").asText(), "somebody");
    }

    @Test
    void an_invalid_owner_or_classification_is_refused() {
        byte[] body = "text".getBytes(StandardCharsets.UTF_8);

        assertThat(api.put("bad.txt", body, authorization(AccessLimit.NONE, "Saga-Owner", "a%2Cb"))
                        .problem())
                .isEqualTo("bad-label");
        assertThat(api.put("bad.txt", body, authorization(AccessLimit.NONE, "Saga-Classification", "secret"))
                        .problem())
                .isEqualTo("bad-label");
    }

    /** What the whole matrix leaves in the log. */
    @Test
    void each_operation_is_in_the_audit_log_under_the_name_of_its_key() {
        StoredDocument document = documents.get("legal-restricted.txt");
        AccessLimit legal = AccessLimit.ofOwners(Set.of(LEGAL), Classification.RESTRICTED);
        get(legal, "/api/documents/" + document.documentId() + "/content");
        get(legal, "/api/search?q=a+text+nobody+may+see");

        JsonNode fetches = audit("document=" + document.documentId() + "&actor=KEY:key2&action=FETCH");
        assertThat(fetches.size()).isPositive();
        assertThat(fetches.get(0).path("details").path("surface").asText()).isEqualTo("http");
        JsonNode searches = audit("actor=key2&action=SEARCH");
        assertThat(searches.get(0).path("details").path("textChars").asText()).isEqualTo("21");
        assertThat(searches.toString()).doesNotContain("nobody");
        JsonNode outcomes = audit("document=" + document.documentId() + "&action=OUTCOME");
        assertThat(outcomes.get(0).path("sagaId").asText()).isEqualTo(document.sagaId());
        JsonNode ingests = audit("action=INGEST&actor=key1&limit=1000");
        assertThat(ingests.findValuesAsText("sagaId")).contains(document.sagaId());
        assertThat(audit("action=START").size()).isOne();
        assertThat(get(AccessLimit.NONE, "/api/audit?limit=2").header("Link")).contains("before=");
        await().untilAsserted(() ->
                assertThat(saga.journal().audit().check(List.of()).findings()).isEmpty());
    }

    private JsonNode audit(String query) {
        return get(AccessLimit.NONE, "/api/audit?" + query).json().path("entries");
    }

    @Test
    void content_is_not_sent_and_nothing_is_searched_if_it_cannot_be_recorded() {
        StoredDocument document = documents.get("legal-public.txt");
        saga.execute("journal", "alter table audit_entry rename to audit_away");
        try {
            assertThat(get(AccessLimit.NONE, "/api/documents/" + document.documentId() + "/content")
                            .problem())
                    .isEqualTo("not-audited");
            assertThat(get(AccessLimit.NONE, "/api/search?q=contract").problem())
                    .isEqualTo("not-audited");
            assertThat(api.put(
                                    "unrecorded.txt",
                                    "text".getBytes(StandardCharsets.UTF_8),
                                    authorization(AccessLimit.NONE))
                            .status())
                    .isEqualTo(503);
            assertThat(get(AccessLimit.NONE, "/api/documents/" + document.documentId())
                            .status())
                    .as("facts are not recorded")
                    .isEqualTo(200);
        } finally {
            saga.execute("journal", "alter table audit_away rename to audit_entry");
        }
    }
}
