package example;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamingsaga.StreamingSaga;
import dev.streamingsaga.api.ApiKeys;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Properties;
import java.util.Random;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.SpringApplication;
import org.springframework.context.ConfigurableApplicationContext;

/** Needs the servers that application.properties or the environment names. */
@Timeout(90)
class SpringBootHubTest {
    @Test
    void a_dropped_file_ends_in_a_note(@TempDir Path folder) throws Exception {
        ApiKeys.create(folder.resolve("keys"), "test", List.of("ingest"));
        try (ConfigurableApplicationContext hub = run(folder)) {
            assertThat(hub.getBean(StreamingSaga.class).name()).isEqualTo("saga");
            Files.writeString(Files.createDirectories(folder.resolve("drop")).resolve("report.txt"), "Gulls: 42, keepers: 1.");
            Path outcome = folder.resolve("outcome/report.txt.json");
            Awaitility.await().atMost(Duration.ofSeconds(60)).until(() -> Files.exists(outcome));
            assertThat(outcome).content().contains("\"status\":\"COMPLETED\"");
            assertThat(Files.list(folder.resolve("notes"))).singleElement().satisfies(note -> assertThat(note).hasContent("report.txt has 22 bytes"));
        }
    }

    @Test
    void a_file_whose_saga_is_compensated_is_moved_to_failed(@TempDir Path folder) throws Exception {
        ApiKeys.create(folder.resolve("keys"), "test", List.of("ingest"));
        try (ConfigurableApplicationContext hub = run(folder, "--saga.file.max-size=10B")) {
            Path drop = Files.createDirectories(folder.resolve("drop"));
            Files.writeString(drop.resolve("report.txt"), "Gulls: 42, keepers: 1.");

            Awaitility.await().atMost(Duration.ofSeconds(60)).until(() -> Files.exists(drop.resolve(".failed/report.txt")));

            assertThat(folder.resolve("outcome/report.txt.json")).content().contains("\"status\":\"COMPENSATED\"", "FILE_TOO_LARGE");
            assertThat(drop.resolve(".done/report.txt")).doesNotExist();
        }
    }

    @Test
    void every_property_is_resolved(@TempDir Path folder) throws Exception {
        Properties file = new Properties();
        try (InputStream in = SpringBootHub.class.getResourceAsStream("/application.properties")) {
            file.load(in);
        }
        ApiKeys.create(folder.resolve("keys"), "test", List.of("ingest"));
        try (ConfigurableApplicationContext hub = run(folder)) {
            assertThat(file.stringPropertyNames()).contains("saga.hub.fail-on").allSatisfy(
                    key -> assertThat(hub.getEnvironment().getProperty(key)).as(key).isNotNull().doesNotContain("${", "{{"));
        }
    }

    @Test
    void an_unset_variable_is_named_with_its_property(@TempDir Path folder) {
        assertThatThrownBy(() -> run(folder, "--saga.chunk.prefix={{env:HUB_NOT_SET}}").close())
                .hasStackTraceContaining("saga.chunk.prefix refers to the environment variable HUB_NOT_SET, which is not set");
        assertThatThrownBy(() -> run(folder, "--saga.chunk.prefix=${HUB_NOT_SET}").close()).hasStackTraceContaining("HUB_NOT_SET");
    }

    private static ConfigurableApplicationContext run(Path folder, String... more) {
        return SpringApplication.run(SpringBootHub.class, Stream.concat(Stream.of("--hub.folder=" + folder, "--spring.main.banner-mode=off",
                "--server.port=0"), Stream.of(more)).toArray(String[]::new));
    }

    @Test
    void a_document_comes_and_goes_over_the_applications_own_server(@TempDir Path folder) throws Exception {
        String key = ApiKeys.create(folder.resolve("keys"), "test", List.of("ingest", "read"));
        byte[] content = new byte[12_000_000];
        new Random(1).nextBytes(content);
        String sha256 = Base64.getEncoder().encodeToString(MessageDigest.getInstance("SHA-256").digest(content));
        HttpClient client = HttpClient.newHttpClient();
        try (ConfigurableApplicationContext hub = run(folder)) {
            URI base = URI.create("http://127.0.0.1:" + hub.getEnvironment().getProperty("local.server.port") + "/documents/");
            HttpRequest.Builder put = HttpRequest.newBuilder(base.resolve("api/documents/minutes%20%C3%A4.bin")).PUT(BodyPublishers.ofByteArray(content))
                    .header("Prefer", "wait=60");

            HttpResponse<String> refused = client.send(HttpRequest.newBuilder(base.resolve("api/sagas")).build(), BodyHandlers.ofString());
            assertThat(refused.statusCode()).as("without a key: %s", refused.body()).isEqualTo(401);
            put.header("Authorization", "Bearer " + key);
            assertThat(client.send(put.copy().header("Repr-Digest", "sha-256=:" + Base64.getEncoder().encodeToString(new byte[32]) + ":").build(), BodyHandlers.ofString())
                    .body()).contains("wrong-digest");
            HttpResponse<String> stored = client.send(put.copy().header("Repr-Digest", "sha-256=:" + sha256 + ":").build(), BodyHandlers.ofString());
            assertThat(stored.body()).contains("\"status\":\"COMPLETED\"").contains("\"sizeBytes\":12000000").contains("minutes ä.bin");

            String documentId = stored.body().replaceFirst("(?s).*\"documentId\":\"([^\"]+)\".*", "$1");
            HttpRequest.Builder get = HttpRequest.newBuilder(base.resolve("api/documents/" + documentId + "/content")).header("Authorization", "Bearer " + key);
            assertThat(client.send(get.copy().build(), BodyHandlers.ofByteArray()).body()).isEqualTo(content);
            HttpResponse<byte[]> part = client.send(get.copy().header("Range", "bytes=8388600-8388615").build(), BodyHandlers.ofByteArray());
            assertThat(part.statusCode()).isEqualTo(206);
            assertThat(part.body()).isEqualTo(Arrays.copyOfRange(content, 8_388_600, 8_388_616));
            assertThat(client.send(HttpRequest.newBuilder(base).build(), BodyHandlers.ofString()).body()).as("the page").contains("<title>");
        }
    }

    @Test
    void an_unknown_setting_is_refused(@TempDir Path folder) {
        assertThatThrownBy(() -> run(folder, "--saga.chunk.size=1MiB", "--saga.cunk.size=8MiB").close())
                .hasStackTraceContaining("saga.chunk.size must be a size such as 8MiB");
    }
}
