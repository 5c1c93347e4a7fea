package example;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamingsaga.StreamingSaga;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
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
        try (ConfigurableApplicationContext hub = SpringApplication.run(SpringBootHub.class, "--hub.folder=" + folder, "--spring.main.banner-mode=off")) {
            assertThat(hub.getBean(StreamingSaga.class).name()).isEqualTo("saga");
            Files.writeString(Files.createDirectories(folder.resolve("drop")).resolve("report.txt"), "Gulls: 42, keepers: 1.");
            Path outcome = folder.resolve("outcome/report.txt.json");
            Awaitility.await().atMost(Duration.ofSeconds(60)).until(() -> Files.exists(outcome));
            assertThat(outcome).content().contains("\"status\":\"COMPLETED\"");
            assertThat(Files.list(folder.resolve("notes"))).singleElement().satisfies(note -> assertThat(note).hasContent("report.txt has 22 bytes"));
        }
    }

    @Test
    void an_unknown_setting_is_refused(@TempDir Path folder) {
        org.assertj.core.api.Assertions.assertThatThrownBy(() -> SpringApplication.run(SpringBootHub.class, "--hub.folder=" + folder,
                "--spring.main.banner-mode=off", "--saga.chunk.size=1MiB", "--saga.cunk.size=8MiB").close())
                .hasStackTraceContaining("saga.chunk.size must be a size such as 8MiB");
    }
}
