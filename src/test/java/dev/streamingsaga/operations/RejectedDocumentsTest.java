package dev.streamingsaga.operations;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamingsaga.ingest.IngestResult;
import dev.streamingsaga.ingest.IngestResult.WarningResult;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.testkit.StreamingSagaFixture;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code saga.content.on-failure=reject}. */
class RejectedDocumentsTest {
    @TempDir
    Path directory;

    @Test
    void a_document_that_cannot_be_read_is_compensated_and_one_that_is_stored_already_is_still_repaired()
            throws Exception {
        try (StreamingSagaFixture saga = StreamingSagaFixture.start(directory)) {
            Path damaged = Files.writeString(
                    saga.text("damaged.pdf", 1), "%PDF-1.7\n1 0 obj <</Type /Catalog /Pages 7 0 R>>\nstream");
            IngestResult kept = saga.ingest(damaged);
            assertThat(kept.status()).isEqualTo("COMPLETED");
            assertThat(kept.warnings()).extracting(WarningResult::code).containsExactly("DAMAGED");

            saga.restart(Map.of("saga.content.on-failure", "reject", "saga.duplicates", "version"));
            IngestResult rejected = saga.ingest(Files.copy(damaged, damaged.resolveSibling("copy.pdf")));

            assertThat(rejected.status()).isEqualTo("COMPENSATED");
            assertThat(rejected.reason()).isEqualTo("FILE_NOT_READABLE");
            assertThat(rejected.message())
                    .startsWith("the text of copy.pdf cannot be read completely: ")
                    .contains("(DAMAGED)", "saga.content.on-failure");
            assertThat(rejected.warnings()).isEqualTo(kept.warnings());
            assertThat(saga.keys()).allMatch(key -> key.contains(kept.sagaId()));
            assertThat(saga.rows("relational", "relational_document")).isOne();

            SagaOperator operator = saga.application().bundle().operator();
            SagaRecord document = operator.document(String.valueOf(kept.documentId()));
            Files.delete(saga.object(document.document().orElseThrow().keyPrefix() + "manifest.json"));
            saga.execute("relational", "DELETE FROM relational_document");
            saga.execute("vector", "DELETE FROM vector_document");
            assertThat(operator.repair(document, false)).isNotEmpty().allMatch(drift -> drift.repaired());
            assertThat(operator.verify(document, false)).isEmpty();
            assertThat(operator.result(kept.sagaId()).warnings()).isEqualTo(kept.warnings());
            assertThat(saga.ingest(saga.text("plain.txt", 3)).status()).isEqualTo("COMPLETED");
        }
    }
}
