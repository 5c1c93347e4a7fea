package example;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
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
            Awaitility.await().atMost(60, TimeUnit.SECONDS).until(() -> Files.exists(outcome));
            String json = Files.readString(outcome);
            assertTrue(json.contains("\"status\":\"COMPLETED\""), json);
            try (var connection = DriverManager.getConnection("jdbc:sqlite:" + folder.resolve("ledger.db"));
                    var row = connection.createStatement().executeQuery("select file_name from ledger")) {
                assertEquals("report.txt", row.getString(1));
            }
        } finally {
            hub.stop();
        }
    }

    @Test
    void none_of_the_optional_libraries_is_here() {
        for (String library : new String[] {"org.apache.pdfbox.Loader", "org.apache.tika.mime.MimeTypes", "ai.onnxruntime.OrtEnvironment",
            "org.gaul.s3proxy.S3Proxy", "io.undertow.Undertow", "io.netty.channel.Channel", "picocli.CommandLine"}) {
            assertThrows(ClassNotFoundException.class, () -> Class.forName(library), library);
        }
    }
}
