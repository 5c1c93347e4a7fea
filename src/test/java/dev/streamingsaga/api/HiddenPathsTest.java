package dev.streamingsaga.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.streamingsaga.api.ApiClient.Answer;
import dev.streamingsaga.config.Settings;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.testkit.StreamingSagaFixture;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Only operators see paths, in every answer and for files from every endpoint. */
@Tag("one-jdk")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(180)
class HiddenPathsTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final ObjectMapper JSON = new ObjectMapper();

    private StreamingSagaFixture saga;
    private ApiClient api;
    private Path here;
    private String ingest;
    private String read;
    private String operate;
    private final List<String> sagas = new ArrayList<>();

    @BeforeAll
    void start(@TempDir Path temporary) throws Exception {
        here = Files.createDirectories(temporary.toRealPath().resolve("top secret/customer Müller & Co"));
        Path drop = Files.createDirectories(here.resolve("drop"));
        Path keys = here.resolve("keys");
        ingest = ApiKeys.create(keys, "sender", List.of("ingest"));
        read = ApiKeys.create(keys, "reader", List.of("read"));
        operate = ApiKeys.create(keys, "operator", List.of("operate", "read"));
        Map<String, String> settings = new HashMap<>(Map.of(
                "saga.http.enabled",
                "true",
                "saga.http.keys-file",
                keys.toString(),
                "saga.http.roots",
                here.toString(),
                "saga.drop.dir",
                drop.toString(),
                "saga.drop.interval",
                "100ms",
                "saga.drop.stable-for",
                "0s",
                "saga.file.max-size",
                "1KiB",
                "saga.duplicates",
                "version"));
        saga = StreamingSagaFixture.start(here, settings);
        api = new ApiClient(saga.application().address().orElseThrow());
        store("fine file.txt", 10);
        store("too large.txt", 2000);
        for (String name : List.of("dropped file.txt", "dropped too large.txt")) {
            Path draft = Files.write(here.resolve("draft"), new byte[name.contains("large") ? 2000 : 20]);
            Files.move(draft, drop.resolve(name));
        }
        await().atMost(PATIENCE)
                .until(() -> saga.journal().sagas().newest(10).size() == 4
                        && saga.journal().sagas().newest(10).stream()
                                .allMatch(s -> s.state().isFinal()));
        saga.journal().sagas().newest(10).stream().map(SagaRecord::sagaId).forEach(sagas::add);
    }

    private void store(String name, int size) throws Exception {
        Path file = Files.write(here.resolve(name), new byte[size]);
        Answer answer = api.post(
                "/api/documents",
                JSON.writeValueAsString(Map.of("path", file.toString())),
                "Authorization",
                "Bearer " + ingest,
                "Prefer",
                "wait=100");
        assertThat(answer.status()).as("%s", answer.json()).isEqualTo(200);
        assertThat(answer.json().path("file").asText()).isEqualTo(name);
        assertHidden(answer);
    }

    @AfterAll
    void stop() {
        saga.close();
    }

    private Answer get(String path, String key) {
        return api.get(path, "Authorization", "Bearer " + key);
    }

    private void assertHidden(Answer answer) {
        assertThat(new String(answer.response().body(), StandardCharsets.UTF_8))
                .doesNotContain("secret", "customer", "Müller", "/drop", here.toString());
    }

    private List<String> files(String key) {
        return get("/api/sagas", key).json().path("sagas").findValuesAsText("file");
    }

    @Test
    void the_list_shows_names_to_readers_and_paths_to_operators() {
        assertThat(files(read))
                .containsExactlyInAnyOrder(
                        "fine file.txt", "too large.txt", "dropped file.txt", "dropped too large.txt");
        assertThat(files(operate)).hasSize(4).allMatch(file -> file.startsWith(here + "/"));
        assertHidden(get("/api/sagas", read));
    }

    @Test
    void neither_a_saga_nor_its_outcome_nor_its_errors_contain_a_path() {
        for (String id : sagas) {
            assertHidden(get("/api/sagas/" + id, read));
            assertHidden(get("/api/sagas/" + id + "/outcome", read));
            assertHidden(get("/api/sagas/" + id + "/outcome", ingest));
            assertThat(new String(get("/api/sagas/" + id, operate).response().body(), StandardCharsets.UTF_8))
                    .contains(here.toString());
            assertThat(get("/api/sagas/" + id + "/outcome", operate)
                            .json()
                            .path("file")
                            .asText())
                    .startsWith(here + "/");
        }
        String failed = saga.journal().sagas().newest(10).stream()
                .filter(s -> s.fileName().equals("too large.txt"))
                .findFirst()
                .orElseThrow()
                .sagaId();
        assertThat(get("/api/sagas/" + failed, read)
                        .json()
                        .path("saga")
                        .path("message")
                        .asText())
                .startsWith("too large.txt has 2000 bytes");
    }

    @Test
    void clean_ups_searches_and_health_contain_no_path() {
        for (String path :
                List.of("/api/cleanups?all=true", "/api/search?q=nothing", "/observe/health", "/observe/metrics")) {
            Answer answer = get(path, read);
            assertThat(answer.status()).as(path).isEqualTo(200);
            assertHidden(answer);
        }
    }

    @Test
    void events_show_names_to_readers_and_paths_to_operators() throws Exception {
        assertThat(events(read)).contains("\"file\":\"fine file.txt\"").doesNotContain("secret", "customer");
        assertThat(events(operate)).contains("\"file\":\"" + here + "/fine file.txt\"");
    }

    private String events(String key) throws Exception {
        try (Socket socket = api.socket()) {
            ApiClient.write(socket, "GET /api/events HTTP/1.1\r\nAuthorization: Bearer " + key, new byte[0]);
            return new String(
                    ApiClient.readUntil(socket.getInputStream(), "event: cleanups")
                            .getBytes(StandardCharsets.ISO_8859_1),
                    StandardCharsets.UTF_8);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "/srv/in/a.txt: access denied | a.txt: access denied",
                "cannot read '/srv/in/a.txt', tried 3 times | cannot read 'a.txt', tried 3 times",
                "jdbc:sqlite:/srv/x/journal.db is locked | jdbc:sqlite:journal.db is locked",
                "file:///srv/in/a.txt is gone | a.txt is gone",
                "java.nio.file.AccessDeniedException: /srv/in | java.nio.file.AccessDeniedException: in",
                "the data directory /data dir/of ours is full | the data directory of ours is full",
                "/data dir/of ours/spool/http/0af.txt has 3 bytes | 0af.txt has 3 bytes",
                "PUT http://127.0.0.1:9000/bucket/documents/d/s/chunk-000001: 503 | PUT"
                        + " http://127.0.0.1:9000/bucket/documents/d/s/chunk-000001: 503",
                "documents/d/s/chunk-000001 is text/plain, 3/4 of it | documents/d/s/chunk-000001 is text/plain, 3/4"
                        + " of it"
            })
    void removes_folders_from_any_text(String text, String hidden) {
        HiddenPaths paths = new HiddenPaths(Settings.parse(Map.of("saga.data.dir", "/data dir/of ours")));
        assertThat(paths.hide(JSON.createObjectNode().put("message", text))
                        .path("message")
                        .asText())
                .isEqualTo(hidden);
    }
}
