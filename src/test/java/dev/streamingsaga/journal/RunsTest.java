package dev.streamingsaga.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.config.Settings;
import dev.streamingsaga.database.Databases;
import dev.streamingsaga.testkit.MigratedDatabases;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** How runs of this process begin, stop writing and end. */
@Timeout(30)
@Tag("unit")
class RunsTest {
    private static final Duration LIMIT = Duration.ofHours(1);
    private static final Duration LONG = Duration.ofMinutes(1);
    private final SagaException cause = new SagaException(Reason.CANCELLED, "on purpose");

    @TempDir
    Path directory;

    private final HandClock clock = new HandClock();
    private Databases.OpenDatabase opened;
    private LossyDatabase database;
    private Journal journal;
    private Journal other;
    private Runs runs;

    @BeforeEach
    void open() {
        SagaConfig config = Settings.parse(Map.of("saga.data.dir", directory.toString(), "saga.participants", ""));
        MigratedDatabases.copyTo(config);
        opened = Databases.open("journal", config.servers().journal(), directory);
        database = new LossyDatabase(opened.dataSource());
        journal = new Journal(database, clock, "one", JournalContract.LEASE);
        other = new Journal(opened.dataSource(), clock, "two", JournalContract.LEASE);
        runs = new Runs(journal);
    }

    @AfterEach
    void close() {
        opened.close();
    }

    // Several runs of one saga

    @Test
    void the_next_run_revokes_the_earlier_one_and_ends_it_for_its_callers() throws Exception {
        ActiveRun first = begin("a");

        ActiveRun second = resumed(first);

        assertThat(runs.find(first.sagaId())).contains(second);
        assertThatThrownBy(first::permit).hasMessageContaining("was taken over by run 2");
        assertThat(first.ended()).isCompletedWithValue(first.sagaId());
        assertThat(second.ended()).isNotDone();
        second.permit().close();
    }

    @Test
    void a_revocation_waits_for_a_write_of_an_earlier_run() throws Exception {
        ActiveRun first = uploading("a");
        ActiveRun unrelated = uploading("b");
        Run.Permit elsewhere = unrelated.permit();
        runs.end(unrelated);
        Run.Permit write = first.permit();
        ActiveRun second = resumed(first);

        assertThat(runs.writing(first.sagaId())).containsExactly("upload");
        assertThat(runs.revoke(first.sagaId(), cause, Duration.ZERO)).isFalse();
        assertThatThrownBy(second::permit).hasCause(cause);
        assertThatThrownBy(second::check).hasCause(cause);

        write.close();
        assertThat(runs.writing(first.sagaId())).isEmpty();
        assertThat(runs.revoke(first.sagaId(), cause, Duration.ZERO)).isTrue();
        assertThat(unrelated.isWriting()).isTrue();
        elsewhere.close();
    }

    @Test
    void a_revocation_waits_as_long_as_it_is_told() throws Exception {
        ActiveRun run = uploading("a");
        CompletableFuture<Void> writer = closeOnceRevoked(List.of(run));

        assertThat(runs.revoke(run.sagaId(), cause, LONG)).isTrue();

        writer.join();
    }

    /** Each run writes until all of them are revoked. */
    private static CompletableFuture<Void> closeOnceRevoked(List<ActiveRun> writing) {
        List<Run.Permit> permits = writing.stream().map(ActiveRun::permit).toList();
        return CompletableFuture.runAsync(() -> {
            while (writing.stream().anyMatch(run -> run.revocation().isEmpty())) {
                Thread.onSpinWait();
            }
            permits.forEach(Run.Permit::close);
        });
    }

    @Test
    void a_drain_revokes_all_runs_before_it_waits_for_one() throws Exception {
        List<ActiveRun> writing = List.of(uploading("a"), uploading("b"));
        CompletableFuture<Void> writer = closeOnceRevoked(writing);

        runs.drain(LONG);

        writer.join();
        assertThat(writing).allMatch(ActiveRun::isHandedOver);
    }

    @Test
    void a_drain_releases_a_run_whose_last_step_or_write_does_not_end_in_time() throws Exception {
        ActiveRun last = finalizing("last");
        ActiveRun writing = uploading("writing");
        Run.Permit write = writing.permit();

        runs.drain(Duration.ofMillis(1));

        assertThat(List.of(last, writing))
                .allMatch(ActiveRun::isHandedOver)
                .allMatch(run -> saga(run).run() == 2);
        write.close();
    }

