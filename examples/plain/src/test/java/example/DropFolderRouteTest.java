package example;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.test.MockIngestRoutes;
import dev.streamingsaga.test.MockOutcome;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import org.apache.camel.support.PluginHelper;
import org.apache.camel.support.ResourceHelper;
import org.apache.camel.test.junit5.CamelTestSupport;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The hub's own route alone: no server runs, and the mock decides how each saga ends. */
class DropFolderRouteTest extends CamelTestSupport {
    private final MockIngestRoutes saga = new MockIngestRoutes();

    @TempDir
    static Path folder;

    @Override
    protected Properties useOverridePropertiesWithPropertiesComponent() {
        Properties properties = new Properties();
        properties.setProperty("hub.folder", folder.toString());
        properties.setProperty("saga.hub.fail-on", "compensated");
        return properties;
    }

    @BeforeEach
    void addRoutes() throws Exception {
        context.addRoutes(saga);
        PluginHelper.getRoutesLoader(context).loadRoutes(ResourceHelper.resolveResource(context, "classpath:routes/drop-folder.camel.yaml"));
    }

    @Test
    void a_completed_file_is_done() throws Exception {
        drop("good.txt");

        await("drop/.done/good.txt");
        assertEquals(List.of("good.txt"), saga.files().stream().map(file -> file.getFileName().toString()).toList());
    }

    @Test
    void a_compensated_file_has_failed_and_has_its_outcome() throws Exception {
        saga.answer("bad.txt", MockOutcome.compensated(Reason.STORE_FAILED, "the ledger is full"));

        drop("bad.txt");

        await("drop/.failed/bad.txt");
        assertTrue(Files.readString(folder.resolve("outcome/bad.txt.json")).contains("the ledger is full"));
    }

    private void drop(String name) throws Exception {
        Files.writeString(Files.createDirectories(folder.resolve("drop")).resolve(name), "Gulls: 42, keepers: 1.");
    }

    private void await(String file) {
        Awaitility.await().atMost(20, TimeUnit.SECONDS).until(() -> Files.exists(folder.resolve(file)));
    }
}
