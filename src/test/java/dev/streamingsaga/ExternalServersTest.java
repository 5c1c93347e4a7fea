package dev.streamingsaga;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamingsaga.ingest.IngestResult;
import dev.streamingsaga.journal.SagaState;
import dev.streamingsaga.testkit.PostgresServer;
import dev.streamingsaga.testkit.ProxiedRequest;
import dev.streamingsaga.testkit.StreamingSagaFixture;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/**
 * Replaces every embedded component by a server, with settings only: an S3 endpoint, a coordinator URL and PostgreSQL
 * for the journal and all stores (vectors on the server with pgvector).
 */
@Tag("one-jdk")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Tag("own-jvm")
class ExternalServersTest {
    private PostgresServer postgres;
    private PostgresServer pgvector;
    private StreamingSagaFixture saga;

    @BeforeAll
    void servers() {
        postgres = PostgresServer.installed();
        pgvector = PostgresServer.pglite();
    }

    @AfterAll
    void stop() throws Exception {
        if (postgres != null) {
            postgres.close();
        }
        if (pgvector != null) {
            pgvector.close();
        }
    }

    @BeforeEach
    void start(@TempDir Path directory) throws Exception {
        postgres.empty();
        pgvector.empty();
        Map<String, String> settings = new HashMap<>();
        settings.put("saga.journal.url", postgres.url());
        List.of("security", "graph", "relational")
                .forEach(store -> settings.put("saga.store." + store + ".url", postgres.url()));
        settings.put("saga.store.vector.url", pgvector.url());
        settings.put("saga.store.vector.pool-size", "1");
        saga = StreamingSagaFixture.start(directory, settings);
    }

    @AfterEach
    void close() {
        saga.close();
    }

    @Test
    void stores_a_document_in_external_servers_only() throws Exception {
        IngestResult result = saga.ingest(saga.text("keeper.txt", 100));

        assertThat(result.status()).as("%s", result).isEqualTo("COMPLETED");
        assertThat(count(postgres, "select count(*) from security_document")).isOne();
        assertThat(count(postgres, "select count(*) from relational_document where visible = 1"))
                .isOne();
        assertThat(count(postgres, "select count(*) from saga where state = 'COMPLETED' and published_at is not null"))
                .isOne();
        assertThat(count(pgvector, "select count(*) from vector_segment"))
                .isEqualTo(result.stores().get("vector"))
                .isPositive();
        assertThat(saga.application()
                        .bundle()
                        .operator()
                        .search("his 42 gulls", 1)
                        .get(0)
                        .text())
                .contains("42 gulls");
        try (Stream<Path> files = Files.list(saga.data())) {
            assertThat(files.map(file -> file.getFileName().toString()).filter(name -> name.endsWith(".db")))
                    .isEmpty();
        }
    }

    @Test
    void compensates_a_failure_on_external_servers() throws Exception {
        saga.s3()
                .when(ProxiedRequest.method("PUT").and(ProxiedRequest.keyEndsWith("manifest.json")))
                .always()
                .answer(507, "InsufficientStorage");

        IngestResult result = saga.ingest(saga.text("keeper.txt", 100));

        assertThat(result.status()).as("%s", result).isEqualTo("COMPENSATED");
        assertThat(result.reason()).isEqualTo("STORAGE_FULL");
        assertThat(saga.keys()).isEmpty();
        for (String table :
                List.of("security_document", "relational_document", "graph_document", "graph_node", "graph_edge")) {
            assertThat(count(postgres, "select count(*) from " + table))
                    .as(table)
                    .isZero();
        }
        assertThat(count(pgvector, "select count(*) from vector_segment")).isZero();
        assertThat(saga.journal().sagas().find(result.sagaId()).orElseThrow().state())
                .isEqualTo(SagaState.COMPENSATED);
    }

    private static long count(PostgresServer server, String query) throws Exception {
        try (Connection connection = DriverManager.getConnection(server.url());
                ResultSet row = connection.createStatement().executeQuery(query)) {
            row.next();
            return row.getLong(1);
        }
    }
}
