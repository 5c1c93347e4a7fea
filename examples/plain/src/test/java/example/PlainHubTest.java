package example;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.apache.camel.CamelContext;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Needs the servers that application.properties or the environment names. */
@Timeout(90)
class PlainHubTest {
    @Test
    void a_dropped_file_ends_in_the_ledger(@TempDir Path folder) throws Exception {
        CamelContext hub = PlainHub.start(folder);
        try {
            Files.writeString(Files.createDirectories(folder.resolve("drop")).resolve("report.txt"), "Gulls: 42, keepers: 1.");
            Path outcome = folder.resolve("outcome/report.txt.json");
            await(outcome);
            await(folder.resolve("drop/.done/report.txt"));
            String json = Files.readString(outcome);
            assertTrue(json.contains("\"status\":\"COMPLETED\""), json);
            try (var connection = DriverManager.getConnection("jdbc:sqlite:" + folder.resolve("ledger.db"));
                    var row = connection.createStatement().executeQuery("select file_name from ledger")) {
                assertEquals("report.txt", row.getString(1));
            }
            assertEquals(List.of(), DailyReport.of(hub));
        } finally {
            hub.stop();
        }
    }

    /** The ledger refuses the name, by a rule that the test adds to its table. */
    @Test
    void a_file_whose_saga_is_compensated_is_moved_to_failed(@TempDir Path folder) throws Exception {
        try (var connection = DriverManager.getConnection("jdbc:sqlite:" + folder.resolve("ledger.db")); var statement = connection.createStatement()) {
            statement.execute("create table ledger (saga_id text primary key, file_name text check (file_name <> 'bad.txt'))");
        }
        CamelContext hub = PlainHub.start(folder);
        try {
            Path drop = Files.createDirectories(folder.resolve("drop"));
            Files.writeString(drop.resolve("bad.txt"), "Gulls: none.");

            await(drop.resolve(".failed/bad.txt"));

            String json = Files.readString(folder.resolve("outcome/bad.txt.json"));
            assertTrue(json.contains("\"status\":\"COMPENSATED\"") && json.contains("STORE_FAILED"), json);
            assertFalse(Files.exists(drop.resolve(".done/bad.txt")), "in .done");
        } finally {
            hub.stop();
        }
    }

    @Test
    void every_property_is_resolved(@TempDir Path folder) throws Exception {
        CamelContext hub = PlainHub.create(folder);
        Set<String> keys = hub.getPropertiesComponent().loadProperties().stringPropertyNames();
        assertTrue(keys.contains("saga.hub.fail-on"), keys::toString);
        for (String key : keys) {
            String value = hub.getPropertiesComponent().resolveProperty(key).orElseThrow(() -> new AssertionError(key + " can't be resolved"));
            assertFalse(value.contains("{{") || value.contains("${"), key + "=" + value);
        }
    }

    private static void await(Path file) {
        Awaitility.await().atMost(60, TimeUnit.SECONDS).until(() -> Files.exists(file));
    }

    @Test
    void none_of_the_optional_libraries_is_here() {
        for (String library : new String[] {"org.apache.pdfbox.Loader", "org.apache.tika.mime.MimeTypes", "ai.onnxruntime.OrtEnvironment",
            "org.gaul.s3proxy.S3Proxy", "io.undertow.Undertow", "io.netty.channel.Channel", "picocli.CommandLine"}) {
            assertThrows(ClassNotFoundException.class, () -> Class.forName(library), library);
        }
    }
}