    @Test
    void a_run_waits_for_earlier_runs_and_not_for_itself() throws Exception {
        ActiveRun first = uploading("a");
        Run.Permit write = first.permit();
        ActiveRun second = resumed(first);
        Run.Permit own = second.permit();

        assertThat(runs.awaitEarlierRun(second, Duration.ZERO)).isFalse();

        write.close();
        assertThat(runs.awaitEarlierRun(second, Duration.ZERO)).isTrue();
        own.close();
        second.permit().close();
    }

    @Test
    void a_revocation_waits_for_a_write_of_a_run_that_has_ended() throws Exception {
        ActiveRun run = uploading("a");
        Run.Permit write = run.permit();

        runs.end(run);

        assertThat(runs.writing(run.sagaId())).containsExactly("upload");
        assertThat(runs.revoke(run.sagaId(), cause, Duration.ZERO)).isFalse();
        write.close();
        assertThat(runs.revoke(run.sagaId(), cause, Duration.ZERO)).isTrue();
    }

    // The end of a run

    @Test
    void a_run_that_has_ended_writes_nothing_and_leaves_a_later_run_alone() throws Exception {
        ActiveRun first = begin("a");
        ActiveRun second = resumed(first);

        runs.end(first);
        assertThat(runs.all()).containsExactly(second);

        runs.end(second.sagaId());
        assertThat(runs.all()).isEmpty();
        assertThatThrownBy(second::permit).hasMessageContaining("has ended");
        assertThat(second.ended()).isCompletedWithValue(first.sagaId());
    }

    @Test
    void a_run_whose_outcome_the_journal_does_not_accept_ends_with_an_exception() throws Exception {
        ActiveRun run = uploading("a");

        runs.markLost(run, cause);

        assertThat(runs.all()).isEmpty();
        assertThatThrownBy(() -> run.ended().join())
                .cause()
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("stopped in step upload")
                .hasCause(cause);
        assertThatThrownBy(run::permit).isInstanceOf(SagaException.class);
    }

    @Test
    void a_run_that_is_lost_ends_normally_if_the_journal_has_an_outcome_or_a_later_run() throws Exception {
        ActiveRun undone = begin("a");
        journal.outcomes().beginCompensation(undone.sagaId(), 1, Reason.CANCELLED, "why");
        journal.outcomes().finishCompensation(undone.sagaId(), 1, open -> List.of());
        ActiveRun taken = begin("b");
        other.leases().takeOver(saga(taken));

        for (ActiveRun run : List.of(undone, taken)) {
            runs.markLost(run, cause);
            assertThat(run.ended()).isCompletedWithValue(run.sagaId());
        }
    }

    @Test
    void a_run_is_lost_if_the_journal_cannot_be_read() throws Exception {
        ActiveRun run = begin("a");
        opened.close();

        runs.markLost(run, cause);

        assertThat(run.ended()).isCompletedExceptionally();
    }

    @Test
    void ends_only_revoked_runs_of_paused_sagas_and_only_after_the_grace() throws Exception {
        ActiveRun hanging = begin("hanging");
        ActiveRun running = begin("running");
        ActiveRun undone = begin("undone");
        for (ActiveRun paused : List.of(hanging, running)) {
            journal.commands().pause(paused.sagaId());
        }
        hanging.revoke(cause, Duration.ZERO);
        undone.revoke(cause, Duration.ZERO);

        runs.endPaused(LONG);
        assertThat(runs.all()).contains(hanging);

        runs.endPaused(Duration.ZERO);
        assertThat(runs.all()).containsExactlyInAnyOrder(running, undone);
        assertThat(hanging.ended()).isCompletedWithValue(hanging.sagaId());
    }

    // The end of the process

    @Test
    void releases_nothing_and_refuses_nothing_while_it_is_open() throws Exception {
        ActiveRun run = begin("a");

        assertThat(runs.release(run)).isFalse();

        assertThatCode(() -> {
                    runs.requireOpen("a file");
                    runs.requireRunning(run.sagaId());
                    run.permit().close();
                })
                .doesNotThrowAnyException();
        assertThat(run.isHandedOver()).isFalse();
        assertThat(saga(run).run()).isOne();
    }

