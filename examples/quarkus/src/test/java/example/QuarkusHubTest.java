package example;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quarkus.test.junit.QuarkusTest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.UUID;
import org.awaitility.Awaitility;
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
        Awaitility.await().atMost(Duration.ofSeconds(60)).until(() -> Files.exists(outcome));
        String json = Files.readString(outcome);
        assertTrue(json.contains("\"status\":\"COMPLETED\""), json);
        assertTrue(HubRoutes.SEEN.containsValue(name), HubRoutes.SEEN::toString);
    }
}
