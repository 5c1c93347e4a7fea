package dev.streamingsaga.retention;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.streamingsaga.ingest.IngestResult;
import dev.streamingsaga.journal.Deletion;
import dev.streamingsaga.journal.DeletionState;
import dev.streamingsaga.operations.SagaOperator;
import dev.streamingsaga.receipt.ReceiptFinding;
import dev.streamingsaga.testkit.StreamingSagaFixture;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A service makes passes by itself; what versions and receipts need stays. */
@Tag("one-jdk")
@Timeout(120)
class ScheduledRetentionTest {
    private static final List<String> TABLES =
            List.of("saga", "step", "chunk", "document_version", "receipt", "document_text");
    private static final String OLD_EVENT = "0".repeat(26);

    @Test
    void a_scheduled_pass_archives_a_deleted_document_and_keeps_the_rows_of_versions(@TempDir Path directory)
            throws Exception {
        Map<String, String> settings = Map.of(
                "saga.receipts", "on",
                "saga.duplicates", "version",
                "saga.versions.keep", "2",
                "saga.retention.interval", "1s",
                "saga.retention.journal", "P9D");
        try (StreamingSagaFixture saga = StreamingSagaFixture.start(directory, settings)) {
            SagaOperator operator = saga.application().operator();
            IngestResult kept = saga.ingest(saga.text("letter.txt", 3));
            IngestResult current = saga.ingest(saga.text("letter.txt", 5));
            IngestResult gone = saga.ingest(saga.text("gone.txt", 2));
            Deletion deletion = operator.delete(gone.documentId(), "a test", "tester");
            assertThat(operator.awaitDeletion(deletion, Duration.ofSeconds(60)).state())
                    .isEqualTo(DeletionState.DELETED);
            await().until(
                            () -> saga.column("journal", "SELECT state FROM document_version" + of(kept)),
                            states -> states.equals(List.of("KEPT")));
            await().until(() -> saga.journal().receipts().due("", 1).isEmpty());
            List<Long> before = rows(saga, kept);

            saga.execute(
                    "journal",
                    "INSERT INTO event (event_id, saga_id, at, kind, message) VALUES ('" + OLD_EVENT + "', '"
                            + kept.sagaId() + "', 1, 'STATE', 'old')");
            saga.execute("journal", "UPDATE deletion SET finished_at = 1");
            saga.execute("journal", "UPDATE saga SET finished_at = 1");

            await().atMost(Duration.ofSeconds(30))
                    .until(() -> saga.journal().sagas().find(gone.sagaId()).isEmpty()
                            && saga.column("journal", "SELECT 1 FROM event WHERE event_id = '" + OLD_EVENT + "'")
                                    .isEmpty());
            assertThat(rows(saga, kept)).isEqualTo(before).doesNotContain(0L);
            for (IngestResult version : List.of(kept, current)) {
                assertThat(operator.verify(
                                saga.journal().sagas().find(version.sagaId()).orElseThrow(), true))
                        .isEmpty();
            }
            List<ReceiptFinding> findings = new ArrayList<>();
            assertThat(operator.checkReceipts(true, findings::add)).isGreaterThanOrEqualTo(3);
            assertThat(findings).isEmpty();
            assertThat(operator.checkAudit(List.of()).findings()).isEmpty();
        }
    }

    private static String of(IngestResult version) {
        return " WHERE saga_id = '" + version.sagaId() + "'";
    }

    private static List<Long> rows(StreamingSagaFixture saga, IngestResult version) {
        return TABLES.stream()
                .map(table -> saga.number("journal", "SELECT count(*) FROM " + table + of(version)))
                .toList();
    }
}
