package dev.streamingsaga.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.streamingsaga.config.ServerConfig.Database;
import dev.streamingsaga.testkit.Background;
import dev.streamingsaga.testkit.PostgresServer;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("one-jdk")
class PostgresJournalTest extends JournalContract {
    private PostgresServer server;

    @AfterAll
    void stop() throws Exception {
        if (server != null) {
            server.close();
        }
    }

    /** The statement of an older run begins before the take-over is committed, and sees the saga as it was. */
    @Test
    void a_chunk_is_not_marked_by_a_run_whose_saga_is_being_taken_over_at_that_moment() throws Exception {
        ActiveRun old = upTo(receive("a"), SagaState.RECEIVED);
        old.begin("upload", SagaState.UPLOADING);
        old.planChunks(rows(old));
        old.chunkSending(0, 1, Optional.empty());

        assertFencedByTakeOver(old, () -> old.chunkSent(0, Optional.empty()));

        assertThat(journal.chunks().all(old.sagaId()))
                .first()
                .extracting(ChunkRow::state)
                .isEqualTo(ChunkRow.ChunkState.SENDING);
    }

    /** The next step has the same state of the saga, so that only rows of steps are written. */
    @Test
    void a_step_is_not_marked_by_a_run_whose_saga_is_being_taken_over_at_that_moment() throws Exception {
        ActiveRun old = upTo(receive("a"), SagaState.PROCESSING);
        old.begin("vector", SagaState.PROCESSING);
        old.end("vector", OptionalLong.of(1));

        assertFencedByTakeOver(old, () -> old.begin("graph", SagaState.PROCESSING));

        assertThat(journal.steps().of(old.sagaId()))
                .filteredOn(step -> List.of("vector", "graph").contains(step.name()))
                .extracting(StepRecord::state)
                .containsExactly(StepState.WRITING, StepState.WRITTEN);
    }

    private void assertFencedByTakeOver(ActiveRun old, Runnable write) throws Exception {
        CompletableFuture<Void> writing;
        try (Connection takeOver = DriverManager.getConnection(server.url());
                Statement statement = takeOver.createStatement()) {
            takeOver.setAutoCommit(false);
            statement.executeUpdate("UPDATE saga SET run = 2, node = 'two' WHERE saga_id = '" + old.sagaId() + "'");
            writing = Background.run("writing", () -> {
                write.run();
                return null;
            });
            await().until(() -> writing.isDone() || waitsForALock());
            takeOver.commit();
        }
        assertThatThrownBy(() -> writing.get(30, TimeUnit.SECONDS))
                .cause()
                .isInstanceOf(SagaException.class)
                .hasMessageContaining("run 1");
    }

    /** A statement that is prepared on the server fails when the columns that it returns have changed. */
    @Test
    void continues_while_a_newer_version_adds_columns() throws Exception {
        for (int i = 0; i < 10; i++) {
            upTo(receive("before-" + i), SagaState.COMPLETING);
        }

        try (Connection newer = DriverManager.getConnection(server.url());
                Statement statement = newer.createStatement()) {
            statement.execute("ALTER TABLE saga ADD COLUMN colour TEXT");
            statement.execute("ALTER TABLE step ADD COLUMN colour TEXT");
        }

        for (int i = 0; i < 4; i++) {
            ActiveRun run = upTo(receive("after-" + i), SagaState.COMPLETING);
            assertThat(journal.outcomes().complete(run.sagaId(), 1)).isTrue();
        }
    }

    private boolean waitsForALock() throws SQLException {
        try (Connection observer = DriverManager.getConnection(server.url());
                Statement statement = observer.createStatement();
                ResultSet waiting = statement.executeQuery("SELECT count(*) FROM pg_locks WHERE NOT granted")) {
            waiting.next();
            return waiting.getInt(1) > 0;
        }
    }

    @Override
    Database database() {
        // Not before all: a class that is given up there shows no skipped test.
        if (server == null) {
            server = PostgresServer.installed();
        }
        server.empty();
        return new Database(Optional.of(server.url()), "", "", 4, Duration.ofSeconds(10));
    }

    @Override
    List<String> plan(String query) {
        return sql.queryForList("EXPLAIN " + query, String.class);
    }
}
