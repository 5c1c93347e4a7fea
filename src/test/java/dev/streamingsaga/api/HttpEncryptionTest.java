package dev.streamingsaga.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.streamingsaga.Internals;
import dev.streamingsaga.api.ApiClient.Answer;
import dev.streamingsaga.encryption.KeyFile;
import dev.streamingsaga.ingest.IngestResult;
import dev.streamingsaga.journal.DocumentKey;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.SagaState;
import dev.streamingsaga.journal.StoredForm;
import dev.streamingsaga.recovery.DocumentCheck;
import dev.streamingsaga.recovery.Drift;
import dev.streamingsaga.testkit.StreamingSagaFixture;
import java.io.IOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** The whole application with compression and encryption: whatever comes in, the bucket holds no word of it. */
@Tag("one-jdk")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class HttpEncryptionTest {
    private static final int CHUNK = StreamingSagaFixture.CHUNK;
    private static final String WORD = "lighthouse";

    private StreamingSagaFixture saga;
    private ApiClient api;

    @BeforeAll
    void start(@TempDir Path directory) throws Exception {
        Path keys = directory.resolve("keys").resolve("keys.json");
        new KeyFile(keys).create();
        Map<String, String> settings = new HashMap<>();
        settings.put("saga.http.enabled", "true");
        settings.put("saga.content.max-text-chars", "20000");
        settings.put("saga.chunk.compression", "zstd");
        settings.put("saga.chunk.encryption", "aes256-gcm");
        settings.put("saga.encryption.provider", "key-file");
        settings.put("saga.encryption.key-file", keys.toString());
        saga = StreamingSagaFixture.start(directory.resolve("saga"), settings);
        api = new ApiClient(saga.application().address().orElseThrow());
    }

    @AfterAll
    void stop() {
        saga.close();
    }

    private static byte[] text(int size) {
        byte[] line = ("The keeper of the " + WORD + " counts the gulls.\n").getBytes(StandardCharsets.UTF_8);
        byte[] text = new byte[size];
        for (int i = 0; i < size; i++) {
            text[i] = line[i % line.length];
        }
        return text;
    }

    private SagaRecord record(String sagaId) {
        return saga.journal().sagas().find(sagaId).orElseThrow();
    }

    private void assertSealed(SagaRecord record) throws IOException {
        String prefix = record.document().orElseThrow().keyPrefix();
        List<String> keys =
                saga.keys().stream().filter(key -> key.startsWith(prefix)).toList();
        assertThat(keys).isNotEmpty();
        for (String key : keys) {
            assertThat(Files.readString(saga.object(key), StandardCharsets.ISO_8859_1))
                    .as(key)
                    .doesNotContain(WORD, record.fileName());
        }
    }

    private Answer content(SagaRecord record, String... headers) {
        return api.get("/api/documents/" + record.document().orElseThrow().documentId() + "/content", headers);
    }

    @Test
    void a_file_is_sealed_searched_fetched_by_range_and_repaired() throws Exception {
        byte[] original = text(CHUNK + 1000);
        Path file = Files.write(saga.file("keeper.txt", 1), original);
        IngestResult result = saga.ingest(file);
        assertThat(result.status()).as("%s", result).isEqualTo("COMPLETED");
        SagaRecord record = record(result.sagaId());

        assertSealed(record);
        assertThat(saga.journal().chunks().all(record.sagaId()))
                .allSatisfy(row ->
                        assertThat(row.storedForm().map(StoredForm::codec)).contains("zstd"));
        JsonNode chunks = api.get("/api/sagas/" + record.sagaId()).json().path("chunks");
        assertThat(chunks.path("compressed").asInt()).isEqualTo(2);
        assertThat(chunks.path("encrypted").asInt()).isEqualTo(2);
        assertThat(chunks.path("storedBytes").asLong()).isBetween(100L, CHUNK / 10L);
        assertThat(content(record).response().body()).isEqualTo(original);
        Answer range = content(record, "Range", "bytes=" + (CHUNK - 10) + "-" + (CHUNK + 9));
        assertThat(range.status()).isEqualTo(206);
        assertThat(range.response().body()).isEqualTo(Arrays.copyOfRange(original, CHUNK - 10, CHUNK + 10));
        assertThat(saga.application().bundle().operator().search(WORD, 1)).hasSize(1);

        DocumentCheck check = Internals.documentCheck(saga.application().bundle());
        assertThat(check.check(record, true)).isEmpty();
        List<Object> before = List.copyOf(saga.journal().chunks().all(record.sagaId()));
        String key = record.document().orElseThrow().keyPrefix() + "chunk-000001";
        byte[] damaged = Files.readAllBytes(saga.object(key));
        damaged[damaged.length - 1] ^= 1;
        saga.put(key, damaged);
        assertThat(check.repair(record, false))
                .isNotEmpty()
                .allSatisfy(
                        drift -> assertThat(drift.repaired()).as("%s", drift).isTrue());
        assertThat(List.<Object>copyOf(saga.journal().chunks().all(record.sagaId())))
                .as("sealed again, and journaled")
                .isNotEqualTo(before);
        assertThat(check.check(record, true)).extracting(Drift::resource).isEmpty();
        assertThat(content(record).response().body()).isEqualTo(original);
    }

    @Test
    void a_manifest_that_is_written_again_during_a_rotation_of_keys_gets_the_new_key() throws Exception {
        IngestResult result = saga.ingest(Files.write(saga.file("rotated.txt", 1), text(5000)));
        SagaRecord record = record(result.sagaId());
        DocumentKey key = saga.journal().keys().find(record.sagaId()).orElseThrow();
        DocumentKey.Replacement next = new DocumentKey.Replacement("next-key", "AAAA");
        assertThat(saga.journal().keys().beginReplacement(key, next)).isTrue();
        String manifest = record.document().orElseThrow().keyPrefix() + "manifest.json";
        Files.delete(saga.object(manifest));

        Internals.documentCheck(saga.application().bundle()).repair(record, false);

        assertThat(Files.readString(saga.object(manifest)))
                .contains("\"keyId\":\"next-key\"", "\"wrappedKey\":\"AAAA\"");
    }

    @Test
    void a_body_that_arrives_in_parts_leaves_only_sealed_objects() throws Exception {
        byte[] original = text(2 * CHUNK + 77);
        int first = CHUNK + 4321;
        String url = tus(
                        "POST",
                        "/api/uploads",
                        new byte[0],
                        "Upload-Length",
                        Integer.toString(original.length),
                        "Upload-Metadata",
                        "filename " + Base64.getEncoder().encodeToString("parts.txt".getBytes(StandardCharsets.UTF_8)))
                .header("Location");
        patch(url, 0, Arrays.copyOf(original, first));
        String sagaId = url.substring(url.lastIndexOf('/') + 1);
        assertThat(saga.keys()).as("the tail").anyMatch(key -> key.contains(sagaId + "/tail-"));
        assertSealed(record(sagaId));

        saga.restart();
        api = new ApiClient(saga.application().address().orElseThrow());
        patch(url, first, Arrays.copyOfRange(original, first, original.length));

        await().atMost(Duration.ofSeconds(60)).until(() -> record(sagaId).state() == SagaState.COMPLETED);
        SagaRecord record = record(sagaId);
        assertSealed(record);
        assertThat(content(record).response().body()).isEqualTo(original);
        assertThat(Internals.documentCheck(saga.application().bundle()).check(record, true))
                .isEmpty();
    }

    private void patch(String url, int offset, byte[] body) {
        Answer answer = tus(
                "PATCH",
                url,
                body,
                "Upload-Offset",
                Integer.toString(offset),
                "Content-Type",
                "application/offset+octet-stream");
        assertThat(answer.status()).as("%s", answer.response()).isEqualTo(204);
    }

    private Answer tus(String method, String url, byte[] body, String... headers) {
        String[] all = Arrays.copyOf(headers, headers.length + 2);
        all[headers.length] = "Tus-Resumable";
        all[headers.length + 1] = "1.0.0";
        return api.send(method, url, BodyPublishers.ofByteArray(body), all);
    }
}
