package dev.streamingsaga.saga;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.config.Settings;
import dev.streamingsaga.database.Databases;
import dev.streamingsaga.journal.ActiveRun;
import dev.streamingsaga.journal.CleanupEntry;
import dev.streamingsaga.journal.Event;
import dev.streamingsaga.journal.HandClock;
import dev.streamingsaga.journal.LossyDatabase;
import dev.streamingsaga.journal.NewSaga;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.Run;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.SagaState;
import dev.streamingsaga.journal.ShutdownException;
import dev.streamingsaga.journal.StepRecord;
import dev.streamingsaga.lra.CallbackHandler.CallbackAnswer;
import dev.streamingsaga.lra.CallbackToken.Target;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
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
    private static final Duration LIMIT = Duration.ofDays(1);

    @TempDir
    Path directory;

    private final HandClock clock = new HandClock();
    private Databases.OpenDatabase database;
    private PropertyNode node;
    private final PropertyStores stores = new PropertyStores();
    private ActiveRun run;

    @BeforeEach
    void begin() throws Exception {
        SagaConfig config = config(Map.of());
        database = Databases.open("journal", config.servers().journal(), directory);
        node = new PropertyNode(config, database.dataSource(), clock, stores);
        run = begin("source.bin");
    }

    private SagaConfig config(Map<String, String> more) {
        Map<String, String> settings = new HashMap<>(more);
        settings.put("saga.data.dir", directory.toString());
        settings.put("saga.participants", "alpha");
        return Settings.parse(settings);
    }

    private ActiveRun begin(String name) throws IOException {
        Path source = Files.createFile(directory.resolve(name));
        SagaRecord saga = node.journal
                .registration()
                .receive(new NewSaga(source, List.of("alpha"), LIMIT, "o", "internal", "none", true))
                .saga();
        return node.runs.begin(saga);
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
        pass(run, steps);
    }

    private void pass(ActiveRun run, int steps) {
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

    @Test
    void a_second_request_joins_the_compensation_that_is_running() throws Exception {
        pass(5);
        AtomicReference<CompletableFuture<SagaState>> joined = new AtomicReference<>();
        stores.afterDelete(() -> {
            if (node.engine.busy().equals(Set.of(run.sagaId()))) {
                joined.set(node.engine.compensate(run.sagaId(), run.number(), Reason.TIMEOUT, "again"));
            }
        });

        node.engine
                .compensate(run.sagaId(), run.number(), Reason.STORE_FAILED, "on purpose")
                .get(10, TimeUnit.SECONDS);

        assertThat(joined.get().get(10, TimeUnit.SECONDS)).isEqualTo(SagaState.COMPENSATED);
        assertThat(stores.compensated()).containsExactly("alpha", "upload");
        assertThat(node.engine.pendingOutcome(run.sagaId())).isEmpty();
        assertThat(node.engine.busy()).isEmpty();
    }

    // Writes that arrive late

    @Test
    void a_write_that_does_not_end_is_residue() throws Exception {
        restart(Map.of("saga.compensation.step-timeout", "2s"));
        pass(5);
        run.begin("finalize", SagaState.COMPLETING);

        Run.Permit manifest = run.permit();

        SagaState outcome = node.engine
                .compensate(run.sagaId(), run.number(), Reason.CANCELLED, "on purpose")
                .get(30, TimeUnit.SECONDS);
        manifest.close();

        assertThat(outcome).isEqualTo(SagaState.PARTIALLY_COMPENSATED);
        assertThat(node.journal.cleanups().of(run.sagaId()))
                .extracting(CleanupEntry::resource, CleanupEntry::lastError)
                .containsExactly(
                        tuple("upload:" + run.sagaId(), "a write did not end and may arrive after the delete"));
        assertThat(node.journal.events().of(run.sagaId()))
                .extracting(Event::message)
                .contains("a step did not stop within 2 s; compensating anyway");
    }

    @Test
    void what_a_write_left_that_ended_during_the_compensation_is_removed() throws Exception {
        restart(Map.of("saga.compensation.step-timeout", "2s"));
        pass(2);
        run.begin("upload", SagaState.UPLOADING);
        Run.Permit write = run.permit();
        stores.afterDelete(() -> {
            stores.write("upload", run.sagaId(), 0);
            write.close();
        });

        SagaState outcome = node.engine
                .compensate(run.sagaId(), run.number(), Reason.CANCELLED, "on purpose")
                .get(30, TimeUnit.SECONDS);

        assertThat(stores.compensated()).containsExactly("upload", "upload");
        assertThat(stores.held("upload", run.sagaId())).isEmpty();
        assertThat(outcome).isEqualTo(SagaState.COMPENSATED);
    }

    private void restart(Map<String, String> settings) throws Exception {
        node.close();
        node = new PropertyNode(config(settings), database.dataSource(), clock, stores);
        run = begin("restarted.bin");
    }

    @Test
    void removes_what_arrived_in_the_bucket_after_the_compensation() throws Exception {
        pass(5);
        run.begin("finalize", SagaState.COMPLETING);
        node.engine
                .compensate(run.sagaId(), run.number(), Reason.CANCELLED, "on purpose")
                .get(10, TimeUnit.SECONDS);
        assertThat(node.journal.sagas().lateWriteChecksDue(clock.instant())).hasSize(1);
        stores.write("upload", run.sagaId(), 0);

        node.engine.removeLateChunks(saga());

        assertThat(stores.held("upload", run.sagaId())).isEmpty();
        assertThat(saga().state()).isEqualTo(SagaState.COMPENSATED);
        assertThat(node.journal.sagas().lateWriteChecksDue(clock.instant())).isEmpty();
    }

    @Test
    void what_arrived_after_the_compensation_and_stays_is_residue() throws Exception {
        pass(5);
        node.engine
                .compensate(run.sagaId(), run.number(), Reason.CANCELLED, "on purpose")
                .get(10, TimeUnit.SECONDS);
        stores.write("upload", run.sagaId(), 0);
        stores.fail("upload", PropertyStores.Failure.LIES, 1);

        node.engine.removeLateChunks(saga());

        assertThat(saga().state()).isEqualTo(SagaState.PARTIALLY_COMPENSATED);
        assertThat(node.journal.cleanups().of(run.sagaId()))
                .extracting(CleanupEntry::resource)
                .containsExactly(run.sagaId() + "/0");
    }

    // Versions of a document

    @Test
    void of_two_versions_the_newer_stays_whichever_completes_last() throws Exception {
        for (boolean newerLast : List.of(true, false)) {
            ActiveRun older = begin("older-" + newerLast);
            ActiveRun newer = begin("newer-" + newerLast);
            for (ActiveRun version : newerLast ? List.of(older, newer) : List.of(newer, older)) {
                pass(version, 6);
                stores.write("alpha", version.sagaId(), 0);
                node.engine.closed(version);
            }

            assertThat(stores.held("alpha", older.sagaId())).isEmpty();
            assertThat(stores.held("alpha", newer.sagaId())).hasSize(1);
            assertThat(saga(older).supersededBy()).contains(newer.sagaId());
            assertThat(saga(newer).supersededBy()).isEmpty();
            assertThat(saga(newer).published()).isTrue();
        }
    }

    private SagaRecord saga(ActiveRun of) {
        return node.journal.sagas().find(of.sagaId()).orElseThrow();
    }

    // Callbacks of the coordinator

    @Test
    void a_callback_compensates_and_names_the_time_limit_if_it_has_passed() throws Exception {
        ActiveRun late = begin("late");
        clock.forward(LIMIT);
        assertThat(node.engine.compensate(callback(run, 1))).isEqualTo(CallbackAnswer.DONE);
        clock.forward(Duration.ofMillis(1));
        assertThat(node.engine.compensate(callback(late, 1))).isEqualTo(CallbackAnswer.DONE);

        run.ended().get(10, TimeUnit.SECONDS);
        late.ended().get(10, TimeUnit.SECONDS);
        assertThat(List.of(saga(run), saga(late)))
                .extracting(SagaRecord::state, saga -> saga.reason().orElseThrow(), SagaRecord::message)
                .containsExactly(
                        tuple(SagaState.COMPENSATED, Reason.CANCELLED, "the coordinator cancelled the saga"),
                        tuple(
                                SagaState.COMPENSATED,
                                Reason.TIMEOUT,
                                "the coordinator cancelled the saga at its time limit"));
    }

    @Test
    void a_callback_of_another_run_or_of_a_paused_saga_changes_nothing() throws Exception {
        pass(5);
        ActiveRun paused = begin("paused");
        node.engine.pause(paused.sagaId());

        assertThat(List.of(callback(run, 2), callback(paused, 1), new Target("0".repeat(26), 1, "participant-alpha")))
                .allMatch(target -> node.engine.compensate(target) == CallbackAnswer.DONE);

        assertThat(saga().state()).isEqualTo(SagaState.PROCESSING);
        assertThat(saga(paused).state()).isEqualTo(SagaState.PAUSED);
    }

    @Test
    void a_callback_that_comes_after_the_completion_is_refused_for_good() {
        pass(6);
        node.engine.closed(run);

        assertThat(node.engine.compensate(callback(run, 1))).isEqualTo(CallbackAnswer.GONE);

        assertThat(saga().state()).isEqualTo(SagaState.COMPLETED);
        assertThat(node.journal.events().of(run.sagaId()))
                .extracting(Event::message)
                .contains("late compensation of participant-alpha ignored: COMPLETED is final");
    }

    @Test
    void a_completion_callback_completes_its_own_run_only() throws Exception {
        pass(6);
        ActiveRun undone = begin("undone");
        node.engine
                .compensate(undone.sagaId(), 1, Reason.CANCELLED, "on purpose")
                .get(10, TimeUnit.SECONDS);

        assertThat(node.engine.complete(new Target(run.sagaId(), 2, "run"))).isEqualTo(CallbackAnswer.DONE);
        assertThat(saga().state()).isEqualTo(SagaState.COMPLETING);
        assertThat(node.engine.complete(new Target(undone.sagaId(), 1, "run"))).isEqualTo(CallbackAnswer.GONE);
        assertThat(node.engine.complete(new Target(run.sagaId(), 1, "run"))).isEqualTo(CallbackAnswer.DONE);
        assertThat(saga().state()).isEqualTo(SagaState.COMPLETED);
        assertThat(saga().published()).isTrue();
        assertThat(run.ended()).isCompleted();
    }

    private static Target callback(ActiveRun of, int run) {
        return new Target(of.sagaId(), run, "participant-alpha");
    }
}