    @Test
    void a_drain_releases_running_sagas_and_lets_none_begin() throws Exception {
        ActiveRun run = uploading("a");
        SagaRecord late = register("late");

        runs.drain(Duration.ZERO);

        assertThatThrownBy(run::permit).hasMessageContaining("is stopping");
        assertThat(run.isHandedOver()).isTrue();
        assertThat(run.ended()).isCompletedWithValue(run.sagaId());
        assertThat(other.leases().stale(false)).extracting(SagaRecord::sagaId).containsExactly(run.sagaId());
        assertThatThrownBy(() -> runs.requireOpen("a file"))
                .isInstanceOf(ShutdownException.class)
                .hasMessageStartingWith("a file was not accepted");
        assertThatThrownBy(() -> runs.begin(late)).isInstanceOf(ShutdownException.class);
        assertThat(runs.find(late.sagaId())).isEmpty();
        assertThat(other.leases().stale(false))
                .extracting(SagaRecord::sagaId)
                .containsExactly(run.sagaId(), late.sagaId());
    }

    @Test
    void a_drain_waits_for_a_write_that_is_in_progress() throws Exception {
        ActiveRun run = uploading("a");
        Run.Permit write = run.permit();
        CompletableFuture<Integer> runWhileWriting = CompletableFuture.supplyAsync(() -> {
            while (run.revocation().isEmpty()) {
                Thread.onSpinWait();
            }
            int number = saga(run).run();
            write.close();
            return number;
        });

        runs.drain(LONG);

        assertThat(runWhileWriting.join()).as("not released yet").isOne();
        assertThat(saga(run).run()).isEqualTo(2);
    }

    @Test
    void a_drain_lets_a_run_in_its_last_step_complete() throws Exception {
        ActiveRun run = finalizing("a");
        CompletableFuture<Void> lastStep = CompletableFuture.runAsync(() -> {
            while (isOpen()) {
                Thread.onSpinWait();
            }
            run.permit().close();
            run.end("finalize", OptionalLong.empty());
            journal.outcomes().complete(run.sagaId(), 1);
            runs.end(run);
        });

        runs.drain(LONG);

        assertThat(saga(run).state()).isEqualTo(SagaState.COMPLETED);
        lastStep.join();
    }

    private boolean isOpen() {
        try {
            runs.requireOpen("a file");
            return true;
        } catch (ShutdownException e) {
            return false;
        }
    }

    @Test
    void a_run_is_handed_over_even_if_the_journal_cannot_record_it() throws Exception {
        ActiveRun run = begin("a");
        database.lose(LossyDatabase.Loss.WRITE, 0);

        runs.drain(Duration.ZERO);

        assertThat(database.restore()).isTrue();
        assertThat(run.isHandedOver()).isTrue();
        assertThat(run.ended()).isDone();
        clock.forward(JournalContract.LEASE.plusMillis(1));
        assertThat(other.leases().stale(false)).hasSize(1);
    }

    // What a run checks before a side effect

    @Test
    void a_run_gets_no_permit_after_its_time_limit() throws Exception {
        ActiveRun run = begin("a");
        clock.forward(LIMIT);
        run.check();

        clock.forward(Duration.ofMillis(1));

        assertThatThrownBy(run::permit)
                .isInstanceOfSatisfying(
                        SagaException.class,
                        refusal -> assertThat(refusal.reason()).isEqualTo(Reason.TIMEOUT));
        assertThatThrownBy(() -> run.begin("upload", SagaState.UPLOADING)).hasMessageContaining("time limit");
        assertThat(run.isWriting()).isFalse();
    }

    @Test
    void a_run_asks_the_journal_for_a_permit_once_its_lease_has_expired() throws Exception {
        ActiveRun run = begin("a");
        clock.forward(JournalContract.LEASE.plusMillis(1));
        assertThat(other.leases().stale(false)).hasSize(1);

        run.permit().close();
        assertThat(other.leases().stale(false)).as("renewed").isEmpty();

        other.leases().takeOver(saga(run));
        run.permit().close();
        clock.forward(JournalContract.LEASE);
        run.permit().close();
        clock.forward(Duration.ofMillis(1));
        assertThatThrownBy(run::permit).hasMessageContaining("was taken over by run 2");
        assertThat(run.isWriting()).isFalse();
    }

    @Test
    void a_heartbeat_extends_the_lease_of_a_run() throws Exception {
        ActiveRun run = begin("a");
        clock.forward(JournalContract.LEASE);
        run.leaseRenewed();
        other.leases().takeOver(saga(run));

        clock.forward(JournalContract.LEASE);
        run.permit().close();

        clock.forward(Duration.ofMillis(1));
        assertThatThrownBy(run::permit).isInstanceOf(SagaException.class);
    }

