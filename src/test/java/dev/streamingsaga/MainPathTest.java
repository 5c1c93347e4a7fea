package dev.streamingsaga;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamingsaga.ingest.IngestResult;
import dev.streamingsaga.testkit.StreamingSagaFixture;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs the nine steps with real components and checks every store afterwards. */
class MainPathTest {
    @TempDir
    Path directory;

    private StreamingSagaFixture saga;

    @BeforeEach
    void start() throws Exception {
        saga = StreamingSagaFixture.start(directory);
    }

    @AfterEach
    void stop() {
        saga.close();
    }

    @Test
    void stores_a_text_in_all_stores_and_makes_it_visible() throws Exception {
        Path file = saga.text("keeper.txt", 200);

        IngestResult result = saga.ingest(file);

        assertThat(result.status()).as("%s", result).isEqualTo("COMPLETED");
        assertThat(saga.keys()).hasSize(2).allMatch(key -> key.contains(result.documentId() + "/" + result.sagaId()));
        assertThat(saga.number("vector", "SELECT count(*) FROM vector_document WHERE visible = 1"))
                .isOne();
        assertThat(saga.number("graph", "SELECT count(*) FROM graph_document WHERE visible = 1"))
                .isOne();
        assertThat(saga.rows("security", "security_document")).isOne();
        assertThat(result.stores())
                .containsEntry("vector", saga.rows("vector", "vector_segment"))
                .containsEntry("graph", saga.rows("graph", "graph_node"));
        assertThat(saga.application()
                        .bundle()
                        .operator()
                        .search("the lighthouse keeper and his 123 gulls", 3)
                        .get(0)
                        .text())
                .contains("123 gulls");
        assertThat(Files.exists(file)).isTrue();
    }

    @Test
    void stores_nothing_of_a_missing_file() {
        IngestResult result = saga.ingest(directory.resolve("nowhere.pdf"));

        assertThat(result.status()).isEqualTo("COMPENSATED");
        assertThat(result.reason()).isEqualTo("FILE_NOT_FOUND");
        saga.assertNothingAnywhere();
    }
}
