package example;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quarkus.test.junit.QuarkusTest;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Properties;
import java.util.UUID;
import org.awaitility.Awaitility;
import org.eclipse.microprofile.config.ConfigProvider;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.junit.jupiter.api.Test;

/** Needs the servers that application.properties or the environment names. */
@QuarkusTest
class QuarkusHubTest {
    @ConfigProperty(name = "hub.folder")
    Path folder;

    @Test
    void a_dropped_file_is_seen() throws Exception {
        String name = UUID.randomUUID() + ".txt";
        Files.writeString(Files.createDirectories(folder.resolve("drop")).resolve(name), "Gulls: 42, keepers: 1.");
        Path outcome = folder.resolve("outcome").resolve(name + ".json");
        await(outcome);
        String json = Files.readString(outcome);
        assertTrue(json.contains("\"status\":\"COMPLETED\""), json);
        assertTrue(HubRoutes.SEEN.containsValue(name), HubRoutes.SEEN::toString);
        await(folder.resolve("drop/.done").resolve(name));
    }

    @Test
    void a_file_whose_saga_is_compensated_is_moved_to_failed() throws Exception {
        String name = UUID.randomUUID() + ".txt";
        Files.writeString(Files.createDirectories(folder.resolve("drop")).resolve(name), "Gulls: 42.\n".repeat(1000));

        await(folder.resolve("drop/.failed").resolve(name));

        String json = Files.readString(folder.resolve("outcome").resolve(name + ".json"));
        assertTrue(json.contains("\"status\":\"COMPENSATED\"") && json.contains("FILE_TOO_LARGE"), json);
        assertFalse(Files.exists(folder.resolve("drop/.done").resolve(name)));
    }

    @Test
    void every_property_is_resolved() throws Exception {
        Properties file = new Properties();
        try (InputStream in = HubRoutes.class.getResourceAsStream("/application.properties")) {
            file.load(in);
        }
        for (String key : file.stringPropertyNames()) {
            String value = ConfigProvider.getConfig().getValue(key.replace("%test.", ""), String.class);
            assertFalse(value.contains("{{") || value.contains("${"), key + "=" + value);
        }
    }

    private static void await(Path file) {
        Awaitility.await().atMost(Duration.ofSeconds(60)).until(() -> Files.exists(file));
    }
}
