package dev.streamingsaga.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.streamingsaga.encryption.DataKey;
import dev.streamingsaga.encryption.DocumentEncryption;
import dev.streamingsaga.encryption.DocumentKeys;
import dev.streamingsaga.ingest.IngestResult;
import dev.streamingsaga.testkit.KeyServer;
import dev.streamingsaga.testkit.StreamingSagaFixture;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code key-encryption} and {@code rotate-keys}, with a running service and without one. */
@Timeout(120)
@Tag("one-jdk")
class KeyCommandsTest {
    @TempDir
    Path directory;

    private Path keyFile;

    private Call keyEncryption(String... arguments) {
        List<String> all = new ArrayList<>(List.of("key-encryption"));
        all.addAll(List.of(arguments));
        all.addAll(List.of(
                "--json",
                "--file",
                keyFile.toString(),
                "--data",
                directory.resolve("data").toString()));
        return Call.of(all);
    }

    private static Call withSettings(StreamingSagaFixture saga, String... command) {
        List<String> all = new ArrayList<>(List.of(command));
        saga.settings().forEach((key, value) -> all.addAll(List.of("-D", key + "=" + value)));
        return Call.of(all);
    }

    private static String keyId(Call call) throws Exception {
        assertThat(call.code()).as(call.err()).isZero();
        return call.line().path("keyId").asText();
    }

    @Test
    void a_key_file_is_created_once_and_asks_for_a_backup() throws Exception {
        keyFile = directory.resolve("keys").resolve("saga.json");

        Call created = keyEncryption("init");

        assertThat(created.err()).contains("backup");
        String first = keyId(created);
        Call again = keyEncryption("init");
        assertThat(again.code()).isEqualTo(2);
        assertThat(again.err()).contains("exists already");
        String standby = keyId(keyEncryption("add", "--standby"));
        assertThat(keyEncryption("list").lines())
                .extracting(key ->
                        key.path("keyId").asText() + " " + key.path("current").asBoolean())
                .containsExactly(first + " true", standby + " false");
        keyId(keyEncryption("use", standby));
        Files.setPosixFilePermissions(keyFile, PosixFilePermissions.fromString("rw-r--r--"));
        Call open = keyEncryption("list");
        assertThat(open.code()).isEqualTo(2);
        assertThat(open.err()).contains("chmod 600");
    }

    @Test
    void keys_are_rotated_by_the_running_service_and_by_this_process_and_then_removed() throws Exception {
        keyFile = directory.resolve("keys").resolve("saga.json");
        String first = keyId(keyEncryption("init"));
        try (StreamingSagaFixture saga = StreamingSagaFixture.start(
                directory,
                Map.of(
                        "saga.http.enabled",
                        "true",
                        "saga.encryption.provider",
                        "key-file",
                        "saga.encryption.key-file",
                        keyFile.toString()))) {
            IngestResult document = saga.ingest(saga.text("letter.txt", 3));
            String sagaId = Objects.requireNonNull(document.sagaId());
            String documentId = Objects.requireNonNull(document.documentId());
            DataKey key = keys(saga).ofSaga(sagaId, documentId);
            String second = keyId(keyEncryption("add"));
            saga.restart();

            Call refused = keyEncryption("remove", first);
            assertThat(refused.code()).isEqualTo(2);
            assertThat(refused.err()).contains("1 document still need", "rotate-keys");
            Call preview = withSettings(saga, "rotate-keys", "--dry-run", "--json");
            assertThat(preview.code()).as(preview.err()).isOne();
            assertThat(preview.line().path("total").asInt()).isOne();
            JsonNode rotated = withSettings(saga, "rotate-keys", "--json").line();

            assertThat(rotated.path("state").asText()).isEqualTo("DONE");
            assertThat(rotated.path("currentKeyId").asText()).isEqualTo(second);
            assertThat(rotated.path("rewrapped").asInt()).isOne();
            assertThat(get(saga, "api/keys")).contains("\"keyId\":\"" + second + "\",\"documents\":1,\"current\":true");
            assertThat(keyId(keyEncryption("remove", first))).isEqualTo(first);
            assertThat(keys(saga).existing(sagaId, documentId)).isEqualTo(key);
            String third = keyId(keyEncryption("add"));
            saga.stop(() -> {});

            Call local = withSettings(saga, "rotate-keys");

            assertThat(local.code()).as(local.err()).isZero();
            assertThat(local.out()).contains("1 key wrapped again by " + third);
            saga.restart();
            assertThat(keys(saga).existing(sagaId, documentId)).isEqualTo(key);
            assertThat(withSettings(saga, "audit", "--action", "KEYS", "--json").lines())
                    .extracting(entry -> entry.path("actorKind").asText() + " "
                            + entry.path("details").path("surface").asText() + " "
                            + entry.path("details").path("keyEncryption").asText("rotation"))
                    .containsExactly(
                            "OS_USER cli rotation",
                            "OS_USER cli add",
                            "OS_USER cli remove",
                            "LOCAL http rotation",
                            "OS_USER cli add");
            assertThat(withSettings(saga, "key-encryption", "list", "--usage").out())
                    .contains(second)
                    .containsPattern(third + ".*current.*needed for 1 document");
        }
    }

    private static DocumentKeys keys(StreamingSagaFixture saga) {
        return DocumentEncryption.open(saga.config().servers().encryption(), saga.journal())
                .orElseThrow()
                .keys();
    }

    private static String get(StreamingSagaFixture saga, String path) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(
                        saga.application().address().orElseThrow().resolve(path))
                .build();
        return HttpClient.newHttpClient()
                .send(request, HttpResponse.BodyHandlers.ofString())
                .body();
    }

    @Test
    void a_key_service_that_is_away_is_unreachable_at_the_start_and_for_doctor_and_an_outage_while_it_runs()
            throws Exception {
        keyFile = directory.resolve("keys.json");
        try (KeyServer kms = new KeyServer();
                StreamingSagaFixture saga = StreamingSagaFixture.start(
                        directory,
                        Map.of(
                                "saga.http.enabled", "true",
                                "saga.encryption.provider", "kms",
                                "saga.encryption.kms.key", kms.createKey("one"),
                                "saga.encryption.kms.endpoint", kms.uri().toString(),
                                "saga.encryption.kms.access-key", KeyServer.ACCESS_KEY,
                                "saga.encryption.kms.secret-key", "secret",
                                "saga.encryption.kms.timeout", "20s"))) {
            assertThat(get(saga, "observe/health")).contains("key-service");
            assertThat(withSettings(saga, "doctor").out()).containsPattern("ok +encryption keys");
            kms.stop();

            assertThat(withSettings(saga, "doctor").out()).containsPattern("FAIL +encryption keys .*does not answer");
            Call rotation = withSettings(saga, "rotate-keys");
            assertThat(rotation.code()).isEqualTo(4);
            assertThat(rotation.err()).contains("the key service does not answer");
            saga.stop(() -> {});
            Call start = withSettings(saga, "orphans", "--delete");
            assertThat(start.code()).as("needs no keys: " + start.err()).isZero();
            Call started = withSettings(saga, "start", "-D", "saga.start.wait=0s");
            assertThat(started.code()).isEqualTo(4);
            assertThat(started.err()).contains("the key service does not answer", "saga.encryption.kms.endpoint");
            kms.recover();
            saga.restart();
            assertThat(withSettings(saga, "rotate-keys").code()).isZero();
        }
    }
}
