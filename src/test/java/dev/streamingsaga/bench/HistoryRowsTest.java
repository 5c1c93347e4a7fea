package dev.streamingsaga.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamingsaga.access.AccessLimit;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.config.Settings;
import dev.streamingsaga.database.Databases;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.journal.JournalStatistics;
import dev.streamingsaga.journal.NewSaga;
import dev.streamingsaga.journal.SagaState;
import dev.streamingsaga.testkit.MigratedDatabases;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.jdbc.core.JdbcTemplate;

@Tag("unit")
class HistoryRowsTest {
    @Test
    void fills_a_journal_with_ended_sagas_that_it_reads_as_its_own(@TempDir Path data) throws Exception {
        SagaConfig config = Settings.parse(Map.of("saga.data.dir", data.toString(), "saga.participants", ""));
        MigratedDatabases.copyTo(config);
        try (Databases.OpenDatabase database =
                Databases.open("journal", config.servers().journal(), data)) {
            Journal journal = new Journal(database.dataSource(), Clock.systemUTC(), "one");
            String sample = journal.registration()
                    .receive(new NewSaga(Path.of("/in/a"), List.of(), Duration.ofHours(1), "o", "c", "k", true))
                    .saga()
                    .sagaId();
            new JdbcTemplate(database.dataSource())
                    .update(
                            "UPDATE saga SET state = 'COMPLETED', document_id = 'the-sample', size_bytes = 10, file_key = 'f',"
                                    + " modified_nanos = 1, changed_nanos = 1, content_type = 'text/plain', sha256 ="
                                    + " 's', chunk_count = 1, chunk_size = 10, bucket = 'b', key_prefix = 'p/',"
                                    + " finished_at ="
                                    + " received_at, published_at = received_at WHERE saga_id = ?",
                            sample);

            new HistoryRows(database).copy(100, 15);

            JournalStatistics figures = journal.statistics();
            assertThat(figures.sagas())
                    .isEqualTo(Map.of(
                            SagaState.COMPLETED, 81L,
                            SagaState.COMPENSATED, 5L,
                            SagaState.PARTIALLY_COMPENSATED, 15L));
            assertThat(figures.pendingCleanups() + figures.blockedCleanups()).isEqualTo(15);
            assertThat(journal.sagas().newest(1).get(0).sagaId())
                    .as("the copies are older")
                    .isEqualTo(sample);
            assertThat(journal.pages().counts(AccessLimit.NONE).attention()).isEqualTo(15);
            assertThat(journal.events().of(journal.sagas().newest(2).get(1).sagaId()))
                    .hasSize(10);
            assertThat(journal.audit().newest().sequence()).isEqualTo(101);
        }
    }
}
