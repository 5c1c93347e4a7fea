package dev.streamingsaga.saga;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.config.Settings;
import dev.streamingsaga.database.Databases;
import dev.streamingsaga.journal.ActiveRun;
import dev.streamingsaga.journal.CleanupEntry;
import dev.streamingsaga.journal.HandClock;
import dev.streamingsaga.journal.LossyDatabase;
import dev.streamingsaga.journal.NewSaga;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.SagaState;
import dev.streamingsaga.journal.ShutdownException;
import dev.streamingsaga.journal.StepRecord;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What the engine leaves behind when the journal fails, or the instance ends, at the wrong moment. */
@Timeout(60)
@Tag("unit")
class SagaEngineTest {
    @TempDir
    Path directory;

    private Databases.OpenDatabase database;
    private PropertyNode node;
    private final PropertyStores stores = new PropertyStores();
    private ActiveRun run;

    @BeforeEach
    void begin() throws Exception {
        SagaConfig config = Settings.parse(Map.of("saga.data.dir", directory.toString(), "saga.participants", "alpha"));
        database = Databases.open("journal", config.journal(), directory);
        node = new PropertyNode(config, database.dataSource(), new HandClock(), stores);
        Path source = Files.createFile(directory.resolve("source.bin"));
        SagaRecord saga = node.journal
                .registration()
                .receive(new NewSaga(source, config.participants(), Duration.ofDays(1), "o", "internal", "none", true))
                .saga();
        run = node.runs.begin(saga);
    }

    @AfterEach
    void close() {
        node.close();
        database.close();
    }

    /** Else the recovery, which leaves running sagas alone, would never turn it visible. */
    @Test
    void a_publication_that_fails_leaves_no_run_behind() {
        pass(6);
        node.database.lose(LossyDatabase.Loss.WRITE, 1); // the decision is journaled, that all is visible is not

        assertThatThrownBy(() -> node.engine.closed(run)).hasStackTraceContaining("lost on purpose");

        assertThat(node.database.restore()).isTrue();
        SagaRecord saga = node.journal.sagas().find(run.sagaId()).orElseThrow();
        assertThat(saga.state()).isEqualTo(SagaState.COMPLETED);
        assertThat(saga.published()).isFalse();
        assertThat(node.runs.find(run.sagaId())).isEmpty();
    }

    private void pass(int steps) {
        for (StepRecord step : node.journal.steps().of(run.sagaId()).subList(0, steps)) {
            run.begin(step.name(), PropertyNode.STATES.get(step.name()));
            if (step.name().equals("start")) {
                run.setDocument(PropertyNode.document(run.initialSaga()));
            }
            run.end(step.name(), OptionalLong.empty());
        }
    }

    /** A context that stops has no routes left, while the last calls fail. */
    @Test
    void a_step_whose_compensation_failed_and_whose_store_cannot_be_queried_is_residue() throws Exception {
        pass(3);
        stores.write("upload", run.sagaId(), 0);
        stores.fail("upload", PropertyStores.Failure.REFUSES, 1);
        node.removeRoute("store-upload-count");

        SagaState outcome = node.engine
                .compensate(run.sagaId(), run.number(), Reason.CANCELLED, "on purpose")
                .get(10, TimeUnit.SECONDS);

        assertThat(outcome).isEqualTo(SagaState.PARTIALLY_COMPENSATED);
        assertThat(node.journal.cleanups().of(run.sagaId()))
                .extracting(CleanupEntry::resource)
                .containsExactly("upload:" + run.sagaId());
    }

    @Test
    void a_compensation_requested_after_the_end_of_the_instance_fails() {
        node.close();

        CompletableFuture<SagaState> outcome =
                node.engine.compensate(run.sagaId(), run.number(), Reason.CANCELLED, "too late");

        assertThatThrownBy(() -> outcome.get(10, TimeUnit.SECONDS)).hasCauseInstanceOf(ShutdownException.class);
        assertThat(node.journal.sagas().find(run.sagaId()).orElseThrow().state())
                .as("for the next start")
                .isEqualTo(SagaState.COMPENSATING);
    }
}
