package dev.streamingsaga.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamingsaga.testkit.PostgresServer;
import dev.streamingsaga.testkit.PostgresStatements;
import dev.streamingsaga.testkit.ProxiedRequest;
import dev.streamingsaga.testkit.StreamingSagaFixture;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Counts what a small document costs on servers: statements by SQL text, transactions, requests to the bucket. What
 * happens less often than once for each document, such as the look for work of other nodes, does not count. The table
 * is in {@code target/statements.txt}.
 */
@Tag("one-jdk")
class StatementsTest {
    private static final int DOCUMENTS = 10;
    private static final int MAX_JOURNAL = 53;
    private static final int MAX_STORES = 28;
    private static final int MAX_REQUESTS = 5;

    @Test
    void a_small_document_needs_few_statements_and_requests(@TempDir Path directory) throws Exception {
        try (PostgresServer server = PostgresServer.installed();
                PostgresServer pgvector = PostgresServer.pglite();
                PostgresStatements journal = PostgresStatements.before(server.url());
                PostgresStatements stores = PostgresStatements.before(server.url());
                PostgresStatements vectors = PostgresStatements.before(pgvector.url())) {
            Map<String, String> settings = new HashMap<>();
            settings.put("saga.journal.url", journal.url());
            List.of("security", "graph", "relational")
                    .forEach(store -> settings.put("saga.store." + store + ".url", stores.url()));
            settings.put("saga.store.vector.url", vectors.url());
            settings.put("saga.store.vector.pool-size", "1");
            try (StreamingSagaFixture saga = StreamingSagaFixture.start(directory, settings)) {
                saga.awaitOutcome(saga.ingest(saga.text("first.txt", 14)).sagaId());
                List.of(journal, stores, vectors).forEach(PostgresStatements::take);
                int earlier = saga.s3().requests().size();
                for (int i = 0; i < DOCUMENTS; i++) {
                    IngestResult result = saga.ingest(saga.text("small" + i + ".txt", 14));
                    assertThat(result.status()).isEqualTo("COMPLETED");
                }
                Table table = new Table();
                int inJournal = table.add("journal", journal.take());
                int inStores = table.add("stores", stores.take()) + table.add("vector", vectors.take());
                int requests = table.add(saga.s3().requests().stream()
                        .skip(earlier)
                        .collect(Collectors.toMap(StatementsTest::request, request -> 1, Integer::sum, TreeMap::new)));
                table.write(Path.of("target/statements.txt"));

                assertThat(inJournal).as("%s", table).isLessThanOrEqualTo(MAX_JOURNAL);
                assertThat(inStores).as("%s", table).isLessThanOrEqualTo(MAX_STORES);
                assertThat(requests).as("%s", table).isLessThanOrEqualTo(MAX_REQUESTS);
            }
        }
    }

    /** The pool's test of an idle connection, and the recovery's look for work: how often depends on the time. */
    private static boolean isBackground(String statement) {
        return statement.isEmpty() || statement.startsWith("SELECT CASE WHEN EXISTS (SELECT 1 FROM saga WHERE wish");
    }

    private static String request(ProxiedRequest request) {
        boolean list = request.query() != null && request.query().contains("list-type");
        return request.method() + " "
                + (list ? "list" : request.path().substring(request.path().lastIndexOf('/') + 1));
    }

    private static final class Table {
        private final List<String> lines = new ArrayList<>();

        int add(String database, PostgresStatements.Count count) {
            int sum = add(count.executed());
            lines.add("%s: %d statements, %.1f explicit transactions, %.1f round trips for each document%n"
                    .formatted(
                            database,
                            sum,
                            (double) count.commits() / DOCUMENTS,
                            (double) count.roundTrips() / DOCUMENTS));
            return sum;
        }

        int add(Map<String, Integer> counted) {
            counted.keySet().removeIf(StatementsTest::isBackground);
            int sum = 0;
            for (Map.Entry<String, Integer> entry : counted.entrySet()) {
                int each = entry.getValue() / DOCUMENTS;
                if (each > 0) {
                    lines.add("%3d  %s".formatted(each, entry.getKey()));
                }
                sum += each;
            }
            return sum;
        }

        void write(Path file) throws Exception {
            Files.write(file, lines);
        }

        @Override
        public String toString() {
            return String.join("\n", lines);
        }
    }
}