    @Test
    void a_run_gets_no_permit_if_its_source_is_no_longer_held() throws Exception {
        ActiveRun run = begin("a");
        run.holdSource(
                () -> {
                    throw cause;
                },
                () -> {});

        assertThatThrownBy(run::permit).isSameAs(cause);
        assertThat(run.isWriting()).isFalse();
    }

    // What a run knows

    @Test
    void a_run_has_a_document_from_the_step_start_on_and_the_next_run_has_it_at_once() throws Exception {
        ActiveRun run = begin("a");
        assertThat(run.findDocument()).isEmpty();
        assertThatThrownBy(run::document).isInstanceOf(IllegalStateException.class);

        Document document = JournalContract.document(run.initialSaga());
        run.setDocument(document);

        assertThat(run.document()).isEqualTo(document);
        assertThat(run.findDocument()).contains(document);
        assertThat(resumed(run).document()).isEqualTo(document);
    }

    @Test
    void a_run_knows_its_step_its_progress_and_what_it_waits_for() throws Exception {
        ActiveRun run = uploading("a");
        run.progress("upload", 5, 25, "bytes");
        assertThat(run.progress()).isEqualTo(new ActiveRun.StepProgress("upload", 5, 25, "bytes"));

        run.waits("upload", new Waiting("waits for the bucket", clock.instant(), clock.instant()));
        assertThat(run.waitsFor()).isEqualTo("waits for the bucket");
        assertThat(saga(run).waiting()).map(Waiting::reason).contains("waits for the bucket");
        run.continues("upload");
        assertThat(run.waitsFor()).isEmpty();
        assertThat(saga(run).waiting()).isEmpty();

        pass(run, "upload", SagaState.UPLOADING);
        run.begin("verify", SagaState.VERIFYING);
        assertThat(run.step()).isEqualTo("verify");
        assertThat(run.progress()).isEqualTo(new ActiveRun.StepProgress("verify", 0, 0, ""));
    }

    @Test
    void a_run_reports_steps_chunks_and_retries_to_the_listener() throws Exception {
        List<String> heard = new ArrayList<>();
        ActiveRun run = uploading("a");
        journal.addListener(new SagaListener() {
            @Override
            public void stepEnded(String step, Duration took) {
                heard.add(step);
            }

            @Override
            public void chunkSent(long sizeBytes) {
                heard.add("sent " + sizeBytes);
            }

            @Override
            public void chunkRetried() {
                heard.add("retried");
            }
        });
        run.planChunks(JournalContract.rows(run));

        run.chunkSending(1, 1, Optional.empty());
        run.chunkSending(1, 2, Optional.empty());
        run.chunkSent(1, Optional.of("tag"));
        run.chunkSending(2, 1, Optional.empty());
        run.chunkSent(2, Optional.of("tag"));
        run.end("upload", OptionalLong.empty());

        assertThat(heard).containsExactly("retried", "sent 10", "sent 5", "upload");
    }

    private SagaRecord register(String name) throws Exception {
        Path source = Files.write(directory.resolve(name), new byte[25]);
        return journal.registration()
                .receive(new NewSaga(source, List.of("vector"), LIMIT, "owner", "internal", "none", true))
                .saga();
    }

    private ActiveRun begin(String name) throws Exception {
        return runs.begin(register(name));
    }

    private ActiveRun uploading(String name) throws Exception {
        ActiveRun run = begin(name);
        pass(run, "validate", SagaState.RECEIVED);
        pass(run, "start", SagaState.RECEIVED);
        run.setDocument(JournalContract.document(run.initialSaga()));
        run.begin("upload", SagaState.UPLOADING);
        return run;
    }

    private ActiveRun finalizing(String name) throws Exception {
        ActiveRun run = uploading(name);
        pass(run, "upload", SagaState.UPLOADING);
        pass(run, "verify", SagaState.VERIFYING);
        pass(run, "vector", SagaState.PROCESSING);
        run.begin("finalize", SagaState.COMPLETING);
        return run;
    }

    private static void pass(ActiveRun run, String step, SagaState state) {
        run.begin(step, state);
        run.end(step, OptionalLong.empty());
    }

    private ActiveRun resumed(ActiveRun run) {
        assertThat(journal.leases().resume(saga(run), LIMIT)).isTrue();
        return runs.begin(saga(run));
    }

    private SagaRecord saga(ActiveRun run) {
        return other.sagas().find(run.sagaId()).orElseThrow();
    }
}
