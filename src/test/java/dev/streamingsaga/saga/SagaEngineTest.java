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
import dev.streamingsaga.journal.SagaException;
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
        database = Databases.open("journal", config.servers().journal(), directory);
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
    void counts_what_each_store_holds_and_leaves_out_a_store_that_cannot_be_queried() {
        assertThat(node.engine.counts().counts(saga())).isEqualTo(Map.of("upload", 0L, "alpha", 0L));
        pass(4);
        stores.write("upload", run.sagaId(), 0);
        stores.write("upload", run.sagaId(), 1);
        stores.write("alpha", run.sagaId(), 0);

        assertThat(node.engine.counts().counts(saga())).isEqualTo(Map.of("upload", 2L, "alpha", 1L));

        stores.fail("alpha", PropertyStores.Failure.CANNOT_BE_ASKED, 1);
        assertThat(node.engine.counts().counts(saga())).isEqualTo(Map.of("upload", 2L));
    }

    @Test
    void a_compensation_undoes_the_newest_step_first_and_leaves_nothing() throws Exception {
        pass(5);
        stores.write("upload", run.sagaId(), 0);
        stores.write("alpha", run.sagaId(), 0);

        SagaState outcome = node.engine
                .compensate(run.sagaId(), run.number(), Reason.STORE_FAILED, "on purpose")
                .get(10, TimeUnit.SECONDS);

        assertThat(outcome).isEqualTo(SagaState.COMPENSATED);
        assertThat(stores.compensated()).containsExactly("alpha", "upload");
        assertThat(node.journal.steps().of(run.sagaId())).noneMatch(StepRecord::mayHoldData);
        assertThat(saga().reason()).contains(Reason.STORE_FAILED);
        assertThatThrownBy(run::permit).isInstanceOf(SagaException.class);
    }

    @Test
    void a_request_of_an_earlier_run_changes_nothing() throws Exception {
        pass(5);
        stores.write("alpha", run.sagaId(), 0);

        SagaState outcome = node.engine
                .compensate(run.sagaId(), run.number() - 1, Reason.CANCELLED, "late")
                .get(10, TimeUnit.SECONDS);

        assertThat(outcome).isEqualTo(SagaState.PROCESSING);
        assertThat(stores.held("alpha", run.sagaId())).hasSize(1);
    }

    @Test
    void a_store_that_reports_success_but_keeps_data_leaves_residue_that_a_retry_removes() throws Exception {
        pass(5);
        stores.write("alpha", run.sagaId(), 0);
        stores.fail("alpha", PropertyStores.Failure.LIES, 1);

        SagaState outcome = node.engine
                .compensate(run.sagaId(), run.number(), Reason.CANCELLED, "on purpose")
                .get(10, TimeUnit.SECONDS);

        assertThat(outcome).isEqualTo(SagaState.PARTIALLY_COMPENSATED);
        CleanupEntry entry = node.journal.cleanups().of(run.sagaId()).get(0);
        assertThat(entry.lastError()).isEqualTo("still there after the delete");

        assertThat(node.engine.retry(entry)).isEmpty();

        assertThat(stores.held("alpha", run.sagaId())).isEmpty();
        assertThat(saga().state()).isEqualTo(SagaState.COMPENSATED);
    }

    private SagaRecord saga() {
        return node.journal.sagas().find(run.sagaId()).orElseThrow();
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
