package dev.streamingsaga.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.streamingsaga.access.Access;
import dev.streamingsaga.access.AccessLimit;
import dev.streamingsaga.config.RetentionPeriod;
import dev.streamingsaga.config.ServerConfig.Database;
import dev.streamingsaga.database.Databases;
import dev.streamingsaga.journal.CleanupRepository.Residue;
import dev.streamingsaga.journal.CleanupRepository.RetryPolicy;
import dev.streamingsaga.journal.SagaSelection.Bounds;
import dev.streamingsaga.retention.JournalRetention;
import dev.streamingsaga.retention.RetentionPass;
import dev.streamingsaga.retention.RuleReport;
import dev.streamingsaga.source.SourceFile;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.jdbc.core.JdbcTemplate;

/** What the journal promises, on every database it speaks to. Two nodes share it; time is moved by hand. */
@Timeout(120)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class JournalContract {
    static final Duration LEASE = Duration.ofSeconds(30);
    static final Duration LIMIT = Duration.ofHours(1);
    private static final RetryPolicy POLICY = new RetryPolicy(Duration.ofSeconds(30), 3);
    private static final EventDraft.OnResidue QUIET = open -> List.of();
    private static final int ROUNDS = 40;
    private static final int SIZE = 25;

    @TempDir
    Path directory;

    private final ExecutorService threads = Executors.newFixedThreadPool(4);
    private Databases.OpenDatabase database;
    JdbcTemplate sql;
    HandClock clock;
    Journal journal;
    Journal other;

    /** An empty database. */
    abstract Database database() throws Exception;

    /** Called before the database is opened. */
    void prepare(Path data) {}

    @BeforeEach
    void open() throws Exception {
        Path data = Files.createTempDirectory(directory, "data");
        prepare(data);
        database = Databases.open("journal", database(), data);
        sql = new JdbcTemplate(database.dataSource());
        clock = new HandClock();
        journal = new Journal(database.dataSource(), clock, "one", LEASE);
        other = new Journal(database.dataSource(), clock, "two", LEASE);
    }

    @AfterEach
    void close() {
        if (database != null) {
            database.close();
        }
    }

    // Keys

    @Test
    void the_first_key_of_a_saga_is_its_key_until_it_is_destroyed() throws Exception {
        String saga = receive("a").sagaId();
        DocumentKey first = journal.keys().addIfAbsent(saga, "document", "key-1", "first");

        assertThat(other.keys().addIfAbsent(saga, "document", "key-1", "second"))
                .isEqualTo(first);
        assertThat(journal.keys().countByKey()).containsExactly(Map.entry("key-1", 1L));
        assertThat(journal.keys().destroy(saga)).isTrue();
        assertThat(other.keys().destroy(saga)).isFalse();
        assertThat(other.keys().addIfAbsent(saga, "document", "key-1", "third").isDestroyed())
                .isTrue();
        assertThat(journal.keys().find(saga).orElseThrow().wrapped()).isEmpty();
        assertThat(journal.keys().countByKey()).isEmpty();
    }

    @Test
    void the_key_of_a_saga_is_destroyed_when_nothing_of_it_is_left() throws Exception {
        SagaRecord clean = compensating("clean");
        SagaRecord residue = compensating("residue");
        SagaRecord resolved = compensating("resolved");
        for (SagaRecord saga : List.of(residue, resolved)) {
            stepCompensated(saga, "upload", List.of("object"));
        }
        for (SagaRecord saga : List.of(clean, residue, resolved)) {
            journal.keys().addIfAbsent(saga.sagaId(), "document", "key-1", "wrapped");
            journal.outcomes().finishCompensation(saga.sagaId(), 1, QUIET);
        }

        assertThat(isDestroyed(clean)).isTrue();
        assertThat(isDestroyed(residue)).as("an object is left").isFalse();
        stepCompensated(residue, "upload", List.of());
        assertThat(isDestroyed(residue)).as("the object is gone").isTrue();
        journal.outcomes().resolve(journal.cleanups().of(resolved.sagaId()).get(0), "kept");
        assertThat(isDestroyed(resolved)).as("the object may exist").isFalse();
    }

    private SagaRecord compensating(String name) throws Exception {
        SagaRecord saga = receive(name);
        journal.outcomes().beginCompensation(saga.sagaId(), 1, Reason.CANCELLED, "why");
        return saga(saga);
    }

    private void stepCompensated(SagaRecord saga, String step, List<String> residue) {
        List<Residue> residues =
                residue.stream().map(resource -> new Residue(resource, "why")).toList();
        journal.outcomes().stepCompensated(saga(saga), step, new StepCompensation(residues, List.of()), POLICY, QUIET);
    }

    private boolean isDestroyed(SagaRecord saga) {
        return journal.keys().find(saga.sagaId()).orElseThrow().isDestroyed();
    }

    @Test
    void a_key_is_replaced_once_after_its_saga_has_ended_and_never_after_it_was_destroyed() throws Exception {
        String unfinished = receive("a").sagaId();
        String ended = upTo(receive("b"), SagaState.COMPLETING).sagaId();
        journal.outcomes().complete(ended, 1);
        DocumentKey.Replacement next = new DocumentKey.Replacement("key-2", "new");
        journal.keys().addIfAbsent(unfinished, "document", "key-1", "old");
        DocumentKey key = journal.keys().addIfAbsent(ended, "document", "key-1", "old");

        assertThat(journal.keys().countNotUnder("key-2")).isEqualTo(new DocumentKeyRepository.OldKeys(1, 1));
        assertThat(journal.keys().notUnder("key-2", "", 10)).containsExactly(key);
        assertThat(journal.keys().notUnder("key-2", ended, 10)).isEmpty();
        assertThat(journal.keys().beginReplacement(key, next)).isTrue();
        assertThat(other.keys().beginReplacement(key, next)).isFalse();
        assertThat(other.keys().inReplacement(10))
                .extracting(DocumentKey::sagaId, DocumentKey::next)
                .containsExactly(tuple(ended, Optional.of(next)));
        assertThat(journal.keys().endReplacement(ended, next)).isTrue();
        assertThat(other.keys().endReplacement(ended, next)).isFalse();
        DocumentKey replaced = journal.keys().find(ended).orElseThrow();
        assertThat(replaced)
                .extracting(DocumentKey::keyId, DocumentKey::wrapped)
                .containsExactly("key-2", "new");

        journal.keys().beginReplacement(replaced, new DocumentKey.Replacement("key-3", "newest"));
        other.keys().destroy(ended);
        assertThat(journal.keys().endReplacement(ended, new DocumentKey.Replacement("key-3", "newest")))
                .isFalse();
        assertThat(journal.keys().inReplacement(10))
                .extracting(DocumentKey::next)
                .containsExactly(Optional.of(new DocumentKey.Replacement("key-3", "")));
        journal.keys().abandonReplacement(ended);
        assertThat(journal.keys().inReplacement(10)).isEmpty();
    }

    // Taking in

    @Test
    void counts_sagas_of_all_processes() throws Exception {
        assertThat(journal.statistics()).isEqualTo(JournalStatistics.NONE);
        SagaRecord saga = receive("a");
        receive("b");
        journal.outcomes().beginCompensation(saga.sagaId(), 1, Reason.CANCELLED, "a test");
        journal.outcomes().finishCompensation(saga.sagaId(), 1, open -> java.util.List.of());

        assertThat(other.statistics().received()).isEqualTo(2);
        assertThat(other.statistics().sagas())
                .containsOnly(
                        java.util.Map.entry(SagaState.RECEIVED, 1L), java.util.Map.entry(SagaState.COMPENSATED, 1L));
        assertThat(other.statistics().compensated()).isOne();
    }

    @Test
    void receives_a_saga_with_all_its_steps_and_claims_its_source() throws Exception {
        SagaRecord saga = receive("a");

        assertThat(saga.state()).isEqualTo(SagaState.RECEIVED);
        assertThat(saga.run()).isOne();
        assertThat(saga.deadline()).isEqualTo(clock.instant().plus(LIMIT));
        assertThat(saga.document()).isEmpty();
        assertThat(journal.steps().of(saga.sagaId()))
                .extracting(StepRecord::name)
                .containsExactly("validate", "start", "upload", "verify", "vector", "graph", "finalize");
        assertThat(journal.steps().of(saga.sagaId()))
                .extracting(StepRecord::state)
                .containsOnly(StepState.PENDING);
        assertThat(other.registration().holder(source("a").toString())).contains(saga.sagaId());
    }

    @Test
    void joins_the_unfinished_saga_that_holds_the_source() throws Exception {
        SagaRecord first = receive("a");

        SagaRegistration.RegisteredSaga second = other.registration().receive(wanted("a", true));

        assertThat(second.isNew()).isFalse();
        assertThat(second.saga().sagaId()).isEqualTo(first.sagaId());
        assertThat(journal.sagas().newest(10)).hasSize(1);
    }

    @Test
    void takes_a_file_in_once_for_each_way_it_looks() throws Exception {
        SourceIdentity seen = new SourceIdentity("(dev=1,ino=2)", SIZE, 7, 8);
        SagaRecord first = journal.registration().receive(once("a", seen)).saga();

        assertThat(other.registration().receive(once("a", seen)).isNew())
                .as("while it runs")
                .isFalse();
        journal.outcomes().beginCompensation(first.sagaId(), 1, Reason.CANCELLED, "on purpose");
        journal.outcomes().finishCompensation(first.sagaId(), 1, open -> List.of());

        assertThat(other.registration().receive(once("a", seen)))
                .as("when it has ended")
                .isEqualTo(new SagaRegistration.RegisteredSaga(saga(first), false));
        assertThat(journal.registration().holder(source("a").toString())).isEmpty();
        assertThat(journal.registration().newest(source("a").toString()))
                .contains(new SagaRegistration.NewestSaga(saga(first), Optional.of(seen)));
        assertThat(other.registration()
                        .receive(once("a", new SourceIdentity("(dev=1,ino=2)", SIZE, 7, 9)))
                        .isNew())
                .as("touched since")
                .isTrue();
    }

    @Test
    void finds_the_saga_of_a_request() throws Exception {
        SagaRecord saga = journal.registration()
                .receive(new NewSaga(
                        source("a"),
                        "a",
                        List.of("vector"),
                        LIMIT,
                        "owner",
                        "internal",
                        "none",
                        true,
                        Optional.empty(),
                        Optional.of("jms ID:1")))
                .saga();

        assertThat(other.registration().requested("jms ID:1")).contains(saga);
        assertThat(other.registration().requested("jms ID:2")).isEmpty();
    }

    /** Device and inode of a file on a share differ from mount to mount. */
    @Test
    void takes_a_file_of_a_share_in_once_whichever_host_sees_it() throws Exception {
        SourceIdentity seen = new SourceIdentity("(dev=1,ino=2)", SIZE, 7, 8);
        SourceIdentity elsewhere = new SourceIdentity("(dev=3,ino=4)", SIZE, 9, 8);
        SagaRecord first = journal.registration().receive(once("a", seen)).saga();
        journal.outcomes().beginCompensation(first.sagaId(), 1, Reason.CANCELLED, "on purpose");
        journal.outcomes().finishCompensation(first.sagaId(), 1, QUIET);

        sql.update("UPDATE saga SET source_host = 'another' WHERE saga_id = ?", first.sagaId());

        assertThat(other.registration().receive(once("a", elsewhere)).isNew()).isFalse();
        sql.update("UPDATE saga SET source_host = ''");
        assertThat(other.registration().receive(once("a", elsewhere)).isNew())
                .as("an unknown host")
                .isTrue();
    }

    @Test
    void lists_documents_that_are_not_visible_yet_page_by_page() throws Exception {
        List<String> all = new ArrayList<>();
        for (int i = 0; i <= SagaRepository.PAGE; i++) {
            all.add(receive("a" + i).sagaId());
        }
        sql.update("UPDATE saga SET state = 'COMPLETED'");
        sql.update("UPDATE saga SET published_at = 1 WHERE saga_id = ?", all.remove(7));
        sql.update("UPDATE saga SET superseded_by = 'x' WHERE saga_id = ?", all.remove(0));
        all.add(receive("last").sagaId());
        sql.update("UPDATE saga SET state = 'COMPLETED'");

        List<SagaRecord> first = journal.sagas().unpublished("");
        List<SagaRecord> second = journal.sagas().unpublished(all.get(SagaRepository.PAGE - 2));

        assertThat(first).extracting(SagaRecord::sagaId).isEqualTo(all.subList(0, SagaRepository.PAGE));
        assertThat(second).extracting(SagaRecord::sagaId).isEqualTo(all.subList(SagaRepository.PAGE - 1, all.size()));
    }

    @Test
    void lists_sagas_whose_document_is_to_be_delivered_again() throws Exception {
        SagaRecord due = failed("http:abc");
        SagaRecord other = failed("http:def");
        receive("running");

        assertThat(journal.pages().dueAgain(SagaQuery.ALL, 10).sagas())
                .extracting(SagaRecord::sagaId)
                .containsExactly(other.sagaId(), due.sagaId());
        SagaPage first = journal.pages().dueAgain(SagaQuery.ALL, 1);
        assertThat(journal.pages()
                        .dueAgain(SagaQuery.ALL.next(first.next().orElseThrow()), 1)
                        .sagas())
                .extracting(SagaRecord::sagaId)
                .containsExactly(due.sagaId());
        assertThat(journal.pages()
                        .dueAgain(SagaQuery.ALL.filtered(SagaFilter.NONE.failedFor(Reason.TIMEOUT)), 10)
                        .sagas())
                .isEmpty();
        assertThat(journal.pages()
                        .dueAgain(
                                SagaQuery.ALL.in(Set.of(SagaState.COMPENSATED)).containing("STORE_FAILED"), 10)
                        .sagas())
                .hasSize(2);
        assertThat(journal.pages()
                        .dueAgain(SagaQuery.ALL.in(Set.of(SagaState.PAUSED)), 10)
                        .sagas())
                .isEmpty();
        assertThat(journal.pages()
                        .dueAgain(SagaQuery.ALL.needingAttention(), 10)
                        .sagas())
                .isEmpty();
    }

    private NewSaga once(String name, SourceIdentity seen) throws IOException {
        return new NewSaga(
                source(name),
                name,
                List.of("vector", "graph"),
                LIMIT,
                "owner",
                "internal",
                "none",
                false,
                Optional.of(seen),
                Optional.empty());
    }

    @Test
    void lets_a_second_saga_run_beside_the_holder_if_it_is_not_exclusive() throws Exception {
        SagaRecord first = receive("a");

        SagaRegistration.RegisteredSaga second = other.registration().receive(wanted("a", false));

        assertThat(second.isNew()).isTrue();
        assertThat(journal.registration().holder(source("a").toString())).contains(first.sagaId());
    }

    @Test
    void frees_the_source_with_the_outcome_only() throws Exception {
        SagaRecord saga = receive("a");
        journal.outcomes().beginCompensation(saga.sagaId(), 1, Reason.CANCELLED, "why");
        assertThat(journal.registration().holder(source("a").toString())).contains(saga.sagaId());

        journal.outcomes().finishCompensation(saga.sagaId(), 1, QUIET);

        assertThat(journal.registration().receive(wanted("a", true)).isNew()).isTrue();
    }

    @Test
    void of_two_that_take_in_one_file_at_the_same_time_one_has_the_saga() throws Exception {
        for (int round = 0; round < ROUNDS; round++) {
            NewSaga wanted = wanted("race-" + round, true);

            List<SagaRegistration.RegisteredSaga> both = race(
                    () -> journal.registration().receive(wanted),
                    () -> other.registration().receive(wanted));

            assertThat(both).extracting(SagaRegistration.RegisteredSaga::isNew).containsExactlyInAnyOrder(true, false);
            assertThat(both.get(0).saga().sagaId()).isEqualTo(both.get(1).saga().sagaId());
        }
    }

    // Moves of state

    @Test
    void goes_through_all_states_to_completed() throws Exception {
        ActiveRun run = upTo(receive("a"), SagaState.COMPLETING);

        assertThat(journal.outcomes().complete(run.sagaId(), 1)).isTrue();

        assertThat(states(run.sagaId()))
                .containsExactly("RECEIVED", "UPLOADING", "VERIFYING", "PROCESSING", "COMPLETING", "COMPLETED");
        SagaRecord done = saga(run);
        assertThat(done.finishedAt()).contains(clock.instant());
        assertThat(journal.registration().holder(done.source().toString())).isEmpty();
        assertThat(journal.outcomes().complete(run.sagaId(), 1))
                .as("said twice")
                .isTrue();
    }

    @Test
    void keeps_what_reading_a_text_came_to() throws Exception {
        ActiveRun run = upTo(receive("a"), SagaState.VERIFYING);
        run.begin("vector", SagaState.PROCESSING);
        run.textRead(new TextOutcome(List.of(), "", "", OptionalLong.empty()));
        assertThat(run.textOutcome()).as("without text").isEmpty();
        TextOutcome none = new TextOutcome(List.of(), "", "", OptionalLong.of(0));
        run.textRead(none);
        assertThat(run.textOutcome()).as("stopped before its first page").contains(none);
        TextOutcome stopped =
                new TextOutcome(List.of(3, 3, 0, 0, 0, 12, 1), "A title", "Käthe", OptionalLong.of(5_000_000_000L));
        run.textRead(stopped);
        run.textRead(stopped);
        assertThat(journal.texts().find(run.sagaId())).contains(stopped);

        TextOutcome shorter = new TextOutcome(List.of(), "", "", OptionalLong.empty());
        run.textRead(shorter);
        assertThat(run.textOutcome()).contains(shorter);
        run.forgetText();
        assertThat(run.textOutcome()).isEmpty();
        run.textRead(stopped);
        assertThat(run.textOutcome()).contains(stopped);
        journal.texts().forgetCompleted(run.sagaId());
        journal.texts().replaceCompleted(run.sagaId(), 1, shorter);
        assertThat(run.textOutcome()).as("only of a completed saga").contains(stopped);
        assertThat(stopped.segments()).isEqualTo(19);
        assertThat(stopped.pagesWithText()).isEqualTo(4);
    }

    @Test
    void keeps_how_much_a_step_said_its_store_was_given() throws Exception {
        ActiveRun run = upTo(receive("a"), SagaState.VERIFYING);
        run.begin("vector", SagaState.PROCESSING);
        run.end("vector", OptionalLong.of(70));
        run.journalEnd();
        assertThat(journal.steps().of(run.sagaId()))
                .filteredOn(step -> step.name().equals("vector"))
                .extracting(StepRecord::expected)
                .containsExactly(OptionalLong.of(70));
        journal.steps().expects(run.sagaId(), "vector", OptionalLong.of(5_000_000_000L));
        run.begin("graph", SagaState.PROCESSING);
        run.end("graph", OptionalLong.empty());
        run.journalEnd();

        assertThat(journal.steps().of(run.sagaId()))
                .filteredOn(step -> List.of("verify", "vector", "graph").contains(step.name()))
                .extracting(StepRecord::name, StepRecord::expected)
                .containsExactly(
                        tuple("verify", OptionalLong.empty()),
                        tuple("vector", OptionalLong.of(5_000_000_000L)),
                        tuple("graph", OptionalLong.empty()));
        run.begin("vector", SagaState.PROCESSING);
        run.end("vector", OptionalLong.empty());
        run.journalEnd();
        assertThat(journal.steps().of(run.sagaId()))
                .filteredOn(step -> step.name().equals("vector"))
                .extracting(StepRecord::expected)
                .as("it did not say so again")
                .containsExactly(OptionalLong.empty());
    }

    @Test
    void refuses_to_skip_a_state_or_to_go_back() throws Exception {
        ActiveRun run = upTo(receive("a"), SagaState.UPLOADING);

        assertRefused(() -> journal.steps().begins(run.sagaId(), 1, "vector", SagaState.PROCESSING));
        assertRefused(() -> journal.steps().begins(run.sagaId(), 1, "validate", SagaState.RECEIVED));
        assertRefused(() -> journal.steps().begins(run.sagaId(), 1, "finalize", SagaState.COMPLETING));

        assertThat(saga(run).state()).isEqualTo(SagaState.UPLOADING);
        assertThat(step(run, "vector")).isEqualTo(StepState.PENDING);
        assertThat(step(run, "finalize")).isEqualTo(StepState.PENDING);
    }

    @Test
    void completes_only_with_every_step_written() throws Exception {
        ActiveRun run = upTo(receive("a"), SagaState.PROCESSING);
        assertThat(journal.outcomes().complete(run.sagaId(), 1))
                .as("not even finalizing")
                .isFalse();

        run.begin("finalize", SagaState.COMPLETING);
        assertThat(journal.outcomes().complete(run.sagaId(), 1))
                .as("finalize is being written")
                .isFalse();
        sql.update("UPDATE step SET state = 'WRITING' WHERE name = 'graph'");
        run.end("finalize", OptionalLong.empty());
        assertThat(journal.outcomes().complete(run.sagaId(), 1))
                .as("graph is not written")
                .isFalse();
        assertThat(saga(run).state()).isEqualTo(SagaState.COMPLETING);

        sql.update("UPDATE step SET state = 'SKIPPED' WHERE name = 'graph'");
        assertThat(journal.outcomes().complete(run.sagaId(), 1)).isTrue();
    }

    @Test
    void begins_and_ends_no_step_once_it_is_to_be_undone() throws Exception {
        ActiveRun run = upTo(receive("a"), SagaState.PROCESSING);
        run.begin("graph", SagaState.PROCESSING);
        assertThat(journal.outcomes().beginCompensation(run.sagaId(), 1, Reason.TIMEOUT, "too late"))
                .isTrue();

        run.end("graph", OptionalLong.empty());
        assertThatThrownBy(run::journalEnd)
                .isInstanceOfSatisfying(
                        SagaException.class,
                        refusal -> assertThat(refusal.reason()).isEqualTo(Reason.TIMEOUT));
        assertRefused(() -> run.begin("finalize", SagaState.COMPLETING));
        assertThat(journal.outcomes().complete(run.sagaId(), 1)).isFalse();
        assertThat(step(run, "graph")).isEqualTo(StepState.WRITING);
    }

    @Test
    void keeps_the_first_reason() throws Exception {
        SagaRecord saga = receive("a");
        journal.outcomes().beginCompensation(saga.sagaId(), 1, Reason.STORE_FAILED, "first");

        assertThat(journal.outcomes().beginCompensation(saga.sagaId(), 1, Reason.CANCELLED, "second"))
                .as("it is being undone already")
                .isTrue();

        assertThat(saga(saga).reason()).contains(Reason.STORE_FAILED);
        assertThat(saga(saga).message()).isEqualTo("first");
    }

    @Test
    void a_completed_saga_is_never_undone() throws Exception {
        ActiveRun run = completed("a");

        assertThat(journal.outcomes().beginCompensation(run.sagaId(), 1, Reason.CANCELLED, "late"))
                .isFalse();
        assertThat(journal.outcomes().finishCompensation(run.sagaId(), 1, QUIET))
                .as("says what is, not what was asked for")
                .isEqualTo(SagaState.COMPLETED);
        assertThat(journal.commands().pause(run.sagaId())).isFalse();
        assertThat(journal.leases().resume(saga(run), LIMIT)).isFalse();
        assertThat(journal.leases().takeOver(saga(run))).isFalse();
        assertRefused(() -> journal.steps().begins(run.sagaId(), 1, "vector", SagaState.PROCESSING));
        assertRefused(() -> journal.steps().ends(run.sagaId(), 1, "vector", OptionalLong.empty()));

        assertThat(saga(run).state()).isEqualTo(SagaState.COMPLETED);
        assertThat(saga(run).reason()).isEmpty();
    }

    @Test
    void a_compensated_saga_never_completes() throws Exception {
        ActiveRun run = upTo(receive("a"), SagaState.COMPLETING);
        journal.outcomes().beginCompensation(run.sagaId(), 1, Reason.CANCELLED, "why");
        assertThat(journal.outcomes().finishCompensation(run.sagaId(), 1, QUIET))
                .isEqualTo(SagaState.COMPENSATED);
        sql.update("UPDATE step SET state = 'WRITTEN'");

        assertThat(journal.outcomes().complete(run.sagaId(), 1)).isFalse();
        assertThat(journal.outcomes().beginCompensation(run.sagaId(), 1, Reason.TIMEOUT, "again"))
                .isFalse();

        assertThat(saga(run).state()).isEqualTo(SagaState.COMPENSATED);
    }

    @Test
    void a_saga_that_nobody_undoes_can_not_have_been_undone() throws Exception {
        SagaRecord saga = receive("a");

        assertThat(journal.outcomes().finishCompensation(saga.sagaId(), 1, QUIET))
                .isEqualTo(SagaState.RECEIVED);

        assertThat(saga(saga).finishedAt()).isEmpty();
        assertThat(journal.registration().holder(saga.source().toString())).contains(saga.sagaId());
    }

    @Test
    void of_completing_and_undoing_at_the_same_time_one_wins_for_ever() throws Exception {
        for (int round = 0; round < ROUNDS; round++) {
            String sagaId = upTo(receive("race-" + round), SagaState.COMPLETING).sagaId();

            List<Boolean> won = race(
                    () -> journal.outcomes().complete(sagaId, 1),
                    () -> other.outcomes().beginCompensation(sagaId, 1, Reason.TIMEOUT, "time is up"));

            assertThat(won).as("round %d", round).containsExactlyInAnyOrder(true, false);
            assertThat(journal.sagas().find(sagaId).orElseThrow().state())
                    .isEqualTo(won.get(0) ? SagaState.COMPLETED : SagaState.COMPENSATING);
            assertThat(states(sagaId)).last().isEqualTo(won.get(0) ? "COMPLETED" : "COMPENSATING");
        }
    }

    @Test
    void a_step_that_begins_at_the_same_time_does_not_lose_the_wish_to_undo() throws Exception {
        for (int round = 0; round < ROUNDS; round++) {
            ActiveRun run = upTo(receive("race-" + round), SagaState.VERIFYING);

            List<Boolean> begun = race(
                    () -> begins(run, "vector"),
                    () -> other.outcomes().beginCompensation(run.sagaId(), 1, Reason.CANCELLED, "why"));

            assertThat(begun.get(1)).as("round %d", round).isTrue();
            assertThat(saga(run).state()).isEqualTo(SagaState.COMPENSATING);
            assertThat(step(run, "vector")).isEqualTo(begun.get(0) ? StepState.WRITING : StepState.PENDING);
        }
    }

    private boolean begins(ActiveRun run, String step) {
        try {
            journal.steps().begins(run.sagaId(), run.number(), step, SagaState.PROCESSING);
            return true;
        } catch (SagaException e) {
            return false;
        }
    }

    // Pausing

    @Test
    void a_paused_saga_moves_on_with_the_next_run_only() throws Exception {
        SagaRecord saga = receive("a");
        journal.steps().begins(saga.sagaId(), 1, "validate", SagaState.RECEIVED);
        assertThat(journal.commands().pause(saga.sagaId())).isTrue();
        assertThat(journal.commands().pause(saga.sagaId())).as("again").isFalse();

        assertRefused(() -> journal.steps().begins(saga.sagaId(), 1, "start", SagaState.RECEIVED));
        assertThat(saga(saga).state()).isEqualTo(SagaState.PAUSED);
        clock.forward(LEASE.plusSeconds(1));
        assertThat(other.leases().stale(false)).as("nobody takes it up unasked").isEmpty();

        assertThat(other.leases().resume(saga(saga), LIMIT)).isTrue();
        assertThat(saga(saga).state()).isEqualTo(SagaState.RECEIVED);
        assertThat(saga(saga).run()).isEqualTo(2);
        other.steps().begins(saga.sagaId(), 2, "validate", SagaState.RECEIVED);
    }

    @Test
    void a_paused_saga_can_be_undone() throws Exception {
        SagaRecord saga = receive("a");
        journal.commands().pause(saga.sagaId());

        assertThat(journal.outcomes().beginCompensation(saga.sagaId(), 1, Reason.CANCELLED, "why"))
                .isTrue();
        assertThat(journal.outcomes().finishCompensation(saga.sagaId(), 1, QUIET))
                .isEqualTo(SagaState.COMPENSATED);
    }

    @Test
    void a_wish_is_heard_by_the_owner_and_of_a_paused_saga_by_everybody() throws Exception {
        SagaRecord saga = receive("a");
        other.commands().request(saga.sagaId(), OperatorCommand.PAUSE);
        assertThat(journal.commands().pending()).hasSize(1).containsValue(OperatorCommand.PAUSE);
        assertThat(other.commands().pending()).isEmpty();

        journal.commands().pause(saga.sagaId());
        assertThat(journal.commands().pending()).as("granted").isEmpty();
        other.commands().request(saga.sagaId(), OperatorCommand.RESUME);
        assertThat(journal.commands().pending()).hasSize(1);
        assertThat(other.commands().pending()).hasSize(1);

        journal.leases().resume(saga(saga), LIMIT);
        assertThat(journal.commands().pending()).as("granted").isEmpty();
        journal.outcomes().beginCompensation(saga.sagaId(), 2, Reason.CANCELLED, "why");
        journal.outcomes().finishCompensation(saga.sagaId(), 2, QUIET);
        journal.commands().request(saga.sagaId(), OperatorCommand.CANCEL);
        assertThat(journal.commands().find(saga.sagaId())).as("too late").isEmpty();
    }

    // Owners

    @Test
    void a_saga_is_stale_when_its_lease_has_run_out() throws Exception {
        SagaRecord saga = receive("a");
        clock.forward(LEASE);
        assertThat(other.leases().stale(false)).isEmpty();

        clock.forward(Duration.ofMillis(1));
        assertThat(other.leases().stale(false)).extracting(SagaRecord::sagaId).containsExactly(saga.sagaId());
        assertThat(journal.leases().stale(false))
                .as("one that its own process lost is found too")
                .hasSize(1);

        assertThat(journal.leases().renew(List.of())).isEmpty();
        assertThat(other.leases().stale(false)).as("not worked on, not renewed").hasSize(1);
        assertThat(journal.leases().renew(List.of(saga.sagaId(), "unknown")))
                .as("those that it still owns")
                .containsExactly(saga.sagaId());
        assertThat(other.leases().stale(false)).isEmpty();
        clock.forward(LEASE);
        assertThat(other.leases().stale(false)).isEmpty();
    }

    @Test
    void renews_nobody_elses_lease() throws Exception {
        SagaRecord saga = receive("a");
        clock.forward(LEASE.plusMillis(1));

        assertThat(other.leases().renew(List.of(saga.sagaId()))).isEmpty();

        assertThat(other.leases().stale(false)).hasSize(1);
    }

    @Test
    void with_the_lock_held_every_other_owner_is_gone() throws Exception {
        SagaRecord saga = receive("a");
        other.registration().receive(wanted("b", true));

        assertThat(other.leases().stale(true)).extracting(SagaRecord::sagaId).containsExactly(saga.sagaId());
    }

    @Test
    void a_saga_that_is_left_to_others_is_not_stale_unless_an_operator_decides_about_it() throws Exception {
        SagaRecord saga = receive("a");
        clock.forward(LEASE.plusMillis(1));
        List<String> left = List.of(saga.sagaId(), "other");

        assertThat(other.leases().stale(false, left)).isEmpty();
        assertThat(other.dueWork(left).staleSagas()).isFalse();
        other.commands().request(saga.sagaId(), OperatorCommand.CANCEL);
        assertThat(other.leases().stale(false, left)).hasSize(1);
        assertThat(other.dueWork(left).staleSagas()).isTrue();
    }

    // Sources

    private NewSaga body(String path, String key) {
        Path source = Path.of(path);
        return new NewSaga(
                source,
                new Origin(key, "host-1", Optional.of(new SourceIdentity("(dev=1,ino=2)", SIZE, 7, 8))),
                "a",
                List.of("vector", "graph"),
                LIMIT,
                "owner",
                "internal",
                "none",
                true,
                Optional.empty(),
                Optional.empty(),
                Optional.of("http:"),
                DeliveryRequest.NONE,
                Access.HUB);
    }

    @Test
    void a_source_is_claimed_by_its_key_wherever_its_bytes_are() throws Exception {
        SagaRecord first = journal.registration()
                .receive(body("/one/spool/http/abc", "http:abc"))
                .saga();

        SagaRegistration.RegisteredSaga second = other.registration().receive(body("/two/spool/http/abc", "http:abc"));

        assertThat(second.isNew()).isFalse();
        assertThat(second.saga().sagaId()).isEqualTo(first.sagaId());
        assertThat(first.origin())
                .isEqualTo(
                        new Origin("http:abc", "host-1", Optional.of(new SourceIdentity("(dev=1,ino=2)", SIZE, 7, 8))));
        assertThat(other.registration().holder("http:abc")).contains(first.sagaId());
        assertThat(other.registration().newest("http:abc").map(SagaRegistration.NewestSaga::saga))
                .contains(first);
        assertThat(other.sagas().neededSources()).containsExactly("http:abc");
    }

    @Test
    void finds_the_document_with_this_content_of_a_source() throws Exception {
        ActiveRun completed = completed("a");
        String key = source("a").toString();

        assertThat(other.sagas().storedContent(key, "a".repeat(64)).map(SagaRecord::sagaId))
                .contains(completed.sagaId());
        assertThat(other.sagas().storedContent(key, "b".repeat(64))).isEmpty();
        assertThat(other.sagas().storedContent(key + "x", "a".repeat(64))).isEmpty();
        assertThat(other.sagas().neededSources()).as("it has its outcome").isEmpty();
    }

    @Test
    void sagas_of_the_former_version_get_the_keys_that_their_bodies_have_now() throws Exception {
        SagaRecord file = receive("a");
        SagaRecord body = former("http:", "/data/node 1/spool/http/0f.pdf");
        SagaRecord message = former("jms:", "/data/spool/jms/0f");
        SagaRecord hub = former("http:", "/hub/in/0f.pdf");
        sql.update("UPDATE saga SET source_key = NULL");
        assertThat(saga(file).origin().key()).isEqualTo(source("a").toString());

        journal.registration().completeKeys();

        List<String> keys = List.of(source("a").toString(), "http:0f.pdf", "jms:0f", "/hub/in/0f.pdf");
        assertThat(List.of(file, body, message, hub))
                .extracting(saga -> saga(saga).origin().key())
                .isEqualTo(keys);
        sql.update("UPDATE saga SET source_key = NULL");
        migrateRows();
        assertThat(List.of(file, body, message, hub))
                .extracting(saga -> saga(saga).origin().key())
                .isEqualTo(keys);
        assertThat(journal.registration().holder("http:0f.pdf")).contains(body.sagaId());
        journal.outcomes().beginCompensation(body.sagaId(), 1, Reason.CANCELLED, "why");
        journal.outcomes().finishCompensation(body.sagaId(), 1, QUIET);
        assertThat(journal.registration().holder("http:0f.pdf")).isEmpty();
    }

    private SagaRecord former(String sender, String path) {
        SagaRecord saga = journal.registration().receive(body(path, path)).saga();
        sql.update("UPDATE saga SET sender = ? WHERE saga_id = ?", sender, saga.sagaId());
        return saga;
    }

    /** What the migration does with rows that are there. */
    private void migrateRows() throws IOException {
        try (InputStream script = Journal.class.getResourceAsStream("/db/journal/V15__source_key.sql")) {
            String text = new String(script.readAllBytes(), StandardCharsets.UTF_8).replaceAll("(?m)^--.*$", "");
            Arrays.stream(text.split(";"))
                    .map(String::strip)
                    .filter(statement -> statement.startsWith("UPDATE") || statement.startsWith("INSERT"))
                    .forEach(sql::execute);
        }
    }

    @Test
    void needs_its_source_until_its_chunks_are_verified() throws Exception {
        SagaRecord saga = receive("a");
        assertThat(journal.steps().needsSource(saga))
                .as("before its digest is known")
                .isTrue();
        ActiveRun run = upTo(saga, SagaState.RECEIVED);
        run.begin("upload", SagaState.UPLOADING);
        run.planChunks(rows(run));
        for (int i = 0; i < 3; i++) {
            run.chunkSending(i, 1, Optional.empty());
            run.chunkSent(i, Optional.empty());
        }
        assertThat(journal.steps().needsSource(saga(saga))).as("sent").isTrue();

        run.chunksVerified();

        assertThat(journal.steps().needsSource(saga(saga))).isFalse();
    }

    @Test
    void the_next_run_may_read_its_source_elsewhere() throws Exception {
        SagaRecord saga = journal.registration()
                .receive(body("/one/spool/http/abc", "http:abc"))
                .saga();
        clock.forward(LEASE.plusMillis(1));

        Leases.SourceLocation copy = new Leases.SourceLocation(Path.of("/two/spool/http/abc"), "host-2");
        assertThat(other.leases().resume(saga, LIMIT, copy)).isTrue();

        assertThat(saga(saga).source()).isEqualTo(copy.path());
        assertThat(saga(saga).origin().host()).isEqualTo("host-2");
        assertThat(saga(saga).origin().key()).isEqualTo("http:abc");
        assertThat(journal.leases().resume(saga, LIMIT)).as("fenced").isFalse();
        assertThat(saga(saga).source()).isEqualTo(copy.path());
    }

    /** A body whose saga was compensated for a transient reason. */
    private SagaRecord failed(String key) {
        journal.redeliveries()
                .configure(new RedeliveryPolicy(3, Duration.ofMinutes(1), Duration.ofDays(1)), saga -> List.of());
        SagaRecord saga =
                journal.registration().receive(body("/spool/" + key, key)).saga();
        sql.update("UPDATE saga SET endpoint = 'JMS' WHERE saga_id = ?", saga.sagaId());
        journal.outcomes()
                .beginCompensation(saga.sagaId(), 1, new CompensationCause(Reason.STORE_FAILED, "timed out", true));
        journal.outcomes().finishCompensation(saga.sagaId(), 1, QUIET);
        assertThat(saga(saga).delivery().isDue()).isTrue();
        return saga(saga);
    }

    private static NewUpload upload(int maxOpen) {
        NewSaga saga = new NewSaga(
                Path.of(""),
                new Origin("upload:" + Ids.next(), "", Optional.empty()),
                "a",
                List.of("vector", "graph"),
                LIMIT,
                "owner",
                "internal",
                "none",
                false,
                Optional.empty(),
                Optional.empty(),
                Optional.of("http:"),
                DeliveryRequest.NONE,
                Access.HUB);
        return new NewUpload(saga, true, OptionalLong.of(1), Optional.empty(), "", LIMIT, maxOpen);
    }

    /** A body that has arrived in the bucket. */
    private ActiveRun arrived() {
        SagaRecord saga = journal.uploads().begin(upload(0)).orElseThrow();
        ActiveRun run = new Runs(journal).begin(saga);
        run.begin("upload", SagaState.UPLOADING);
        return run;
    }

    private Optional<SagaRecord> complete(ActiveRun run, String key, DeliveryRequest delivery) throws IOException {
        Document document = document(receive("any"));
        return journal.uploads()
                .complete(
                        run.sagaId(),
                        run.number(),
                        new UploadRepository.CompleteBody(
                                document, key, false, true, LIMIT, Optional.empty(), delivery));
    }

    @Test
    void a_body_that_arrives_in_the_bucket_is_the_pending_redelivery_of_the_same_content() throws Exception {
        SagaRecord first = failed("http:abc");
        ActiveRun again = arrived();

        assertThat(complete(again, "http:abc", DeliveryRequest.NONE)).isEmpty();

        assertThat(saga(first).delivery().redelivery()).contains(Delivery.Redelivery.STARTED);
        assertThat(saga(again).delivery())
                .isEqualTo(new Delivery(
                        first.sagaId(), 2, Optional.of(Delivery.Endpoint.JMS), Optional.empty(), Optional.empty()));
        clock.forward(Duration.ofDays(2));
        assertThat(journal.redeliveries().due("")).isEmpty();
    }

    @Test
    void a_body_in_the_bucket_is_answered_by_the_redelivery_that_was_faster() throws Exception {
        SagaRecord first = failed("jms:abc");
        DeliveryRequest claimed = new DeliveryRequest(Optional.of(Delivery.Endpoint.JMS), Optional.of(first.sagaId()));
        ActiveRun late = arrived();
        ActiveRun early = arrived();
        assertThat(complete(early, "jms:abc", claimed)).isEmpty();
        sql.update("DELETE FROM source_claim");

        assertThat(complete(late, "jms:abc", claimed)).map(SagaRecord::sagaId).contains(early.sagaId());

        assertThat(saga(late).delivery().attempt()).isOne();
        assertThat(journal.registration().holder("jms:abc")).isEmpty();
    }

    @Test
    void a_redelivery_ends_if_another_saga_has_the_content() throws Exception {
        SagaRecord first = failed("jms:abc");
        SagaRecord holder =
                journal.registration().receive(body("/spool/def", "jms:def")).saga();
        ActiveRun again = arrived();

        assertThat(complete(
                        again,
                        "jms:def",
                        new DeliveryRequest(Optional.of(Delivery.Endpoint.JMS), Optional.of(first.sagaId()))))
                .map(SagaRecord::sagaId)
                .contains(holder.sagaId());

        assertThat(saga(first).delivery().redelivery()).contains(Delivery.Redelivery.REPLACED);
    }

    @Test
    void a_sender_never_has_more_incomplete_uploads_than_allowed() throws Exception {
        for (int round = 0; round < ROUNDS; round++) {
            sql.update("UPDATE saga SET state = 'COMPENSATED'");

            List<Optional<SagaRecord>> both = race(
                    () -> journal.uploads().begin(upload(1)),
                    () -> other.uploads().begin(upload(1)));

            assertThat(both).filteredOn(Optional::isPresent).hasSize(1);
        }
    }

    @Test
    void a_paused_saga_can_be_offered_to_another_process() throws Exception {
        SagaRecord saga = receive("a");
        assertThat(other.leases().offer(saga, LIMIT)).as("it runs").isFalse();
        journal.commands().pause(saga.sagaId());
        SagaRecord paused = saga(saga);

        assertThat(other.leases().offer(paused, LIMIT)).isTrue();

        assertThat(journal.leases().stale(false)).extracting(SagaRecord::sagaId).containsExactly(saga.sagaId());
        assertThat(saga(saga).lastRun()).isOne();
        assertThat(journal.leases().resume(saga(saga), LIMIT)).isTrue();
        assertThat(saga(saga).run()).isEqualTo(2);
    }

    @Test
    void a_stale_saga_waits_for_its_host_until_a_process_takes_it_over() throws Exception {
        SagaRecord saga = receive("a");
        Instant next = clock.instant().plus(LEASE);
        assertThat(waits(saga, next))
                .as("its owner has a lease")
                .hasValueSatisfying(same -> assertThat(same.waiting()).isEmpty());
        clock.forward(LEASE.plusMillis(1));
        Instant began = clock.instant();

        SagaRecord waiting = waits(saga, began.plusSeconds(2)).orElseThrow();
        clock.forward(Duration.ofSeconds(3));
        waits(saga, began.plusSeconds(7));

        assertThat(waiting.deadline()).isEqualTo(began.plus(LIMIT));
        assertThat(saga(saga).waiting()).contains(new Waiting("waits for its host", began, began.plusSeconds(7)));
        assertThat(saga(saga).deadline()).as("counted once").isEqualTo(began.plus(LIMIT));
        assertThat(journal.events().of(saga.sagaId()))
                .filteredOn(event -> event.message().equals("waits for its host"))
                .hasSize(1);
        assertThat(journal.leases().resume(saga(saga), LIMIT))
                .as("nobody holds it")
                .isTrue();
        assertThat(saga(saga).waiting()).isEmpty();
        assertThat(waits(saga, next)).as("another run").isEmpty();
    }

    private Optional<SagaRecord> waits(SagaRecord saga, Instant next) {
        return other.hostWaits().await(saga, "waits for its host", next, LIMIT);
    }

    @Test
    void one_alert_is_journaled_for_a_host_however_many_sagas_wait_for_it() throws Exception {
        SagaRecord first =
                journal.registration().receive(body("/in/1", "http:1")).saga();
        SagaRecord second =
                journal.registration().receive(body("/in/2", "http:2")).saga();
        EventDraft alert = new EventDraft(Event.EventKind.ALERT, "", "away", "{}");
        assertThat(journal.hostWaits().alert(first, alert))
                .as("it does not wait")
                .isFalse();
        clock.forward(LEASE.plusMillis(1));
        List.of(first, second).forEach(saga -> waits(saga, clock.instant()));

        assertThat(journal.hostWaits().alert(second, alert))
                .as("not the oldest")
                .isFalse();
        assertThat(journal.hostWaits().alert(first, alert)).isTrue();
        assertThat(other.hostWaits().alert(first, alert)).isFalse();
        journal.outcomes().beginCompensation(first.sagaId(), 1, Reason.CANCELLED, "why");
        journal.outcomes().finishCompensation(first.sagaId(), 1, QUIET);
        assertThat(other.hostWaits().alert(second, alert))
                .as("the host is still away")
                .isFalse();

        clock.forward(LEASE);
        journal.leases().resume(saga(second), LIMIT);
        clock.forward(LEASE.plusMillis(1));
        waits(saga(second), clock.instant());
        assertThat(journal.hostWaits().alert(saga(second), alert))
                .as("away again")
                .isTrue();
    }

    @Test
    void no_final_saga_is_stale() throws Exception {
        completed("a");
        SagaRecord undone = receive("b");
        journal.outcomes().beginCompensation(undone.sagaId(), 1, Reason.CANCELLED, "why");
        journal.outcomes()
                .stepCompensated(
                        saga(undone),
                        "upload",
                        new StepCompensation(List.of(new Residue("key", "why")), List.of()),
                        POLICY,
                        QUIET);
        journal.outcomes().finishCompensation(undone.sagaId(), 1, QUIET);

        assertThat(other.leases().stale(true)).isEmpty();
    }

    @Test
    void one_takes_over_and_one_only() throws Exception {
        Journal third = new Journal(database.dataSource(), clock, "three", LEASE);
        for (int round = 0; round < ROUNDS; round++) {
            SagaRecord saga =
                    upTo(receive("race-" + round), SagaState.UPLOADING).initialSaga();
            clock.forward(LEASE.plusMillis(1));
            SagaRecord stale = saga(saga);
            boolean mixed = round % 2 == 0;

            List<Boolean> won = race(
                    () -> other.leases().takeOver(stale),
                    () -> mixed
                            ? third.leases().resume(stale, LIMIT)
                            : third.leases().takeOver(stale));

            assertThat(won).as("round %d", round).containsExactlyInAnyOrder(true, false);
            assertThat(saga(saga).run()).isEqualTo(2);
            assertThat(saga(saga).state()).isEqualTo(mixed && won.get(1) ? SagaState.RECEIVED : SagaState.UPLOADING);
            assertThat(third.leases().stale(false))
                    .as("owned again")
                    .extracting(SagaRecord::sagaId)
                    .doesNotContain(saga.sagaId());
        }
    }

    @Test
    void what_is_handed_back_is_for_whoever_comes_first_and_fences_off_who_had_it() throws Exception {
        ActiveRun run = upTo(receive("a"), SagaState.UPLOADING);
        assertThat(other.leases().handOver(run.sagaId(), 1)).as("not his").isFalse();

        assertThat(journal.leases().handOver(run.sagaId(), 1)).isTrue();
        assertThat(journal.events().of(run.sagaId()))
                .extracting(Event::message)
                .filteredOn(message -> message.startsWith("RELEASED after run 1"))
                .hasSize(1);

        assertThat(journal.leases().handOver(run.sagaId(), 1)).as("once").isFalse();
        assertRefused(() -> journal.steps().ends(run.sagaId(), 1, "upload", OptionalLong.empty()));
        assertThat(journal.outcomes().beginCompensation(run.sagaId(), 1, Reason.CANCELLED, "late callback"))
                .isFalse();
        SagaRecord seen = other.leases().stale(false).get(0);
        assertThat(List.of(seen.sagaId(), seen.node(), seen.state(), seen.handovers()))
                .containsExactly(run.sagaId(), "", SagaState.UPLOADING, 1);
        assertThat(seen.failedRuns()).as("an orderly stop is no failure").isZero();
        assertThat(other.leases().resume(seen, LIMIT)).isTrue();
        assertThat(saga(run).run()).as("the number that waited").isEqualTo(2);
        assertThat(journal.leases().resume(seen, LIMIT)).as("one only").isFalse();
        assertThat(journal.leases().takeOver(seen)).isFalse();
        assertThat(saga(run).failedRuns()).as("if it dies now").isEqualTo(1);
    }

    @Test
    void nobody_hands_back_what_is_undone_paused_or_final() throws Exception {
        SagaRecord paused = receive("a");
        journal.commands().pause(paused.sagaId());
        SagaRecord undone = receive("b");
        journal.outcomes().beginCompensation(undone.sagaId(), 1, Reason.CANCELLED, "why");
        SagaRecord done = completed("c").initialSaga();

        assertThat(List.of(paused, undone, done))
                .noneMatch(saga -> journal.leases().handOver(saga.sagaId(), 1))
                .flatMap(saga -> journal.events().of(saga.sagaId()))
                .extracting(Event::message)
                .noneMatch(message -> message.startsWith("RELEASED"));
    }

    /** A dropped file whose saga is compensated in its second run. */
    private String droppedAndResumed(String name) throws IOException {
        NewSaga file = wanted(name, true);
        String sagaId = journal.registration()
                .receive(new NewSaga(
                        file.source(),
                        file.origin(),
                        file.fileName(),
                        file.participants(),
                        file.timeLimit(),
                        file.owner(),
                        file.classification(),
                        file.keyId(),
                        true,
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        new DeliveryRequest(Optional.of(Delivery.Endpoint.DROP_FOLDER), Optional.empty()),
                        Access.HUB))
                .saga()
                .sagaId();
        clock.forward(Duration.ofMinutes(50));
        assertThat(other.leases().resume(journal.sagas().find(sagaId).orElseThrow(), LIMIT))
                .isTrue();
        other.outcomes().beginCompensation(sagaId, 2, new CompensationCause(Reason.STORE_FAILED, "why", false));
        other.outcomes().finishCompensation(sagaId, 2, open -> List.of());
        return sagaId;
    }

    @Test
    void lists_dropped_files_that_were_resumed_page_by_page() throws Exception {
        Instant start = clock.instant();
        List<String> ended = new ArrayList<>();
        for (String name : List.of("a", "b", "c")) {
            ended.add(droppedAndResumed(name));
        }
        List<String> found = new ArrayList<>();
        SagaRecord last = null;
        for (int page = 0; page < 3; page++) {
            List<SagaRecord> next = journal.sagas()
                    .droppedAndResumed(
                            last == null ? start : last.finishedAt().orElseThrow(),
                            last == null ? "" : last.sagaId(),
                            2);
            next.forEach(saga -> found.add(saga.sagaId()));
            last = next.isEmpty() ? last : next.get(next.size() - 1);
        }
        assertThat(found).isEqualTo(ended);
    }

    @Test
    void resuming_begins_anew_with_a_new_time_limit_and_keeps_what_is_known() throws Exception {
        ActiveRun run = upTo(receive("a"), SagaState.PROCESSING);
        clock.forward(Duration.ofMinutes(50));
        assertThat(other.leases().resume(saga(run), LIMIT)).isTrue();

        SagaRecord resumed = saga(run);
        assertThat(resumed.state()).isEqualTo(SagaState.RECEIVED);
        assertThat(journal.events().of(run.sagaId()))
                .extracting(Event::message)
                .contains("RESUMED as run 2 from PROCESSING");
        assertThat(resumed.deadline()).isEqualTo(clock.instant().plus(LIMIT));
        assertThat(resumed.document()).contains(run.document());
        assertThat(step(run, "upload")).as("may hold data").isEqualTo(StepState.WRITTEN);
        assertThat(other.leases().resume(saga(run), LIMIT)).as("counts on").isTrue();
        assertThat(saga(run).run()).isEqualTo(3);
    }

    @Test
    void what_is_being_undone_is_taken_over_but_not_resumed() throws Exception {
        SagaRecord saga = receive("a");
        journal.outcomes().beginCompensation(saga.sagaId(), 1, Reason.CANCELLED, "why");

        assertThat(other.leases().resume(saga(saga), LIMIT)).isFalse();
        assertThat(other.leases().takeOver(saga(saga))).isTrue();
        assertThat(saga(saga).state()).isEqualTo(SagaState.COMPENSATING);
    }

    // Fencing

    @Test
    void an_older_run_writes_nothing_any_more() throws Exception {
        ActiveRun old = upTo(receive("a"), SagaState.RECEIVED);
        old.begin("upload", SagaState.UPLOADING);
        old.planChunks(rows(old));
        old.chunkSending(0, 1, Optional.empty());
        ChunkRow sending = old.chunks().get(0);
        other.leases().takeOver(saga(old));
        List<Event> before = journal.events().of(old.sagaId());
        SagaRecord taken = saga(old);

        old.end("upload", OptionalLong.empty());
        assertFenced(old::journalEnd);
        assertFenced(() -> old.begin("verify", SagaState.VERIFYING));
        assertFenced(() -> old.bindLra("http://127.0.0.1/lra/2"));
        assertFenced(() -> old.setDocument(old.document()));
        assertFenced(() -> old.textRead(new TextOutcome(List.of(1), "", "", OptionalLong.empty())));
        assertRefused(() -> old.chunkSending(1, 1, Optional.empty()));
        assertRefused(() -> old.chunkSent(0, Optional.of("tag")));
        assertRefused(() -> old.chunkConfirmed(sending));
        old.chunkConfirmed(new ChunkRow(
                0,
                sending.offset(),
                sending.sizeBytes(),
                sending.key(),
                sending.sha256(),
                ChunkRow.ChunkState.SENT,
                1));
        assertRefused(old::chunksVerified);
        assertThat(journal.outcomes().complete(old.sagaId(), 1)).isFalse();
        assertThat(journal.outcomes().beginCompensation(old.sagaId(), 1, Reason.TIMEOUT, "the old one's clock"))
                .isFalse();
        assertFenced(() -> journal.outcomes().finishCompensation(old.sagaId(), 1, QUIET));
        assertFenced(() -> journal.steps().compensation(old.sagaId(), 1, "upload", StepState.COMPENSATING));
        assertFenced(() -> journal.outcomes()
                .stepCompensated(
                        old.initialSaga(),
                        "upload",
                        new StepCompensation(List.of(new Residue("key", "why")), List.of()),
                        POLICY,
                        QUIET));

        assertThat(saga(old)).isEqualTo(taken);
        assertThat(journal.events().of(old.sagaId())).isEqualTo(before);
        assertThat(step(old, "upload")).isEqualTo(StepState.WRITING);
        assertThat(journal.chunks().all(old.sagaId()))
                .extracting(ChunkRow::state)
                .containsExactly(ChunkRow.ChunkState.SENDING, ChunkRow.ChunkState.PENDING, ChunkRow.ChunkState.PENDING);
        assertThat(journal.cleanups().of(old.sagaId())).isEmpty();
    }

    @Test
    void an_older_run_plans_no_chunks() throws Exception {
        ActiveRun old = upTo(receive("a"), SagaState.RECEIVED);
        old.begin("upload", SagaState.UPLOADING);
        other.leases().resume(saga(old), LIMIT);

        assertRefused(() -> old.planChunks(rows(old)));

        assertThat(journal.chunks().all(old.sagaId())).isEmpty();
    }

    @Test
    void a_saga_needs_its_source_until_its_chunks_are_verified() throws Exception {
        ActiveRun run = upTo(receive("a"), SagaState.RECEIVED);
        AtomicInteger released = new AtomicInteger();
        SagaException lost = new SagaException(Reason.SOURCE_BUSY, "a writer has it");
        run.holdSource(
                () -> {
                    throw lost;
                },
                released::incrementAndGet);
        run.begin("upload", SagaState.UPLOADING);
        run.planChunks(rows(run));
        run.begin("verify", SagaState.VERIFYING);
        assertThat(run.needsSource()).isTrue();
        assertThat(journal.steps().needsSource(saga(run))).isTrue();
        assertThatThrownBy(run::permit).isSameAs(lost);
        assertThat(released).hasValue(0);

        run.chunksVerified();

        assertThat(run.needsSource()).isFalse();
        assertThat(journal.steps().needsSource(saga(run))).isFalse();
        assertThat(released).hasValue(1);
        run.permit().close();
    }

    @Test
    void a_compensation_that_was_taken_over_can_not_end_it() throws Exception {
        ActiveRun run = upTo(receive("a"), SagaState.PROCESSING);
        journal.outcomes().beginCompensation(run.sagaId(), 1, Reason.CANCELLED, "why");
        SagaRecord old = saga(run);
        other.leases().takeOver(old);
        other.outcomes().finishCompensation(run.sagaId(), 2, QUIET);

        assertFenced(() -> journal.outcomes()
                .stepCompensated(
                        old,
                        "upload",
                        new StepCompensation(List.of(new Residue("key", "it was there a minute ago")), List.of()),
                        POLICY,
                        QUIET));

        assertThat(journal.cleanups().of(run.sagaId())).isEmpty();
        assertThat(saga(run).state()).isEqualTo(SagaState.COMPENSATED);
    }

    // Clean-up

    @Test
    void a_residue_is_retried_after_a_growing_delay_and_then_blocked() throws Exception {
        SagaRecord saga = partially("a", "key-1");
        CleanupEntry first = entry(saga);
        assertThat(first.state()).isEqualTo(CleanupEntry.CleanupState.PENDING);
        assertThat(first.attempts()).isOne();
        assertThat(journal.cleanups().due()).isEmpty();

        clock.forward(Duration.ofSeconds(30));
        assertThat(journal.cleanups().due()).containsExactly(entry(saga));
        journal.outcomes()
                .stepCompensated(
                        saga,
                        "upload",
                        new StepCompensation(List.of(new Residue("key-1", "still refused")), List.of()),
                        POLICY,
                        QUIET);
        assertThat(entry(saga).attempts()).isEqualTo(2);
        assertThat(entry(saga).lastError()).isEqualTo("still refused");
        assertThat(entry(saga).nextAttemptAt())
                .as("twice as long")
                .isEqualTo(clock.instant().plusSeconds(60));
        assertThat(entry(saga).createdAt()).isEqualTo(first.createdAt());

        clock.forward(Duration.ofSeconds(60));
        journal.outcomes()
                .stepCompensated(
                        saga,
                        "upload",
                        new StepCompensation(List.of(new Residue("key-1", "no")), List.of()),
                        POLICY,
                        QUIET);
        assertThat(entry(saga).state()).isEqualTo(CleanupEntry.CleanupState.BLOCKED);
        clock.forward(Duration.ofDays(1));
        assertThat(journal.cleanups().due()).as("a person decides").isEmpty();
        assertThat(saga(saga).state()).isEqualTo(SagaState.PARTIALLY_COMPENSATED);
    }

    @Test
    void the_attempt_that_was_the_last_one_is_journaled_with_its_alert_once() throws Exception {
        SagaRecord saga = partially("a", "key-1", "key-2");
        EventDraft.OnResidue alert = new EventDraft.OnResidue() {
            @Override
            public List<EventDraft> about(List<CleanupEntry> open) {
                return List.of();
            }

            @Override
            public List<EventDraft> blocked(List<CleanupEntry> givenUp) {
                return givenUp.stream()
                        .map(entry -> new EventDraft(
                                Event.EventKind.ALERT,
                                entry.step(),
                                entry.resource() + " after " + entry.attempts(),
                                "{}"))
                        .toList();
            }
        };
        StepCompensation both =
                new StepCompensation(List.of(new Residue("key-1", "no"), new Residue("key-2", "no")), List.of());

        journal.outcomes().stepCompensated(saga, "upload", both, POLICY, alert);
        assertThat(journal.events().of(Event.EventKind.ALERT)).isEmpty();
        journal.outcomes().residue(saga, "upload", new Residue("key-1", "written late"), POLICY, alert);
        journal.outcomes().stepCompensated(saga, "upload", both, POLICY, alert);

        assertThat(journal.events().of(Event.EventKind.ALERT))
                .extracting(Event::message)
                .containsExactly("key-1 after 3", "key-2 after 3");
    }

    @Test
    void waits_an_hour_at_most() {
        assertThat(new RetryPolicy(Duration.ofSeconds(30), 100).delayMillis(90))
                .isEqualTo(Duration.ofHours(1).toMillis());
    }

    @Test
    void with_its_last_residue_gone_a_saga_is_compensated() throws Exception {
        SagaRecord saga = partially("a", "key-1", "key-2");
        Instant finished = saga(saga).finishedAt().orElseThrow();
        clock.forward(Duration.ofMinutes(1));

        journal.outcomes()
                .stepCompensated(
                        saga,
                        "upload",
                        new StepCompensation(List.of(new Residue("key-2", "no")), List.of()),
                        POLICY,
                        QUIET);
        assertThat(journal.cleanups().of(saga.sagaId()))
                .extracting(CleanupEntry::state)
                .containsExactly(CleanupEntry.CleanupState.DONE, CleanupEntry.CleanupState.PENDING);
        assertThat(step(saga, "upload")).isEqualTo(StepState.RESIDUE);
        assertThat(saga(saga).state()).isEqualTo(SagaState.PARTIALLY_COMPENSATED);

        journal.outcomes().stepCompensated(saga, "upload", StepCompensation.CLEAN, POLICY, QUIET);
        assertThat(journal.cleanups().of(saga.sagaId()))
                .extracting(CleanupEntry::state)
                .containsOnly(CleanupEntry.CleanupState.DONE);
        assertThat(step(saga, "upload")).isEqualTo(StepState.COMPENSATED);
        assertThat(saga(saga).state()).isEqualTo(SagaState.COMPENSATED);
        assertThat(saga(saga).finishedAt()).contains(finished);
    }

    @Test
    void what_a_person_resolved_stays_resolved_whatever_is_found_later() throws Exception {
        SagaRecord saga = partially("a", "key-1", "key-2");
        CleanupEntry kept = journal.cleanups().of(saga.sagaId()).get(0);
        journal.outcomes().resolve(kept, "kept on purpose");
        assertThat(saga(saga).state()).isEqualTo(SagaState.PARTIALLY_COMPENSATED);

        journal.outcomes()
                .stepCompensated(
                        saga,
                        "upload",
                        new StepCompensation(List.of(new Residue("key-1", "found again")), List.of()),
                        POLICY,
                        QUIET);

        assertThat(journal.cleanups().find(kept.cleanupId()).orElseThrow().state())
                .isEqualTo(CleanupEntry.CleanupState.RESOLVED);
        assertThat(journal.cleanups().find(kept.cleanupId()).orElseThrow().resolution())
                .isEqualTo("kept on purpose");
        assertThat(saga(saga).state()).as("key-2 is gone, key-1 is decided").isEqualTo(SagaState.COMPENSATED);
    }

    @Test
    void a_residue_that_comes_back_opens_its_entry_again() throws Exception {
        SagaRecord saga = receive("a");
        journal.outcomes().beginCompensation(saga.sagaId(), 1, Reason.CANCELLED, "why");
        journal.outcomes()
                .stepCompensated(
                        saga,
                        "upload",
                        new StepCompensation(List.of(new Residue("key", "no")), List.of()),
                        POLICY,
                        QUIET);
        journal.outcomes().stepCompensated(saga, "upload", StepCompensation.CLEAN, POLICY, QUIET);
        journal.outcomes()
                .stepCompensated(
                        saga,
                        "upload",
                        new StepCompensation(List.of(new Residue("key", "written late")), List.of()),
                        POLICY,
                        QUIET);

        assertThat(journal.cleanups().of(saga.sagaId()))
                .hasSize(1)
                .extracting(CleanupEntry::state)
                .containsOnly(CleanupEntry.CleanupState.PENDING);
        assertThat(journal.outcomes().finishCompensation(saga.sagaId(), 1, QUIET))
                .isEqualTo(SagaState.PARTIALLY_COMPENSATED);
    }

    @Test
    void a_residue_that_appears_after_the_end_is_journaled_with_its_alert_and_comes_to_its_own_end() throws Exception {
        SagaRecord saga = receive("a");
        journal.outcomes().beginCompensation(saga.sagaId(), 1, Reason.CANCELLED, "why");
        assertThat(journal.outcomes().finishCompensation(saga.sagaId(), 1, QUIET))
                .isEqualTo(SagaState.COMPENSATED);
        EventDraft.OnResidue alert =
                open -> List.of(new EventDraft(Event.EventKind.ALERT, "", open.size() + " left", "{}"));

        journal.outcomes()
                .stepCompensated(
                        saga,
                        "upload",
                        new StepCompensation(List.of(new Residue("key", "arrived late")), List.of()),
                        POLICY,
                        alert);
        assertThat(saga(saga).state()).isEqualTo(SagaState.PARTIALLY_COMPENSATED);
        journal.outcomes()
                .stepCompensated(
                        saga,
                        "upload",
                        new StepCompensation(List.of(new Residue("key", "no")), List.of()),
                        POLICY,
                        alert);
        journal.outcomes()
                .stepCompensated(
                        saga,
                        "upload",
                        new StepCompensation(List.of(new Residue("key", "no")), List.of()),
                        POLICY,
                        alert);
        assertThat(entry(saga).state()).isEqualTo(CleanupEntry.CleanupState.BLOCKED);
        assertThat(journal.events().of(Event.EventKind.ALERT))
                .as("one for one change")
                .extracting(Event::message)
                .containsExactly("1 left");

        journal.outcomes().stepCompensated(saga, "upload", StepCompensation.CLEAN, POLICY, alert);
        assertThat(saga(saga).state()).isEqualTo(SagaState.COMPENSATED);
        assertThat(journal.outcomes().complete(saga.sagaId(), 1)).isFalse();
        assertThat(states(saga.sagaId()))
                .containsExactly("RECEIVED", "COMPENSATING", "COMPENSATED", "PARTIALLY_COMPENSATED", "COMPENSATED");
    }

    @Test
    void neither_outcome_nor_alert_is_journaled_without_the_other() throws Exception {
        SagaRecord saga = receive("a");
        journal.outcomes().beginCompensation(saga.sagaId(), 1, Reason.CANCELLED, "why");
        journal.outcomes()
                .stepCompensated(
                        saga,
                        "upload",
                        new StepCompensation(List.of(new Residue("key", "no")), List.of()),
                        POLICY,
                        QUIET);

        assertThatThrownBy(() -> journal.outcomes().finishCompensation(saga.sagaId(), 1, open -> {
                    throw new IllegalStateException("the process dies here");
                }))
                .hasMessageContaining("dies here");

        assertThat(saga(saga).state()).isEqualTo(SagaState.COMPENSATING);
        assertThat(journal.outcomes()
                        .finishCompensation(
                                saga.sagaId(),
                                1,
                                open -> List.of(new EventDraft(Event.EventKind.ALERT, "", "left", "{}"))))
                .isEqualTo(SagaState.PARTIALLY_COMPENSATED);
        assertThat(journal.events().of(Event.EventKind.ALERT)).hasSize(1);
    }

    @Test
    void a_listener_is_notified_of_each_transition_once_it_is_committed() throws Exception {
        List<String> heard = new ArrayList<>();
        journal.addListener(new SagaListener() {
            @Override
            public void stateChanged(SagaRecord saga, SagaState from) {
                heard.add(from + " " + saga.state());
            }
        });
        SagaRecord saga = receive("a");
        journal.outcomes().beginCompensation(saga.sagaId(), 1, Reason.CANCELLED, "why");
        journal.outcomes().residue(saga, "upload", new Residue("key", "no"), POLICY, QUIET);

        assertThatThrownBy(() -> journal.outcomes().finishCompensation(saga.sagaId(), 1, open -> {
                    throw new IllegalStateException("on purpose");
                }))
                .hasMessage("on purpose");
        assertThat(heard).as("rolled back").containsExactly("RECEIVED COMPENSATING");
        journal.outcomes().finishCompensation(saga.sagaId(), 1, QUIET);

        assertThat(heard).containsExactly("RECEIVED COMPENSATING", "COMPENSATING PARTIALLY_COMPENSATED");
    }

    @Test
    void looks_once_again_for_what_may_have_arrived_after_the_end() throws Exception {
        ActiveRun doubtful = upTo(receive("doubtful"), SagaState.RECEIVED);
        doubtful.begin("upload", SagaState.UPLOADING);
        doubtful.planChunks(rows(doubtful));
        doubtful.chunkSending(1, 1, Optional.empty());
        ActiveRun sure = upTo(receive("sure"), SagaState.RECEIVED);
        sure.begin("upload", SagaState.UPLOADING);
        for (ActiveRun run : List.of(doubtful, sure)) {
            journal.outcomes().beginCompensation(run.sagaId(), 1, Reason.CANCELLED, "why");
            journal.outcomes().finishCompensation(run.sagaId(), 1, QUIET);
        }

        assertThat(journal.sagas().lateWriteChecksDue(clock.instant().minusSeconds(1)))
                .as("too early")
                .isEmpty();
        assertThat(journal.sagas().lateWriteChecksDue(clock.instant()))
                .extracting(SagaRecord::sagaId)
                .containsExactly(doubtful.sagaId());
        assertThat(journal.chunks().unanswered(doubtful.sagaId()))
                .containsExactly(rows(doubtful).get(1).key());

        journal.outcomes().lateWritesChecked(doubtful.sagaId());
        assertThat(journal.sagas().lateWriteChecksDue(clock.instant())).isEmpty();
    }

    @Test
    void a_manifest_without_an_answer_or_another_run_before_leave_a_doubt() throws Exception {
        ActiveRun manifest = upTo(receive("manifest"), SagaState.COMPLETING);
        sql.update("UPDATE step SET finished_at = NULL WHERE name = 'finalize'");
        ActiveRun taken = upTo(receive("taken"), SagaState.PROCESSING);
        other.leases().takeOver(saga(taken));
        journal.outcomes().beginCompensation(manifest.sagaId(), 1, Reason.CANCELLED, "why");
        journal.outcomes().finishCompensation(manifest.sagaId(), 1, QUIET);
        other.outcomes().beginCompensation(taken.sagaId(), 2, Reason.CANCELLED, "why");
        other.outcomes().finishCompensation(taken.sagaId(), 2, QUIET);

        assertThat(journal.sagas().lateWriteChecksDue(clock.instant()))
                .extracting(SagaRecord::sagaId)
                .containsExactly(manifest.sagaId(), taken.sagaId());
    }

    @Test
    void a_document_that_can_not_be_shown_is_tried_again_after_a_growing_delay_and_never_given_up() throws Exception {
        ActiveRun run = completed("a");
        assertThat(journal.sagas().publicationsDue()).hasSize(1);
        EventDraft told = new EventDraft(Event.EventKind.CRITICAL, "graph", "not visible", "{}");

        for (int attempt = 1; attempt <= 5; attempt++) {
            journal.outcomes()
                    .notPublished(run.sagaId(), POLICY, attempts -> attempts == 3 ? List.of(told) : List.of());
            journal.outcomes()
                    .notPublished(
                            run.sagaId(), POLICY, attempts -> List.of(told)); // before its time: counts for nothing
            clock.forward(Duration.ofSeconds(30L << (attempt - 1)).minusMillis(1));
            assertThat(journal.sagas().publicationsDue())
                    .as("too early after attempt %d", attempt)
                    .isEmpty();
            clock.forward(Duration.ofMillis(1));
            assertThat(journal.sagas().publicationsDue())
                    .as("due after attempt %d", attempt)
                    .hasSize(1);
        }

        assertThat(journal.events().of(Event.EventKind.CRITICAL))
                .extracting(Event::message)
                .containsExactly("not visible");
        journal.outcomes().published(run.sagaId());
        assertThat(journal.sagas().publicationsDue()).isEmpty();
    }

    @Test
    void knows_every_place_that_was_ever_written_to() throws Exception {
        ActiveRun first = upTo(receive("a"), SagaState.RECEIVED);
        upTo(receive("b"), SagaState.RECEIVED);
        receive("before its step start");
        sql.update(
                "UPDATE saga SET bucket = 'former', key_prefix = 'a/b' || substr(key_prefix, 5) WHERE saga_id = ?",
                first.sagaId());

        assertThat(journal.sagas().bucketLocations())
                .containsExactly(new BucketLocation("bucket", "saga"), new BucketLocation("former", "a/b"));
    }

    // Chunks

    @Test
    void a_plan_replaces_what_nobody_began_to_send_and_nothing_else() throws Exception {
        ActiveRun run = uploading("a");
        List<ChunkRow> fewer = rows(run).subList(0, 2);
        run.planChunks(fewer);
        run.planChunks(rows(run));
        assertThat(journal.chunks().all(run.sagaId())).isEqualTo(rows(run));

        run.chunkSending(1, 2, Optional.empty());
        run.planChunks(fewer);

        assertThat(run.chunks()).hasSize(3);
        assertThat(run.chunks().get(1).state()).isEqualTo(ChunkRow.ChunkState.SENDING);
        assertThat(run.chunks().get(1).attempts()).isEqualTo(2);
        assertThat(journal.chunks().keys(run.sagaId()))
                .as("may be in the bucket")
                .containsExactly(rows(run).get(1).key());
        run.chunkSent(1, Optional.of("tag"));
        assertThat(run.chunks().get(1).state()).isEqualTo(ChunkRow.ChunkState.SENT);
        assertThat(run.chunks().get(1).etag()).contains("tag");
        run.chunkSending(1, 3, Optional.empty());
        assertThat(run.chunks().get(1).etag())
                .as("of an answer that is no longer the last")
                .isEmpty();
    }

    @Test
    void one_query_counts_the_confirmed_chunks_of_many_sagas() throws Exception {
        ActiveRun one = uploading("a");
        ActiveRun two = uploading("b");
        ActiveRun none = uploading("c");
        for (ActiveRun run : List.of(one, two, none)) {
            run.planChunks(rows(run));
            run.chunkSending(0, 1, Optional.empty());
        }
        one.chunkSent(0, Optional.empty());
        two.chunkSent(0, Optional.empty());
        two.chunkSending(1, 1, Optional.empty());
        two.chunkSent(1, Optional.empty());

        List<ChunkRow> rows = rows(two);
        assertThat(journal.chunks().sentOf(List.of(one.sagaId(), two.sagaId(), none.sagaId())))
                .containsOnly(
                        Map.entry(one.sagaId(), new ChunkTally(1, rows.get(0).sizeBytes())),
                        Map.entry(
                                two.sagaId(),
                                new ChunkTally(
                                        2, rows.get(0).sizeBytes() + rows.get(1).sizeBytes())));
        assertThat(journal.chunks().sentOf(List.of())).isEmpty();
    }

    @Test
    void the_form_of_an_attempt_is_journaled_and_hides_the_saga_from_older_versions() throws Exception {
        ActiveRun run = uploading("a");
        run.planChunks(rows(run));
        StoredForm form = new StoredForm("zstd", "aes256-gcm-hkdf-1", 70, "ab12");
        assertThat(saga(run).format()).isEqualTo(SagaFormat.INITIAL);

        run.chunkSending(0, 1, Optional.of(form));

        assertThat(saga(run).format()).isEqualTo(SagaFormat.SEALED);
        assertThat(run.chunks().get(0).storedForm()).contains(form);
        assertThat(run.chunks().get(1).storedForm()).isEmpty();
        run.chunkSent(0, Optional.of("tag"));
        StoredForm repaired = new StoredForm("none", "aes256-gcm-hkdf-1", 99, "cd34");
        journal.chunks().repairing(run.sagaId(), 0, Optional.of(repaired));
        assertThat(run.chunks().get(0).storedForm()).contains(repaired);
        assertThat(run.chunks().get(0).state()).isEqualTo(ChunkRow.ChunkState.SENT);
        run.chunkSending(0, 2, Optional.empty());
        assertThat(run.chunks().get(0).storedForm()).isEmpty();
    }

    @Test
    void what_the_bucket_confirms_is_sent_whether_its_answer_was_seen_or_not() throws Exception {
        ActiveRun run = uploading("a");
        run.planChunks(rows(run));
        run.chunkSending(0, 1, Optional.empty());
        run.chunkSent(0, Optional.empty());
        run.chunkSending(1, 1, Optional.empty());
        List<ChunkRow> found = run.chunks();

        run.chunkConfirmed(found.get(0));
        run.chunkConfirmed(found.get(1));

        assertThat(run.chunks())
                .extracting(ChunkRow::state)
                .containsExactly(ChunkRow.ChunkState.SENT, ChunkRow.ChunkState.SENT, ChunkRow.ChunkState.PENDING);
        assertThat(saga(run).resumedBytes())
                .isEqualTo(found.get(0).sizeBytes() + found.get(1).sizeBytes());
    }

    @Test
    void finds_a_damaged_chunk_row() throws Exception {
        for (String damage : List.of(
                "sha256 = 'f'",
                "object_key = 'k'",
                "byte_offset = 1",
                "size_bytes = 1",
                "row_check = 'x'",
                "state = 'LOST'")) {
            ActiveRun run = uploading(damage);
            run.planChunks(rows(run));
            assertThatCode(run::chunks).doesNotThrowAnyException();

            sql.update("UPDATE chunk SET " + damage + " WHERE idx = 1 AND saga_id = ?", run.sagaId());

            assertCorrupt(run, damage);
        }
    }

    @Test
    void finds_swapped_chunk_rows() throws Exception {
        ActiveRun run = uploading("a");
        run.planChunks(rows(run));
        sql.update("UPDATE chunk SET idx = 9 WHERE idx = 0");
        sql.update("UPDATE chunk SET idx = 0 WHERE idx = 1");
        sql.update("UPDATE chunk SET idx = 1 WHERE idx = 9");

        assertCorrupt(run, "swapped");
    }

    @Test
    void finds_missing_chunk_rows() throws Exception {
        ActiveRun run = uploading("a");
        run.planChunks(rows(run));
        sql.update("DELETE FROM chunk WHERE idx = 2");

        assertCorrupt(run, "missing");
    }

    // History and versions

    @Test
    void keeps_events_in_order() throws Exception {
        SagaRecord saga = receive("a");
        for (int i = 0; i < 50; i++) {
            journal.events()
                    .append(
                            saga.sagaId(),
                            i % 2 == 0 ? Event.EventKind.ALERT : Event.EventKind.ERROR,
                            "upload",
                            "number " + i,
                            "{}");
        }

        assertThat(journal.events().of(saga.sagaId()))
                .extracting(Event::message)
                .containsExactlyElementsOf(Stream.concat(
                                Stream.of("RECEIVED"), IntStream.range(0, 50).mapToObj(i -> "number " + i))
                        .toList());
        assertThat(journal.events().of(Event.EventKind.ALERT))
                .hasSize(25)
                .extracting(Event::message)
                .startsWith("number 0", "number 2");
    }

    @Test
    void a_completed_saga_is_unfinished_until_it_is_published() throws Exception {
        ActiveRun run = completed("a");
        assertThat(journal.sagas().unfinished()).extracting(SagaRecord::sagaId).containsExactly(run.sagaId());

        journal.outcomes().published(run.sagaId());

        assertThat(journal.sagas().unfinished()).isEmpty();
        assertThat(saga(run).published()).isTrue();
        assertThat(journal.sagas().ofDocument(run.document().documentId())).contains(saga(run));
    }

    @Test
    void a_superseded_saga_is_no_longer_the_document() throws Exception {
        ActiveRun first = completed("a");
        ActiveRun second = completed("a");
        journal.outcomes().supersede(first.sagaId(), second.sagaId());
        journal.outcomes().supersede(first.sagaId(), "another");

        assertThat(journal.sagas().completed(second.document().documentId()))
                .extracting(SagaRecord::sagaId)
                .containsExactly(second.sagaId());
        assertThat(saga(first).supersededBy()).as("by the first that said so").contains(second.sagaId());
        assertThat(journal.sagas().current()).extracting(SagaRecord::sagaId).containsExactly(second.sagaId());
    }

    // Deletions

    @Test
    void a_deleted_document_is_named_by_no_answer_from_the_moment_of_its_request() throws Exception {
        ActiveRun run = completed("a");
        Document document = run.document();

        DeletionRepository.Answer answer = delete(document);

        assertThat(answer.isNew()).isTrue();
        assertThat(other.sagas().ofDocument(document.documentId())).isEmpty();
        assertThat(other.sagas().current()).isEmpty();
        assertThat(other.sagas().storedContent(saga(run).origin().key(), document.sha256()))
                .isEmpty();
        assertThat(other.sagas().completedFrom(saga(run).origin().key(), document.sizeBytes()))
                .isFalse();
        assertThat(other.sagas().unpublished("")).isEmpty();
        assertThat(other.sagas().publicationsDue()).isEmpty();
        assertThat(other.dueWork().publications()).isFalse();
        assertThat(other.dueWork().deletions()).isTrue();
        assertThat(other.deletions().contains(run.sagaId())).isTrue();
        assertThat(other.deletions().states(List.of(run.sagaId(), "x")))
                .containsOnly(Map.entry(run.sagaId(), DeletionState.REQUESTED));
        assertThat(saga(run).state()).isEqualTo(SagaState.COMPLETED);
    }

    @Test
    void a_tombstone_says_what_who_when_and_why() throws Exception {
        ActiveRun run = completed("a");

        Deletion deletion = delete(run.document()).deletion().orElseThrow();

        assertThat(deletion.documentId()).isEqualTo(run.document().documentId());
        assertThat(deletion.fileName()).isEqualTo(run.document().fileName());
        assertThat(deletion.sha256()).isEqualTo(run.document().sha256());
        assertThat(deletion.sizeBytes()).isEqualTo(run.document().sizeBytes());
        assertThat(deletion.reason()).isEqualTo("no longer needed");
        assertThat(deletion.requestedBy()).isEqualTo("tester");
        assertThat(deletion.requestedAt()).isEqualTo(clock.instant());
        assertThat(deletion.versions())
                .extracting(Deletion.DeletedVersion::sagaId, Deletion.DeletedVersion::keyDestroyed)
                .containsExactly(tuple(run.sagaId(), false));
        assertThat(deletion.keyDestroyed()).isFalse();
        assertThat(journal.deletions().ofDocument(deletion.documentId())).contains(deletion);
        assertThat(journal.deletions().ofSaga(run.sagaId())).contains(deletion);
    }

    @Test
    void only_the_tombstone_of_an_encrypted_document_says_that_its_key_is_destroyed() throws Exception {
        for (String encryption : List.of("none", "aes256-gcm")) {
            ActiveRun run = completed("a" + encryption);
            sql.update(
                    "INSERT INTO chunk (saga_id, idx, byte_offset, size_bytes, object_key, sha256, state, attempts,"
                            + " row_check, encryption) VALUES (?, 0, 0, 1, 'k', 'd', 'VERIFIED', 1, 'x', ?)",
                    run.sagaId(),
                    encryption);
            delete(run.document());

            journal.deletions().keyDestroyed(run.sagaId());

            assertThat(journal.deletions().ofSaga(run.sagaId()).orElseThrow().keyDestroyed())
                    .isEqualTo(!encryption.equals("none"));
        }
    }

    @Test
    void a_repeated_request_is_answered_with_the_former_deletion() throws Exception {
        ActiveRun run = completed("a");
        Deletion first = delete(run.document()).deletion().orElseThrow();

        DeletionRepository.Answer again = delete(run.document());

        assertThat(again.isNew()).isFalse();
        assertThat(again.deletion()).contains(first);
    }

    @Test
    void all_versions_of_a_document_are_deleted() throws Exception {
        ActiveRun first = completed("a");
        ActiveRun second = completed("a");
        journal.outcomes().supersede(first.sagaId(), second.sagaId());

        Deletion deletion = delete(second.document()).deletion().orElseThrow();

        assertThat(deletion.versions())
                .extracting(Deletion.DeletedVersion::sagaId)
                .containsExactly(second.sagaId(), first.sagaId());
    }

    @Test
    void one_version_can_be_deleted_alone() throws Exception {
        ActiveRun first = completed("a");
        ActiveRun second = completed("a");
        journal.outcomes().supersede(first.sagaId(), second.sagaId());

        DeletionRepository.NewDeletion old = new DeletionRepository.NewDeletion(
                first.document().documentId(), Optional.of(first.sagaId()), "old", "tester");
        Deletion deletion = journal.deletions()
                .request(old, version -> Optional.empty())
                .deletion()
                .orElseThrow();

        assertThat(deletion.versions())
                .extracting(Deletion.DeletedVersion::sagaId)
                .containsExactly(first.sagaId());
        assertThat(journal.sagas().ofDocument(second.document().documentId())).contains(saga(second));
    }

    @Test
    void a_document_that_a_saga_is_storing_is_not_deleted() throws Exception {
        ActiveRun stored = completed("a");
        ActiveRun running = uploading("a");

        DeletionRepository.Answer answer = delete(stored.document());

        assertThat(answer.refusal()).contains(DeletionRepository.Refusal.UNFINISHED);
        assertThat(answer.detail()).isEqualTo(running.sagaId());
        assertThat(journal.sagas().ofDocument(stored.document().documentId())).contains(saga(stored));
    }

    @Test
    void a_veto_refuses_a_deletion_and_an_unknown_document_has_none() throws Exception {
        ActiveRun run = completed("a");
        DeletionRepository.NewDeletion request = new DeletionRepository.NewDeletion(
                run.document().documentId(), Optional.empty(), "no longer needed", "tester");

        DeletionRepository.Answer answer =
                journal.deletions().request(request, version -> Optional.of("legal hold 7 is on it"));

        assertThat(answer.refusal()).contains(DeletionRepository.Refusal.FORBIDDEN);
        assertThat(answer.detail()).isEqualTo("legal hold 7 is on it");
        assertThat(journal.deletions().ofSaga(run.sagaId())).isEmpty();
        assertThat(journal.deletions()
                        .request(
                                new DeletionRepository.NewDeletion("none", Optional.empty(), "why", "tester"),
                                version -> Optional.empty())
                        .refusal())
                .contains(DeletionRepository.Refusal.UNKNOWN);
    }

    @Test
    void one_node_at_a_time_drives_a_deletion_and_its_successor_fences_it_off() throws Exception {
        Deletion deletion = delete(completed("a").document()).deletion().orElseThrow();
        Duration limit = Duration.ofSeconds(10);
        Deletion first =
                journal.deletions().takeOver(deletion.deletionId(), limit).orElseThrow();

        assertThat(other.deletions().due()).isEmpty();
        assertThat(other.dueWork().deletions()).isFalse();
        assertThat(other.deletions().takeOver(deletion.deletionId(), limit)).isEmpty();
        clock.forward(LEASE);
        journal.deletions().confirm(first, limit);
        clock.forward(LEASE.plus(limit).plusMillis(1));
        Deletion second =
                other.deletions().takeOver(deletion.deletionId(), limit).orElseThrow();

        assertThat(second.run()).isEqualTo(first.run() + 1);
        assertThatThrownBy(() -> journal.deletions().confirm(first, limit)).hasMessageContaining("taken over");
        assertThatThrownBy(() -> journal.deletions().reached(first, DeletionState.HIDDEN))
                .hasMessageContaining("taken over");
        assertThatThrownBy(() -> journal.deletions().finish(first, saga -> QUIET))
                .hasMessageContaining("taken over");
        assertThat(other.deletions().reached(second, DeletionState.HIDDEN).state())
                .isEqualTo(DeletionState.HIDDEN);
    }

    @Test
    void a_failed_attempt_is_due_again_after_a_growing_delay() throws Exception {
        Deletion deletion = delete(completed("a").document()).deletion().orElseThrow();
        Deletion taken = journal.deletions()
                .takeOver(deletion.deletionId(), Duration.ZERO)
                .orElseThrow();

        journal.deletions().failed(taken, "store graph is down", POLICY);

        assertThat(other.deletions().due()).isEmpty();
        clock.forward(Duration.ofSeconds(31));
        assertThat(other.deletions().due())
                .extracting(Deletion::attempts, Deletion::lastError)
                .containsExactly(tuple(1, "store graph is down"));
    }

    @Test
    void a_deletion_with_residue_ends_with_its_last_cleanup() throws Exception {
        ActiveRun run = completed("a");
        Deletion deletion = delete(run.document()).deletion().orElseThrow();
        Deletion taken = journal.deletions()
                .takeOver(deletion.deletionId(), Duration.ZERO)
                .orElseThrow();
        journal.outcomes()
                .stepCompensated(
                        saga(run),
                        "vector",
                        new StepCompensation(List.of(new Residue("vector:" + run.sagaId(), "refused")), List.of()),
                        POLICY,
                        QUIET);

        Deletion ended = journal.deletions()
                .finish(
                        taken,
                        saga -> open -> List.of(new EventDraft(Event.EventKind.ALERT, "", "" + open.size(), "{}")));

        assertThat(ended.state()).isEqualTo(DeletionState.PARTIALLY_DELETED);
        assertThat(ended.finishedAt()).contains(clock.instant());
        assertThat(journal.events().of(Event.EventKind.ALERT))
                .extracting(Event::message)
                .containsExactly("1");
        assertThat(journal.deletions().counts()).containsOnly(Map.entry(DeletionState.PARTIALLY_DELETED, 1L));
        assertThat(other.dueWork().deletions()).isFalse();

        journal.outcomes().stepCompensated(saga(run), "vector", StepCompensation.CLEAN, POLICY, QUIET);

        assertThat(journal.deletions().find(deletion.deletionId()))
                .map(Deletion::state)
                .contains(DeletionState.DELETED);
        assertThat(saga(run).state()).isEqualTo(SagaState.COMPLETED);
    }

    @Test
    void the_same_content_stored_after_its_deletion_is_a_document_of_its_own() throws Exception {
        Deletion former = delete(completed("a").document()).deletion().orElseThrow();

        ActiveRun again = completed("a");

        assertThat(journal.sagas().ofDocument(former.documentId())).contains(saga(again));
        assertThat(journal.sagas().current()).extracting(SagaRecord::sagaId).containsExactly(again.sagaId());
        DeletionRepository.Answer second = delete(again.document());
        assertThat(second.isNew()).isTrue();
        assertThat(journal.deletions().ofDocument(former.documentId())).isEqualTo(second.deletion());
        assertThat(journal.deletions().newest(10)).hasSize(2);
    }

    @Test
    void of_two_requests_at_once_one_records_the_deletion() throws Exception {
        for (int round = 0; round < 10; round++) {
            Document document = completed("race" + round).document();
            List<DeletionRepository.Answer> answers =
                    race(() -> delete(journal, document), () -> delete(other, document));

            assertThat(answers).extracting(DeletionRepository.Answer::isNew).containsExactlyInAnyOrder(true, false);
            assertThat(answers.get(0).deletion().map(Deletion::deletionId))
                    .isEqualTo(answers.get(1).deletion().map(Deletion::deletionId));
        }
    }

    private DeletionRepository.Answer delete(Document document) {
        return delete(journal, document);
    }

    private static DeletionRepository.Answer delete(Journal on, Document document) {
        return on.deletions()
                .request(
                        new DeletionRepository.NewDeletion(
                                document.documentId(), Optional.empty(), "no longer needed", "tester"),
                        version -> Optional.empty());
    }

    @Test
    void a_saga_that_ends_between_the_look_and_the_registration_is_found() throws Exception {
        SagaRecord seen = receive("a");
        NewSaga again = wanted("a", true);
        assertThat(journal.registration()
                        .receiveIfUnchanged(again, Optional.of(seen))
                        .saga())
                .as("it holds the source")
                .isEqualTo(saga(seen));
        journal.outcomes().beginCompensation(seen.sagaId(), 1, Reason.CANCELLED, "why");
        journal.outcomes().finishCompensation(seen.sagaId(), 1, QUIET);

        SagaRegistration.RegisteredSaga changed = journal.registration().receiveIfUnchanged(again, Optional.of(seen));

        assertThat(changed.isNew()).isFalse();
        assertThat(changed.saga().sagaId()).isEqualTo(seen.sagaId());
        assertThat(changed.saga().state()).isEqualTo(SagaState.COMPENSATED);
        assertThat(journal.registration().holder(source("a").toString()))
                .as("nothing is claimed")
                .isEmpty();
        assertThat(journal.registration()
                        .receiveIfUnchanged(again, Optional.of(changed.saga()))
                        .isNew())
                .as("once it was seen")
                .isTrue();
    }

    @Test
    void a_wait_is_visible_until_it_ends_and_only_its_beginning_and_end_are_events() throws Exception {
        ActiveRun run = uploading("a");
        Instant since = clock.instant();
        Waiting first = new Waiting("waits for the bucket: no", since, since.plusSeconds(5));
        Waiting second = new Waiting("waits for the bucket: still no", since, since.plusSeconds(15));

        run.waits("upload", first);
        assertThat(saga(run).waiting()).contains(first);
        assertThat(run.waitsFor()).isEqualTo(first.reason());
        run.waits("upload", second);
        assertThat(saga(run).waiting()).contains(second);
        run.continues("upload");
        run.continues("upload");

        assertThat(saga(run).waiting()).isEmpty();
        assertThat(run.waitsFor()).isEmpty();
        assertThat(journal.events().of(run.sagaId()))
                .filteredOn(event -> event.step().equals("upload"))
                .extracting(Event::message)
                .containsExactly(first.reason(), "continues");
    }

    @Test
    void a_paused_or_former_run_does_not_wait_any_more() throws Exception {
        ActiveRun run = uploading("a");
        Waiting waiting = new Waiting("waits for the bucket: no", clock.instant(), clock.instant());
        run.waits("upload", waiting);

        journal.commands().pause(run.sagaId());

        assertThat(saga(run).waiting()).isEmpty();
        assertRefused(() -> run.waits("upload", waiting));
        assertThat(journal.leases().resume(saga(run), LIMIT)).isTrue();
        assertThat(saga(run).waiting()).isEmpty();
        assertRefused(() -> run.waits("upload", waiting));
    }

    @Test
    void a_chunk_row_that_is_gone_is_no_success() throws Exception {
        ActiveRun run = uploading("a");
        sql.update("DELETE FROM chunk");

        assertThatThrownBy(() -> run.chunkSending(0, 1, Optional.empty())).hasMessageContaining("lost a chunk row");
        assertThatThrownBy(() -> run.chunkSent(0, Optional.empty())).hasMessageContaining("lost a chunk row");
    }

    @Test
    void the_history_has_the_pause_and_why_a_saga_is_compensated() throws Exception {
        SagaRecord paused = receive("a");
        journal.commands().request(paused.sagaId(), OperatorCommand.PAUSE);
        assertThat(journal.commands().find(paused.sagaId())).contains(OperatorCommand.PAUSE);
        journal.commands().pause(paused.sagaId());
        SagaRecord failed = receive("b");
        journal.outcomes().beginCompensation(failed.sagaId(), 1, Reason.STORE_FAILED, "the reason");
        journal.outcomes().residue(failed, "upload", new Residue("key", "no"), POLICY, QUIET);

        assertThat(journal.commands().find(paused.sagaId())).isEmpty();
        assertThat(journal.events().of(paused.sagaId()))
                .extracting(Event::message)
                .contains("PAUSED");
        assertThat(journal.events().of(failed.sagaId()))
                .filteredOn(event -> event.kind() == Event.EventKind.ERROR)
                .extracting(Event::message)
                .containsExactly("the reason");
        assertThat(journal.steps().of(failed.sagaId()))
                .filteredOn(step -> step.name().equals("upload"))
                .extracting(StepRecord::state)
                .containsExactly(StepState.RESIDUE);
    }

    // Newer versions

    @Test
    void sagas_of_a_newer_version_are_left_to_it() throws Exception {
        SagaRecord running = receive("a");
        SagaRecord paused = receive("b");
        journal.commands().pause(paused.sagaId());
        journal.commands().request(paused.sagaId(), OperatorCommand.CANCEL);
        ActiveRun completed = completed("c");
        SagaRecord partial = partially("d", "k");
        CleanupEntry entry = journal.cleanups().of(partial.sagaId()).get(0);
        journal.cleanups().requestCommand(entry.cleanupId(), CleanupRepository.CleanupCommand.RETRY, "");
        ActiveRun doubtful = uploading("e");
        doubtful.planChunks(rows(doubtful));
        doubtful.chunkSending(1, 1, Optional.empty());
        journal.outcomes().beginCompensation(doubtful.sagaId(), 1, Reason.CANCELLED, "why");
        journal.outcomes().finishCompensation(doubtful.sagaId(), 1, QUIET);
        clock.forward(Duration.ofHours(2));
        assertThat(journal.dueWork())
                .as("of this version")
                .isEqualTo(new DueWork(true, true, true, true, true, false, false));
        assertThat(journal.sagas().lateWriteChecksDue(clock.instant())).isNotEmpty();

        sql.update("UPDATE saga SET format = ?, reason = 'A_REASON_OF_LATER'", SagaFormat.CURRENT + 1);

        assertThat(journal.dueWork()).isEqualTo(new DueWork(false, false, false, false, false, false, false));
        assertThat(journal.leases().stale(true)).isEmpty();
        assertThat(other.leases().stale(true)).isEmpty();
        assertThat(journal.commands().pending()).isEmpty();
        assertThat(journal.sagas().publicationsDue()).isEmpty();
        assertThat(journal.cleanups().due()).isEmpty();
        assertThat(journal.cleanups().pendingCommands()).isEmpty();
        assertThat(journal.sagas().lateWriteChecksDue(clock.instant())).isEmpty();
        for (SagaRecord saga : List.of(running, paused, partial)) {
            SagaRecord now = journal.sagas().find(saga.sagaId()).orElseThrow();
            assertThat(now.needsNewerVersion()).isTrue();
            assertThat(now.reason()).as("one that this version does not know").isEmpty();
            assertThat(other.leases().takeOver(now)).isFalse();
            assertThat(other.leases().resume(now, LIMIT)).isFalse();
        }
        assertThat(journal.sagas().find(completed.sagaId()).orElseThrow().needsNewerVersion())
                .isTrue();
    }

    // Several nodes

    @Test
    void one_node_holds_a_singleton_lease_until_it_ends_or_releases_it() {
        assertThat(journal.singletons().hold("work")).isTrue();
        assertThat(journal.singletons().hold("work")).as("again").isTrue();
        assertThat(other.singletons().hold("work")).isFalse();
        assertThat(other.singletons().hold("other work")).isTrue();
        other.singletons().release("work");

        clock.forward(LEASE.minusSeconds(1));
        journal.singletons().renew();
        clock.forward(LEASE.minusSeconds(1));
        assertThat(other.singletons().hold("work")).as("renewed").isFalse();

        journal.singletons().release("work");
        assertThat(other.singletons().hold("work")).isTrue();
        assertThat(journal.singletons().hold("work")).isFalse();

        clock.forward(LEASE.plusSeconds(1));
        assertThat(journal.singletons().hold("work")).as("not renewed").isTrue();
        other.singletons().renew();
        assertThat(other.singletons().hold("work")).as("lost").isFalse();

        journal.singletons().releaseAll();
        assertThat(other.singletons().hold("work")).isTrue();
        journal.singletons().expireOthers();
        assertThat(journal.singletons().hold("work")).isTrue();
    }

    @Test
    void of_nodes_that_want_a_singleton_lease_at_the_same_time_one_gets_it() throws Exception {
        for (int round = 0; round < ROUNDS; round++) {
            String name = "work-" + round;
            List<Boolean> held = race(
                    () -> journal.singletons().hold(name),
                    () -> other.singletons().hold(name));

            assertThat(held).containsExactlyInAnyOrder(true, false);
        }
    }

    @Test
    void a_node_with_other_settings_does_not_join_while_the_first_one_runs() {
        assertThat(journal.nodes().join(Map.of("saga.s3.bucket", "a", "secret", "b")))
                .isEmpty();

        assertThat(other.nodes().join(Map.of("saga.s3.bucket", "a", "else", "c")))
                .isEmpty();
        assertThat(other.nodes().join(Map.of("saga.s3.bucket", "b")))
                .contains(new NodeRepository.SettingConflict("one", "saga.s3.bucket"));
        clock.forward(LEASE.minusSeconds(1));
        journal.nodes().renew();
        clock.forward(LEASE.minusSeconds(1));
        assertThat(other.nodes().join(Map.of("saga.s3.bucket", "b")))
                .as("renewed")
                .isPresent();

        clock.forward(LEASE.plusSeconds(1));
        assertThat(other.nodes().join(Map.of("saga.s3.bucket", "b"))).as("gone").isEmpty();
        assertThat(journal.nodes().join(Map.of("saga.s3.bucket", "a")))
                .as("the other runs now")
                .isPresent();
        other.nodes().leave();
        assertThat(journal.nodes().join(Map.of("saga.s3.bucket", "a"))).isEmpty();
    }

    @Test
    void an_interrupted_compensation_is_continued_by_another_process_at_once() throws Exception {
        SagaRecord saga = receive("a");
        SagaRecord untouched = receive("b");
        journal.outcomes().beginCompensation(saga.sagaId(), 1, Reason.CANCELLED, "why");
        assertThat(other.leases().stale(false)).isEmpty();

        other.leases().expireCompensations();
        assertThat(other.leases().stale(false)).as("not his").isEmpty();
        clock.forward(Duration.ofMillis(1));
        journal.leases().expireCompensations();

        assertThat(other.leases().stale(false)).extracting(SagaRecord::sagaId).containsExactly(saga.sagaId());
        assertThat(journal.sagas().find(untouched.sagaId())).contains(untouched);
    }

    // Versions

    /** A completed version of the file with this name, not published. */
    private SagaRecord version(String name, String sha256) throws IOException {
        SagaRecord saga = journal.registration().receive(wanted(name, false)).saga();
        String documentId = journal.versions().register(saga);
        ActiveRun run = upTo(saga, SagaState.COMPLETING);
        assertThat(journal.outcomes().complete(run.sagaId(), 1)).isTrue();
        sql.update("UPDATE saga SET document_id = ?, sha256 = ? WHERE saga_id = ?", documentId, sha256, saga.sagaId());
        return saga(saga);
    }

    private List<String> statusesOf(SagaRecord saga) {
        return journal.versions().of(saga.document().orElseThrow().documentId(), Integer.MAX_VALUE, 10).stream()
                .map(version -> version.number() + " " + version.status())
                .toList();
    }

    private void settle(SagaRecord saga) {
        journal.versions().outstanding(saga).forEach(journal.versions()::settled);
    }

    @Test
    void versions_of_a_source_have_one_document_id_whatever_their_content() throws Exception {
        SagaRecord first = version("a", "1");
        SagaRecord second = version("a", "2");
        SagaRecord another = version("b", "1");

        assertThat(second.document().orElseThrow().documentId())
                .isEqualTo(first.document().orElseThrow().documentId())
                .isNotEqualTo(another.document().orElseThrow().documentId());
        assertThat(journal.versions().register(second))
                .as("again")
                .isEqualTo(first.document().orElseThrow().documentId());
        assertThat(statusesOf(first)).containsExactly("2 CURRENT", "1 KEPT");
    }

    @Test
    void the_newest_version_replaces_the_others_and_the_oldest_leave() throws Exception {
        SagaRecord first = version("a", "1");
        journal.versions().replace(first, 2);
        SagaRecord second = version("a", "2");
        journal.versions().replace(second, 2);
        settle(second);
        SagaRecord third = version("a", "3");

        sql.update("UPDATE saga SET published_at = 1");
        assertThat(journal.dueWork().publications()).isFalse();
        journal.versions().replace(third, 2);

        assertThat(journal.dueWork().publications()).as("to be removed").isTrue();
        assertThat(other.versions().outstanding())
                .extracting(version -> version.saga().sagaId(), version -> version.keepChunks())
                .containsExactly(tuple(first.sagaId(), false), tuple(second.sagaId(), true));
        assertThat(statusesOf(third)).containsExactly("3 CURRENT", "2 KEPT", "1 REMOVED");
        for (SagaRecord replaced : List.of(first, second)) {
            journal.keys().addIfAbsent(replaced.sagaId(), "document", "key-1", "wrapped");
        }
        settle(third);
        assertThat(isDestroyed(first)).as("nothing of it is left").isTrue();
        assertThat(isDestroyed(second)).as("kept").isFalse();
        assertThat(journal.versions().outstanding()).isEmpty();
        assertThat(journal.versions().kept()).extracting(SagaRecord::sagaId).containsExactly(second.sagaId());
        assertThat(journal.sagas().current()).extracting(SagaRecord::sagaId).containsExactly(third.sagaId());
        assertThat(saga(first).supersededBy()).contains(second.sagaId());
    }

    @Test
    void a_version_that_completes_after_a_newer_one_is_replaced_at_once() throws Exception {
        SagaRecord older = journal.registration().receive(wanted("a", false)).saga();
        journal.versions().register(older);
        SagaRecord newer = version("a", "2");
        journal.versions().replace(newer, 1);
        upTo(older, SagaState.COMPLETING);
        assertThat(journal.outcomes().complete(older.sagaId(), 1)).isTrue();
        sql.update(
                "UPDATE saga SET document_id = ? WHERE saga_id = ?",
                newer.document().orElseThrow().documentId(),
                older.sagaId());

        assertThat(other.versions().isHidden(saga(older))).isTrue();
        assertThat(other.versions().isHidden(newer)).isFalse();
        assertThat(statusesOf(newer)).containsExactly("2 CURRENT", "1 KEPT");
        other.versions().replace(saga(older), 1);

        assertThat(saga(older).supersededBy()).contains(newer.sagaId());
        assertThat(statusesOf(newer)).containsExactly("2 CURRENT", "1 REMOVED");
    }

    @Test
    void a_document_that_was_stored_before_becomes_the_first_version() throws Exception {
        SagaRecord before = saga(completed("a"));
        journal.outcomes().published(before.sagaId());

        SagaRecord second = version("a", "2");
        journal.versions().replace(second, 5);

        assertThat(second.document().orElseThrow().documentId())
                .isEqualTo(before.document().orElseThrow().documentId());
        assertThat(statusesOf(second)).containsExactly("2 CURRENT", "1 KEPT");
    }

    @Test
    void a_deletion_takes_every_version_and_the_source_starts_again_with_its_first() throws Exception {
        SagaRecord first = version("a", "1");
        journal.versions().replace(first, 3);
        SagaRecord second = version("a", "2");
        journal.versions().replace(second, 3);
        settle(second);
        SagaRecord third = version("a", "3");
        journal.versions().replace(third, 3); // and the process dies before anything is hidden
        VersionRepository.ReplacedVersion hiding =
                journal.versions().outstanding(third).get(0);
        Document document = third.document().orElseThrow();

        Deletion deletion = delete(document).deletion().orElseThrow();

        assertThat(deletion.versions())
                .extracting(Deletion.DeletedVersion::sagaId)
                .containsExactly(third.sagaId(), second.sagaId(), first.sagaId());
        assertThat(other.versions().outstanding()).isEmpty();
        other.versions().settled(hiding);
        other.versions().replace(third, 3);
        assertThat(List.of(first, second, third))
                .noneMatch(version -> other.versions().isKept(version.sagaId()));
        assertThat(sql.queryForList("SELECT DISTINCT state FROM document_version", String.class))
                .containsExactly("REMOVED");
        assertThat(other.versions().exist(document.documentId())).isFalse();
        assertThat(statusesOf(third)).isEmpty();

        SagaRecord again = version("a", "3");
        other.versions().replace(again, 3);

        assertThat(statusesOf(again)).containsExactly("1 CURRENT");
        assertThat(other.sagas().ofDocument(again.document().orElseThrow().documentId()))
                .map(SagaRecord::sagaId)
                .contains(again.sagaId());
        assertThat(saga(third).supersededBy()).isEmpty();
    }

    @Test
    void the_other_versions_keep_their_numbers_when_one_is_deleted_alone() throws Exception {
        SagaRecord first = version("a", "1");
        journal.versions().replace(first, 3);
        SagaRecord second = version("a", "2");
        journal.versions().replace(second, 3);
        settle(second);

        journal.deletions()
                .request(
                        new DeletionRepository.NewDeletion(
                                first.document().orElseThrow().documentId(),
                                Optional.of(first.sagaId()),
                                "old",
                                "tester"),
                        version -> Optional.empty());

        assertThat(journal.versions().isKept(first.sagaId())).isFalse();
        assertThat(statusesOf(second)).containsExactly("2 CURRENT");
        SagaRecord third = version("a", "3");
        assertThat(journal.versions().number(third.sagaId())).isEqualTo(3);
    }

    @Test
    void a_document_whose_next_version_has_just_been_registered_is_not_deleted() throws Exception {
        SagaRecord first = version("a", "1");
        journal.versions().replace(first, 3);
        SagaRecord next = journal.registration().receive(wanted("a", false)).saga();
        journal.versions().register(next);

        DeletionRepository.Answer answer = delete(first.document().orElseThrow());

        assertThat(answer.refusal()).contains(DeletionRepository.Refusal.UNFINISHED);
        assertThat(answer.detail()).isEqualTo(next.sagaId());
    }

    @Test
    void a_redelivery_has_the_number_of_the_attempt_before_it_and_a_failed_saga_none() throws Exception {
        redeliver();
        SagaRecord first =
                journal.registration().receive(dropped(Optional.empty())).saga();
        journal.versions().register(first);
        journal.outcomes()
                .beginCompensation(first.sagaId(), 1, new CompensationCause(Reason.STORE_FAILED, "why", true));
        journal.outcomes().finishCompensation(first.sagaId(), 1, QUIET);
        clock.forward(Duration.ofHours(1));
        SagaRecord again = other.registration()
                .receive(dropped(Optional.of(first.sagaId())))
                .saga();
        SagaRecord later = journal.registration().receive(wanted("a", false)).saga();

        other.versions().register(again);
        journal.versions().register(later);

        assertThat(journal.versions().number(first.sagaId())).isZero();
        assertThat(journal.versions().number(again.sagaId())).isOne();
        assertThat(journal.versions().number(later.sagaId())).isEqualTo(2);
        journal.outcomes().beginCompensation(later.sagaId(), 1, Reason.CANCELLED, "why");
        journal.outcomes().finishCompensation(later.sagaId(), 1, QUIET);
        SagaRecord last = journal.registration().receive(wanted("a", false)).saga();
        journal.versions().register(last);
        assertThat(journal.versions().number(last.sagaId()))
                .as("of the failed one")
                .isEqualTo(2);
    }

    @Test
    void bodies_of_one_sender_under_one_name_are_versions() throws Exception {
        ActiveRun first = arrived();
        ActiveRun second = arrived();
        String documentId = journal.versions().documentId(first.initialSaga());

        assertThat(complete(first, "http:1", DeliveryRequest.NONE)).isEmpty();
        sql.update("DELETE FROM source_claim");
        assertThat(complete(second, "http:2", DeliveryRequest.NONE)).isEmpty();

        assertThat(other.versions().documentId(second.initialSaga())).isEqualTo(documentId);
        assertThat(List.of(
                        journal.versions().number(first.sagaId()),
                        journal.versions().number(second.sagaId())))
                .containsExactly(1, 2);
    }

    // Redelivery

    private static final RedeliveryPolicy TWICE = new RedeliveryPolicy(2, Duration.ofMinutes(1), Duration.ofHours(24));

    private void redeliver() {
        for (Journal each : List.of(journal, other)) {
            each.redeliveries()
                    .configure(TWICE, saga -> List.of(new EventDraft(Event.EventKind.ALERT, "", "given up", "")));
        }
    }

    private NewSaga dropped(Optional<String> previous) throws IOException {
        NewSaga file = wanted("a", true);
        Optional<SourceIdentity> seen =
                Optional.of(new SourceIdentity("(dev=1,ino=1)", SIZE, 7, 8)).filter(first -> previous.isEmpty());
        return new NewSaga(
                file.source(),
                seen.map(file.origin()::as).orElse(file.origin()),
                file.fileName(),
                file.participants(),
                file.timeLimit(),
                file.owner(),
                file.classification(),
                file.keyId(),
                true,
                seen,
                Optional.empty(),
                Optional.empty(),
                new DeliveryRequest(Optional.of(Delivery.Endpoint.DROP_FOLDER), previous),
                Access.HUB);
    }

    private SagaRecord compensated(SagaRegistration.RegisteredSaga registered, boolean isTransient) {
        String sagaId = registered.saga().sagaId();
        assertThat(registered.isNew()).isTrue();
        journal.outcomes().beginCompensation(sagaId, 1, new CompensationCause(Reason.STORE_FAILED, "why", isTransient));
        journal.outcomes().finishCompensation(sagaId, 1, open -> List.of());
        return journal.sagas().find(sagaId).orElseThrow();
    }

    @Test
    void decides_about_a_redelivery_with_the_final_state_and_starts_it_once() throws Exception {
        redeliver();
        SagaRecord first = compensated(journal.registration().receive(dropped(Optional.empty())), true);
        assertThat(first.delivery().isDue()).isTrue();
        assertThat(first.delivery().next().orElseThrow())
                .isBetween(clock.instant().plusSeconds(48), clock.instant().plusSeconds(72));
        assertThat(journal.dueWork().redeliveries()).isFalse();
        clock.forward(Duration.ofSeconds(73));
        assertThat(journal.dueWork().redeliveries()).isTrue();
        assertThat(other.redeliveries().due("")).containsExactly(first);
        assertThat(journal.sagas().neededSources())
                .containsExactly(first.origin().key());

        NewSaga again = dropped(Optional.of(first.sagaId()));
        SagaRegistration.RegisteredSaga second = other.registration().receive(again);
        SagaRegistration.RegisteredSaga late = journal.registration().receive(again);

        assertThat(second.isNew()).isTrue();
        assertThat(late.isNew()).isFalse();
        assertThat(late.saga().sagaId()).isEqualTo(second.saga().sagaId());
        assertThat(journal.redeliveries().attempts(first))
                .extracting(
                        saga -> saga.delivery().id(), saga -> saga.delivery().attempt())
                .containsExactly(tuple(first.sagaId(), 1), tuple(first.sagaId(), 2));
        assertThat(journal.registration()
                        .newest(first.source().toString())
                        .orElseThrow()
                        .identity())
                .as("the identity of the file, although the second saga has not read it")
                .isPresent();
        assertThat(journal.dueWork().redeliveries()).isFalse();
        assertThat(journal.statistics().redeliveries()).isOne();
    }

    @Test
    void a_redelivery_that_has_started_is_not_started_again_after_its_saga_has_ended() throws Exception {
        redeliver();
        SagaRecord first = compensated(journal.registration().receive(dropped(Optional.empty())), true);
        NewSaga again = dropped(Optional.of(first.sagaId()));
        SagaRecord second = compensated(journal.registration().receive(again), true);

        SagaRegistration.RegisteredSaga late = other.registration().receive(again);

        assertThat(late.isNew()).isFalse();
        assertThat(late.saga().sagaId()).isEqualTo(second.sagaId());
        assertThat(journal.registration().holder(first.source().toString())).isEmpty();
    }

    @Test
    void gives_up_after_the_last_redelivery_with_one_alert() throws Exception {
        redeliver();
        SagaRecord saga = compensated(journal.registration().receive(dropped(Optional.empty())), true);
        for (int i = 0; i < TWICE.max(); i++) {
            assertThat(saga.delivery().isDue()).isTrue();
            saga = compensated(journal.registration().receive(dropped(Optional.of(saga.sagaId()))), true);
        }

        assertThat(saga.delivery().redelivery()).contains(Delivery.Redelivery.GIVEN_UP);
        assertThat(journal.redeliveries().giveUp(saga)).isFalse();
        assertThat(journal.events().of(saga.sagaId()))
                .filteredOn(event -> event.kind() == Event.EventKind.ALERT)
                .hasSize(1);
        assertThat(journal.sagas().neededSources()).isEmpty();
    }

    @Test
    void a_permanent_failure_and_a_caller_that_decides_itself_have_no_redelivery() throws Exception {
        redeliver();
        SagaRecord permanent = compensated(journal.registration().receive(dropped(Optional.empty())), false);
        SagaRecord called = compensated(journal.registration().receive(wanted("b", true)), true);

        assertThat(permanent.delivery().redelivery()).isEmpty();
        assertThat(called.delivery().redelivery()).isEmpty();
    }

    @Test
    void running_out_of_time_is_transient_only_while_a_saga_waits_for_a_dependency() throws Exception {
        redeliver();
        SagaRecord slow =
                journal.registration().receive(dropped(Optional.empty())).saga();
        journal.outcomes().beginCompensation(slow.sagaId(), 1, Reason.TIMEOUT, "late");
        journal.outcomes().finishCompensation(slow.sagaId(), 1, open -> List.of());
        assertThat(journal.sagas().find(slow.sagaId()).orElseThrow().delivery().redelivery())
                .isEmpty();
        sql.execute("UPDATE saga SET file_key = NULL");

        SagaRecord waiting =
                journal.registration().receive(dropped(Optional.empty())).saga();
        journal.runs().waits(waiting.sagaId(), 1, "upload", new Waiting("waits", clock.instant(), clock.instant()));
        journal.outcomes().beginCompensation(waiting.sagaId(), 1, Reason.TIMEOUT, "late");
        journal.outcomes().finishCompensation(waiting.sagaId(), 1, open -> List.of());

        assertThat(journal.sagas()
                        .find(waiting.sagaId())
                        .orElseThrow()
                        .delivery()
                        .isDue())
                .isTrue();
    }

    @Test
    void residue_delays_a_redelivery_until_it_is_removed() throws Exception {
        redeliver();
        SagaRecord saga =
                journal.registration().receive(dropped(Optional.empty())).saga();
        journal.outcomes().beginCompensation(saga.sagaId(), 1, new CompensationCause(Reason.STORE_FAILED, "why", true));
        SagaRecord compensating = journal.sagas().find(saga.sagaId()).orElseThrow();
        StepCompensation kept = new StepCompensation(List.of(new CleanupRepository.Residue("k", "kept")), List.of());
        journal.outcomes()
                .stepCompensated(
                        compensating,
                        "vector",
                        kept,
                        new CleanupRepository.RetryPolicy(Duration.ofSeconds(1), 9),
                        open -> List.of());
        journal.outcomes().finishCompensation(saga.sagaId(), 1, open -> List.of());
        SagaRecord partial = journal.sagas().find(saga.sagaId()).orElseThrow();
        assertThat(partial.delivery().redelivery()).contains(Delivery.Redelivery.AFTER_CLEANUP);
        assertThat(journal.registration()
                        .receive(dropped(Optional.of(saga.sagaId())))
                        .isNew())
                .as("not before")
                .isFalse();

        journal.outcomes().resolve(journal.cleanups().of(saga.sagaId()).get(0), "removed by hand");

        assertThat(journal.sagas().find(saga.sagaId()).orElseThrow().delivery().isDue())
                .isTrue();
    }

    @Test
    void an_operator_cancels_a_redelivery_or_starts_it_now() throws Exception {
        redeliver();
        SagaRecord first = compensated(journal.registration().receive(dropped(Optional.empty())), true);

        assertThat(other.redeliveries().startNow(first.sagaId())).isTrue();
        assertThat(journal.redeliveries().due("")).hasSize(1);
        assertThat(other.redeliveries().cancel(first.sagaId())).isTrue();

        assertThat(journal.redeliveries().due("")).isEmpty();
        assertThat(journal.redeliveries().startNow(first.sagaId())).isFalse();
        assertThat(journal.registration()
                        .receive(dropped(Optional.of(first.sagaId())))
                        .isNew())
                .isFalse();
    }

    @Test
    void another_saga_of_the_file_ends_the_story() throws Exception {
        redeliver();
        SagaRecord first = compensated(journal.registration().receive(dropped(Optional.empty())), true);

        SagaRecord next = journal.registration().receive(wanted("a", true)).saga();

        assertThat(journal.sagas().find(first.sagaId()).orElseThrow().delivery().redelivery())
                .contains(Delivery.Redelivery.REPLACED);
        assertThat(next.delivery().attempt()).isOne();
    }

    // Due work

    @Test
    void due_work_is_what_any_process_may_have_to_do() throws Exception {
        assertThat(journal.dueWork()).isEqualTo(new DueWork(false, false, false, false, false, false, false));
        SagaRecord running = receive("a");
        assertThat(journal.dueWork())
                .as("it runs")
                .isEqualTo(new DueWork(false, false, false, false, false, false, false));

        journal.commands().request(running.sagaId(), OperatorCommand.CANCEL);
        assertThat(journal.dueWork()).isEqualTo(new DueWork(true, false, false, false, false, false, false));
        journal.commands().clear(running.sagaId());
        clock.forward(LEASE.plusMillis(1));
        assertThat(journal.dueWork()).isEqualTo(new DueWork(false, true, false, false, false, false, false));
        journal.commands().pause(running.sagaId());
        assertThat(journal.dueWork())
                .as("paused")
                .isEqualTo(new DueWork(false, false, false, false, false, false, false));

        ActiveRun completed = completed("b");
        assertThat(journal.dueWork()).isEqualTo(new DueWork(false, false, true, false, false, false, false));
        journal.outcomes().published(completed.sagaId());
        assertThat(journal.dueWork()).isEqualTo(new DueWork(false, false, false, false, false, false, false));

        SagaRecord partial = partially("c", "k");
        assertThat(journal.dueWork())
                .as("not due yet")
                .isEqualTo(new DueWork(false, false, false, false, false, false, false));
        CleanupEntry entry = journal.cleanups().of(partial.sagaId()).get(0);
        journal.cleanups().requestCommand(entry.cleanupId(), CleanupRepository.CleanupCommand.RETRY, "");
        assertThat(journal.dueWork()).isEqualTo(new DueWork(false, false, false, true, false, false, false));
        journal.cleanups().clearCommand(entry.cleanupId());
        clock.forward(Duration.ofHours(2));
        assertThat(journal.dueWork()).isEqualTo(new DueWork(false, false, false, false, true, false, false));
    }

    @Test
    void due_work_is_read_from_indexes_however_many_sagas_have_ended() throws Exception {
        endedLater(20_000);
        sql.execute("ANALYZE");

        List<String> plan = plan(DueWork.SQL.replace(":now", "1").replace(":left", "''"));

        assertThat(plan).isNotEmpty().noneMatch(line -> line.matches("(?i).*scan (on )?saga( \\(.*)?$"));
    }

    @Test
    void a_receipt_names_the_one_before_it_and_a_saga_gets_one_of_a_kind() throws Exception {
        String first = published("a");
        String second = published("b");
        assertThat(journal.receipts().due("", 10)).containsExactly(first, second);
        assertThat(journal.receipts().due(first, 10)).containsExactly(second);

        Receipt one = journal.receipts().append(Receipt.Kind.COMPLETION, first, "d1", signed("one"));
        Receipt again = other.receipts().append(Receipt.Kind.COMPLETION, first, "d1", signed("other"));
        Receipt two = other.receipts().append(Receipt.Kind.COMPLETION, second, "d2", signed("two"));
        Receipt deleted = journal.receipts().append(Receipt.Kind.DELETION, first, "d1", signed("deleted"));

        assertThat(again).isEqualTo(one);
        assertThat(journal.receipts().after(0, 10)).containsExactly(one, two, deleted);
        assertThat(List.of(one.jws(), two.jws(), deleted.jws()))
                .containsExactly("one 1 " + Receipt.Position.NONE, "two 2 hash of one", "deleted 3 hash of two");
        assertThat(other.receipts().head()).isEqualTo(new Receipt.Head(3, "hash of deleted"));
        assertThat(journal.receipts().due("", 10)).isEmpty();
        assertThat(journal.receipts().notCopied(0, 10))
                .as("nothing is copied for a deleted document")
                .containsExactly(two);
        journal.receipts().copied(two);
        assertThat(journal.receipts().notCopied(0, 10)).isEmpty();
    }

    @Test
    void a_receipt_that_cannot_be_signed_leaves_no_gap() throws Exception {
        String saga = published("a");

        assertThatThrownBy(() -> journal.receipts().append(Receipt.Kind.COMPLETION, saga, "d", position -> {
                    throw new IllegalStateException("no key");
                }))
                .hasMessage("no key");

        assertThat(journal.receipts().after(0, 10)).isEmpty();
        assertThat(journal.receipts().due("", 10)).containsExactly(saga);
        assertThat(journal.receipts()
                        .append(Receipt.Kind.COMPLETION, saga, "d", signed("x"))
                        .sequence())
                .isOne();
    }

    @Test
    void two_nodes_that_issue_receipts_at_once_build_one_chain() throws Exception {
        List<String> sagas = new ArrayList<>();
        for (int i = 0; i < ROUNDS; i++) {
            sagas.add(published("r" + i));
        }
        CyclicBarrier barrier = new CyclicBarrier(2);
        List<Future<?>> ends = new ArrayList<>();
        for (Journal node : List.of(journal, other)) {
            ends.add(threads.submit(() -> {
                barrier.await();
                sagas.forEach(saga -> node.receipts().append(Receipt.Kind.COMPLETION, saga, saga, signed(saga)));
                return null;
            }));
        }
        for (Future<?> end : ends) {
            end.get();
        }

        List<Receipt> chain = journal.receipts().after(0, 1000);
        assertThat(chain).extracting(Receipt::sagaId).containsExactlyInAnyOrderElementsOf(sagas);
        String previous = Receipt.Position.NONE;
        for (int i = 0; i < chain.size(); i++) {
            assertThat(chain.get(i).jws()).isEqualTo(chain.get(i).sagaId() + " " + (i + 1) + " " + previous);
            previous = chain.get(i).sha256();
        }
    }

    @Test
    void missing_receipts_are_found_by_indexes_however_many_documents_have_theirs() throws Exception {
        endedLater(20_000);
        sql.execute("UPDATE saga SET published_at = 1, receipt_sequence = 1 WHERE state = 'COMPLETED'");
        sql.execute("ANALYZE");

        assertThat(plan(ReceiptRepository.DUE.replace("> ?", "> ''").replace("?", "10")))
                .anyMatch(line -> line.contains("saga_without_receipt"));
        assertThat(plan(ReceiptRepository.NOT_COPIED.replace("?", "10")))
                .noneMatch(line -> line.matches("(?i).*scan (on )?receipt( \\(.*)?$"));
    }

    private static Function<Receipt.Position, Receipt.Signed> signed(String text) {
        return position -> new Receipt.Signed(
                "key",
                text + " " + position.sequence() + " " + position.previous(),
                "hash of " + text,
                Optional.empty());
    }

    /** A saga whose document is complete and visible. */
    private String published(String name) throws Exception {
        ActiveRun run = upTo(receive(name), SagaState.COMPLETING);
        assertThat(journal.outcomes().complete(run.sagaId(), 1)).isTrue();
        journal.outcomes().published(run.sagaId());
        return run.sagaId();
    }

    @Test
    void what_every_node_asks_and_metrics_are_read_from_indexes_too() throws Exception {
        endedLater(20_000);
        sql.execute("ANALYZE");

        assertThat(Stream.of(SagaRepository.LATE_WRITES, EventRepository.UNDELIVERED)
                        .map(query -> query.replace("?", "1"))
                        .flatMap(query -> plan(query).stream()))
                .isNotEmpty()
                .noneMatch(line -> line.matches("(?i).*scan (on )?(saga|event)( \\(.*)?$"));
        assertThat(plan(StatisticsRepository.SUMS)).anyMatch(line -> line.contains("saga_unpublished"));
    }

    /** The plan of a query, line by line. */
    abstract List<String> plan(String query);

    // Lists and counts

    @Test
    void counts_and_finds_what_needs_attention_however_many_sagas_came_later() throws Exception {
        SagaRecord stuck = partially(
                "stuck", IntStream.range(0, 301).mapToObj(i -> "k" + i).toArray(String[]::new));
        sql.update("UPDATE cleanup SET state = 'BLOCKED'");
        endedLater(10_000);

        SagaCounts counts = other.pages().counts(AccessLimit.NONE);
        assertThat(counts.sagas())
                .containsOnly(
                        Map.entry(SagaState.PARTIALLY_COMPENSATED, 1L),
                        Map.entry(SagaState.COMPLETED, 9_000L),
                        Map.entry(SagaState.COMPENSATED, 1_000L));
        assertThat(counts.all()).isEqualTo(10_001);
        assertThat(counts.attention()).isOne();
        assertThat(counts.pendingCleanups()).isZero();
        assertThat(counts.blockedCleanups()).isEqualTo(301);
        assertThat(journal.pages().page(SagaQuery.ALL.needingAttention(), 200).sagas())
                .containsExactly(saga(stuck));
        assertThat(journal.cleanups().openOf(List.of(stuck.sagaId(), "none")))
                .containsOnly(Map.entry(stuck.sagaId(), new OpenCleanups(0, 301)));
        assertThat(journal.cleanups().open()).hasSize(301);
        assertThat(journal.pages().watched(50, AccessLimit.NONE, Map.of()))
                .hasSize(51)
                .contains(saga(stuck));
    }

    @Test
    void watched_sagas_that_ended_are_read_again_once_they_change() {
        endedLater(20);
        Map<String, SagaRecord> known = journal.pages().watched(50, AccessLimit.NONE, Map.of()).stream()
                .collect(Collectors.toMap(SagaRecord::sagaId, saga -> saga));
        SagaRecord one = known.values().iterator().next();

        assertThat(journal.pages().watched(50, AccessLimit.NONE, known))
                .hasSize(20)
                .allSatisfy(saga -> assertThat(saga).isSameAs(known.get(saga.sagaId())));
        for (String change : List.of(
                "updated_at = updated_at + 1",
                "published_at = NULL",
                "publish_attempts = 7",
                "superseded_by = 'newer'",
                "redelivery = 'GIVEN_UP'",
                "next_delivery_at = 4102444800000",
                "warning_count = 9")) {
            sql.update(
                    "UPDATE saga SET published_at = 1, publish_attempts = 0, superseded_by = NULL,"
                            + " redelivery = NULL, next_delivery_at = NULL, warning_count = 0 WHERE saga_id = ?",
                    one.sagaId());
            Map<String, SagaRecord> before = Map.of(one.sagaId(), saga(one));
            sql.update("UPDATE saga SET " + change + " WHERE saga_id = ?", one.sagaId());

            assertThat(journal.pages().watched(50, AccessLimit.NONE, before))
                    .as(change)
                    .contains(saga(one))
                    .hasSize(20);
        }
    }

    @Test
    void its_pages_have_each_saga_once_in_either_order() throws Exception {
        endedLater(95);
        SagaQuery completed = SagaQuery.ALL.in(EnumSet.of(SagaState.COMPLETED));
        for (SagaQuery query : List.of(
                SagaQuery.ALL,
                SagaQuery.ALL.after(""),
                completed,
                completed.after(""),
                SagaQuery.ALL.in(EnumSet.of(SagaState.COMPLETED, SagaState.COMPENSATED, SagaState.PAUSED)))) {
            List<String> ids = allPages(query, 10);
            String states = query.states().contains(SagaState.COMPENSATED) ? "" : " WHERE state = 'COMPLETED'";
            assertThat(ids)
                    .as("%s", query)
                    .isEqualTo(sql.queryForList(
                            "SELECT saga_id FROM saga" + states + " ORDER BY saga_id "
                                    + (query.oldestFirst() ? "ASC" : "DESC"),
                            String.class));
        }
        assertThat(journal.pages().page(completed, 1000).next())
                .as("nothing follows the last page")
                .isEmpty();
        assertThat(journal.pages()
                        .page(SagaQuery.ALL.in(EnumSet.noneOf(SagaState.class)), 10)
                        .sagas())
                .isEmpty();
    }

    private List<String> allPages(SagaQuery first, int limit) {
        List<String> ids = new ArrayList<>();
        Optional<SagaQuery> query = Optional.of(first);
        while (query.isPresent()) {
            SagaQuery now = query.get();
            SagaPage page = journal.pages().page(now, limit);
            assertThat(page.sagas()).hasSizeLessThanOrEqualTo(limit);
            page.sagas().forEach(saga -> ids.add(saga.sagaId()));
            query = page.next().map(next -> now.oldestFirst() ? now.after(next) : now.before(next));
        }
        return ids;
    }

    @Test
    void needs_attention_when_paused_blocked_or_completed_without_becoming_visible() throws Exception {
        SagaRecord paused = receive("paused");
        journal.commands().pause(paused.sagaId());
        SagaRecord residue = partially("residue", "k");
        ActiveRun invisible = completed("invisible");
        ActiveRun version = completed("version");
        journal.outcomes().published(version.sagaId());
        journal.outcomes()
                .stepCompensated(
                        saga(version),
                        "upload",
                        new StepCompensation(List.of(new Residue("old", "refused")), List.of()),
                        new RetryPolicy(Duration.ZERO, 1),
                        QUIET);
        ActiveRun fine = completed("fine");
        receive("waiting");

        assertThat(attention())
                .as("before any attempt failed")
                .containsExactlyInAnyOrder(paused.sagaId(), residue.sagaId(), version.sagaId());
        journal.outcomes().notPublished(invisible.sagaId(), POLICY, attempts -> List.of());
        assertThat(attention())
                .containsExactlyInAnyOrder(paused.sagaId(), residue.sagaId(), version.sagaId(), invisible.sagaId());
        assertThat(journal.pages().counts(AccessLimit.NONE).attention()).isEqualTo(4);
        assertThat(journal.pages()
                        .page(SagaQuery.ALL.needingAttention().in(EnumSet.of(SagaState.COMPLETED)), 10)
                        .sagas())
                .extracting(SagaRecord::sagaId)
                .containsExactlyInAnyOrder(version.sagaId(), invisible.sagaId());
        for (SagaRecord saga : journal.sagas().newest(100)) {
            OpenCleanups open =
                    journal.cleanups().openOf(List.of(saga.sagaId())).getOrDefault(saga.sagaId(), OpenCleanups.NONE);
            assertThat(saga.needsAttention(open))
                    .as("%s", saga)
                    .isEqualTo(attention().contains(saga.sagaId()));
        }
        journal.outcomes().published(invisible.sagaId());
        journal.outcomes().published(fine.sagaId());
        journal.outcomes().resolve(entry(saga(residue)), "by hand");
        assertThat(attention()).containsExactlyInAnyOrder(paused.sagaId(), version.sagaId());
    }

    private List<String> attention() {
        return allPages(SagaQuery.ALL.needingAttention(), 2);
    }

    @Test
    void finds_sagas_by_name_id_state_or_reason_but_not_by_their_path() throws Exception {
        SagaRecord german = named("\u00dcbersicht 100%_a.pdf");
        SagaRecord undone = named("b.txt");
        journal.outcomes().beginCompensation(undone.sagaId(), 1, Reason.HASH_MISMATCH, "a test");
        endedLater(SagaPages.MAX_SCANNED + 10);

        for (String text : List.of(
                "\u00fcbersicht",
                "u\u0308BERSICHT",
                "100%_A",
                german.sagaId(),
                german.sagaId().substring(3).toUpperCase(Locale.ROOT))) {
            assertThat(allPages(SagaQuery.ALL.containing(text), 3)).as(text).containsExactly(german.sagaId());
        }
        assertThat(allPages(SagaQuery.ALL.containing("hash mismatch"), 3)).containsExactly(undone.sagaId());
        assertThat(allPages(SagaQuery.ALL.containing("compensating"), 3)).containsExactly(undone.sagaId());
        assertThat(allPages(SagaQuery.ALL.containing("100__a"), 3))
                .as("no wildcards")
                .isEmpty();
        assertThat(allPages(SagaQuery.ALL.containing(directory.getFileName().toString()), 3))
                .as("the path")
                .isEmpty();
        SagaPage first = journal.pages().page(SagaQuery.ALL.containing("b.txt"), 3);
        assertThat(first.sagas())
                .as("looks at a limited number of sagas at a time")
                .isEmpty();
        assertThat(first.next()).isPresent();
    }

    @Test
    void a_time_selects_the_right_one_of_two_sagas_that_arrive_together() throws IOException {
        SagaRecord first = named("a");
        SagaRecord second = named("b");
        sql.update("UPDATE saga SET received_at = received_at + 5 WHERE saga_id = ?", first.sagaId());

        assertSelects(SagaFilter.NONE.receivedBefore(clock.instant()));
        assertSelects(SagaFilter.NONE.receivedBefore(clock.instant().plusMillis(6)), first, second);
    }

    @Test
    void filters_by_name_reason_owner_and_time_and_counts_the_same_sagas() throws Exception {
        SagaRecord first = named("Scan 1.pdf");
        clock.forward(Duration.ofMinutes(10));
        Instant between = clock.instant();
        SagaRecord second = named("scan 2.pdf");
        SagaRecord other = named("scan 2.pdf.txt");
        sql.update("UPDATE saga SET owner = 'audit' WHERE saga_id = ?", other.sagaId());
        for (SagaRecord failed : List.of(first, other)) {
            journal.outcomes().beginCompensation(failed.sagaId(), 1, Reason.HASH_MISMATCH, "a test");
        }
        clock.forward(Duration.ofMinutes(10));

        assertSelects(SagaFilter.NONE.named("scan 2.pdf"), second);
        assertSelects(SagaFilter.NONE.named("SCAN*.pdf"), first, second);
        assertSelects(SagaFilter.NONE.named("*2*"), second, other);
        assertSelects(SagaFilter.NONE.named("scan"));
        assertSelects(SagaFilter.NONE.failedFor(Reason.HASH_MISMATCH), first, other);
        assertSelects(SagaFilter.NONE.ownedBy("audit"), other);
        assertSelects(SagaFilter.NONE.ownedBy("owner").failedFor(Reason.HASH_MISMATCH), first);
        assertSelects(SagaFilter.NONE.receivedFrom(between), second, other);
        assertSelects(SagaFilter.NONE.receivedBefore(between), first);
        assertSelects(SagaFilter.NONE.receivedFrom(between).ownedBy("owner"), second);
        assertSelects(SagaFilter.NONE.receivedFrom(clock.instant()));
        SagaQuery compensating = SagaQuery.ALL
                .in(EnumSet.of(SagaState.COMPENSATING))
                .filtered(SagaFilter.NONE.named("scan 2.pdf.txt").ownedBy("audit"));
        assertThat(allPages(compensating, 1)).containsExactly(other.sagaId());
        assertThat(journal.pages().count(compensating).sagas()).containsOnly(Map.entry(SagaState.COMPENSATING, 1L));
        assertThat(allPages(
                        SagaQuery.ALL
                                .in(EnumSet.of(SagaState.RECEIVED))
                                .filtered(SagaFilter.NONE.named("scan 2.pdf.txt")),
                        1))
                .isEmpty();
    }

    @Test
    void keeps_the_warnings_of_the_run_that_owns_the_saga_replaced_as_a_whole() throws Exception {
        ActiveRun first = uploading("a");
        first.warned(List.of(warning(WarningCode.DAMAGED, "page 3"), warning(WarningCode.DAMAGED, "page 9")));
        first.warned(List.of(warning(WarningCode.DAMAGED, "page 3"), warning(WarningCode.DAMAGED, "page 9")));
        assertThat(saga(first).warnings()).isEqualTo(new WarningTally(2, List.of("DAMAGED")));

        journal.commands().pause(first.sagaId());
        journal.leases().resume(saga(first), LIMIT);
        ActiveRun second = new Runs(journal).begin(saga(first));
        assertThat(second.warnings()).extracting(Warning::place).containsExactly("page 3", "page 9");
        List<Warning> found =
                List.of(warning(WarningCode.LOCKED, "offer.pdf"), warning(WarningCode.TEXT_TRUNCATED, ""));
        second.warned(found);
        assertThatThrownBy(() -> first.warned(List.of())).isInstanceOf(SagaException.class);

        assertThat(other.warnings().of(first.sagaId())).isEqualTo(found);
        assertThat(saga(first).warnings()).isEqualTo(new WarningTally(2, List.of("LOCKED", "TEXT_TRUNCATED")));
        journal.outcomes().beginCompensation(first.sagaId(), 2, Reason.CANCELLED, "a test");
        assertThatThrownBy(() -> second.warned(List.of())).isInstanceOf(SagaException.class);
        assertThat(other.warnings().of(first.sagaId())).isEqualTo(found);
        sql.update("UPDATE warning SET code = 'NEWER' WHERE code = 'LOCKED'");
        assertThat(other.warnings().of(first.sagaId())).containsExactly(found.get(1));
    }

    private static Warning warning(WarningCode code, String place) {
        return new Warning(code, place, "a test");
    }

    @Test
    void filters_and_counts_sagas_with_warnings() throws Exception {
        ActiveRun locked = uploading("a");
        locked.warned(List.of(warning(WarningCode.LOCKED, "b"), warning(WarningCode.LOCKED, "c")));
        ActiveRun both = uploading("b");
        both.warned(List.of(warning(WarningCode.LOCKED, ""), warning(WarningCode.NO_TEXT_LAYER, "page 1")));
        uploading("c").warned(List.of());
        ActiveRun cleared = uploading("d");
        cleared.warned(List.of(warning(WarningCode.LOCKED, "")));
        cleared.warned(List.of());
        journal.outcomes().beginCompensation(both.sagaId(), 1, Reason.TIMEOUT, "a test");
        sql.update("UPDATE saga SET owner = 'audit' WHERE saga_id = ?", both.sagaId());

        assertSelects(SagaFilter.NONE.withWarnings(), saga(locked), saga(both));
        assertSelects(SagaFilter.NONE.withWarning(WarningCode.LOCKED), saga(locked), saga(both));
        assertSelects(SagaFilter.NONE.withWarning(WarningCode.NO_TEXT_LAYER), saga(both));
        assertSelects(SagaFilter.NONE.withWarning(WarningCode.CPU_TIME));
        assertSelects(SagaFilter.NONE.withWarnings().ownedBy("audit"), saga(both));
        assertSelects(SagaFilter.NONE.withWarning(WarningCode.LOCKED).failedFor(Reason.TIMEOUT), saga(both));
        SagaQuery compensating = SagaQuery.ALL.in(EnumSet.of(SagaState.COMPENSATING));
        for (SagaFilter filter :
                List.of(SagaFilter.NONE.withWarnings(), SagaFilter.NONE.withWarning(WarningCode.LOCKED))) {
            assertThat(allPages(compensating.filtered(filter), 1)).containsExactly(both.sagaId());
            assertThat(journal.pages().count(compensating.filtered(filter)).sagas())
                    .containsOnly(Map.entry(SagaState.COMPENSATING, 1L));
            assertThat(allPages(SagaQuery.ALL.needingAttention().filtered(filter), 1))
                    .isEmpty();
        }
        assertThat(journal.pages().counts(AccessLimit.NONE).warned()).isEqualTo(2);
    }

    private void assertSelects(SagaFilter filter, SagaRecord... sagas) {
        SagaQuery query = SagaQuery.ALL.filtered(filter);
        assertThat(allPages(query.after(""), 1))
                .as("%s", filter)
                .containsExactlyElementsOf(
                        Stream.of(sagas).map(SagaRecord::sagaId).toList());
        SagaCount count = journal.pages().count(query);
        assertThat(count.all()).as("%s", filter).isEqualTo(sagas.length);
        assertThat(count.complete()).isTrue();
    }

    @Test
    void a_count_that_is_not_complete_says_so() throws Exception {
        named("b.txt");
        endedLater(SagaPages.MAX_SCANNED + 10);

        SagaCount scanned = journal.pages().count(SagaQuery.ALL.containing("later-1"));
        assertThat(scanned.complete()).isFalse();
        assertThat(scanned.all()).isPositive().isLessThan(SagaPages.MAX_SCANNED);
        SagaCount counted = journal.pages().count(SagaQuery.ALL.filtered(SagaFilter.NONE.ownedBy("o")));
        assertThat(counted.complete()).isTrue();
        assertThat(counted.all()).isEqualTo(SagaPages.MAX_SCANNED + 10);
        assertThat(counted.sagas()).containsOnlyKeys(SagaState.COMPLETED, SagaState.COMPENSATED);
        assertThat(journal.pages()
                        .count(SagaQuery.ALL
                                .in(EnumSet.of(SagaState.COMPENSATED))
                                .needingAttention())
                        .all())
                .isZero();
    }

    @Test
    void sums_what_ended_in_each_hour() throws Exception {
        completed("a");
        completed("b");
        clock.forward(Duration.ofHours(2));
        partially("c", "k");
        clock.forward(Duration.ofMinutes(59));

        Instant hour = clock.instant().truncatedTo(java.time.temporal.ChronoUnit.HOURS);
        assertThat(other.hourly(4, AccessLimit.NONE))
                .containsExactly(
                        new HourlyTotal(hour.minus(Duration.ofHours(3)), 0, 0, 0),
                        new HourlyTotal(hour.minus(Duration.ofHours(2)), 2, 2L * SIZE, 0),
                        new HourlyTotal(hour.minus(Duration.ofHours(1)), 0, 0, 0),
                        new HourlyTotal(hour, 0, 0, 1));
        assertThat(other.hourly(1, AccessLimit.NONE)).containsExactly(new HourlyTotal(hour, 0, 0, 1));
    }

    /** Sums of what ended long ago are kept: what changes later must be in them all the same. */
    @Test
    void totals_stay_true_while_time_passes_and_sagas_end_resume_and_are_cleaned_up() throws Exception {
        SagaRecord residue = partially("a", "k1");
        completed("b");
        for (int i = 0; i < 30; i++) {
            assertTotals();
            clock.forward(Duration.ofMinutes(7));
            completed("later-" + i);
            assertTotals();
        }
        receive("unfinished");
        partially("c", "k2", "k3");
        assertTotals();

        CleanupEntry entry = journal.cleanups().of(residue.sagaId()).get(0);
        journal.outcomes().resolve(entry, "removed by hand");

        assertThat(other.statistics().in(SagaState.PARTIALLY_COMPENSATED)).isOne();
        assertThat(other.statistics().in(SagaState.COMPENSATED)).isOne();
        assertThat(other.statistics().withResidue()).isEqualTo(2);
        assertTotals();
        clock.forward(Duration.ofDays(30));
        assertTotals();
        assertThat(other.hourly(168, AccessLimit.NONE)).allMatch(hour -> hour.completed() + hour.compensated() == 0);
    }

    private void assertTotals() {
        Map<SagaState, Long> sagas = new EnumMap<>(SagaState.class);
        sql.query("SELECT state, count(*) AS n FROM saga GROUP BY state", row -> {
            sagas.put(SagaState.valueOf(row.getString("state")), row.getLong("n"));
        });
        assertThat(other.statistics().sagas()).isEqualTo(sagas);
        assertThat(other.pages().counts(AccessLimit.NONE).sagas()).isEqualTo(sagas);
        assertThat(other.statistics().storedBytes())
                .isEqualTo(sql.queryForObject(
                        "SELECT coalesce(sum(size_bytes), 0) FROM saga WHERE state = 'COMPLETED'", Long.class));
    }

    @Test
    void pages_of_cleanups_have_each_entry_once_oldest_first() throws Exception {
        partially("a", "k1", "k2", "k3");
        partially("b", "k4", "k5");
        List<CleanupEntry> all = journal.cleanups().open();
        sql.update("UPDATE cleanup SET state = 'BLOCKED' WHERE resource IN ('k2', 'k4')");
        sql.update("UPDATE cleanup SET state = 'DONE' WHERE resource = 'k5'");
        sql.update("UPDATE cleanup SET step = 'vector' WHERE resource = 'k3'");

        assertThat(resources(CleanupQuery.ALL))
                .isEqualTo(all.stream().map(CleanupEntry::resource).toList());
        assertThat(resources(CleanupQuery.OPEN)).containsExactly("k1", "k2", "k3", "k4");
        assertThat(resources(CleanupQuery.OPEN.ofStep("upload"))).containsExactly("k1", "k2", "k4");
        assertThat(resources(CleanupQuery.OPEN.in(EnumSet.of(CleanupEntry.CleanupState.BLOCKED))))
                .containsExactly("k2", "k4");
        assertThat(resources(CleanupQuery.OPEN.in(EnumSet.noneOf(CleanupEntry.CleanupState.class))))
                .isEmpty();
    }

    private List<String> resources(CleanupQuery first) {
        List<String> resources = new ArrayList<>();
        Optional<CleanupQuery> query = Optional.of(first);
        while (query.isPresent()) {
            CleanupQuery now = query.get();
            CleanupPage page = journal.cleanups().page(now, 2);
            assertThat(page.entries()).hasSizeLessThanOrEqualTo(2);
            page.entries().forEach(entry -> resources.add(entry.resource()));
            query = page.next().map(now::after);
        }
        assertThat(journal.cleanups().count(first)).isEqualTo(resources.size());
        return resources;
    }

    @Test
    void lists_counts_and_sums_are_read_from_indexes_however_many_sagas_have_ended() throws Exception {
        partially("stuck", "k");
        endedLater(20_000);
        sql.execute("INSERT INTO cleanup SELECT saga_id || 'c', saga_id, 'upload', 'k', 'DONE', 1, 'e', 0, 0, '', NULL,"
                + " NULL FROM saga WHERE state = 'COMPLETED'");
        sql.execute("INSERT INTO warning SELECT saga_id, 0, 'DAMAGED', '', '' FROM saga WHERE state = 'COMPENSATED'");
        sql.execute("UPDATE saga SET warning_count = 1, warning_codes = 'DAMAGED' WHERE state = 'COMPENSATED'");
        sql.execute("ANALYZE");

        Set<SagaState> states = EnumSet.of(SagaState.PAUSED, SagaState.COMPENSATED);
        SagaQuery named = SagaQuery.ALL.filtered(SagaFilter.NONE.named("rare"));
        SagaQuery failed = SagaQuery.ALL.filtered(SagaFilter.NONE.failedFor(Reason.TIMEOUT));
        SagaQuery owned = SagaQuery.ALL.filtered(SagaFilter.NONE.ownedBy("rare"));
        assertIndexed(SagaQuery.ALL, "saga");
        assertIndexed(SagaQuery.ALL.in(states), "saga");
        assertIndexed(SagaQuery.ALL.needingAttention(), "saga");
        assertIndexed(named, "saga_by_name");
        assertIndexed(failed, "saga_by_reason");
        assertIndexed(failed.in(states), "saga_by_reason");
        assertIndexed(owned, "saga_by_owner");
        assertIndexed(owned.in(states), "saga_by_owner");
        assertIndexed(new SagaSelection(owned, Bounds.NONE).counts(), "saga_by_owner");
        SagaQuery warned = SagaQuery.ALL.filtered(SagaFilter.NONE.withWarnings());
        assertIndexed(warned, "saga_with_warnings");
        assertIndexed(warned.in(states), "saga_with_warnings");
        assertIndexed(new SagaSelection(warned, Bounds.NONE).counts(), "saga_with_warnings");
        assertIndexed(SagaQuery.ALL.filtered(SagaFilter.NONE.withWarning(WarningCode.LOCKED)), "warning_by_code");
        assertIndexed(SagaPages.FIRST_RECEIVED, "saga_by_reception");
        assertIndexed(EndedSagas.SUMS + EndedSagas.BY_HOUR, "saga_ended");
        assertIndexed(CleanupRepository.ids(CleanupQuery.OPEN), "cleanup_");
        assertIndexed(CleanupRepository.ids(CleanupQuery.OPEN.after("01")), "cleanup");
        assertIndexed(CleanupRepository.ids(CleanupQuery.OPEN.ofStep("vector")), "cleanup_");
    }

    private void assertIndexed(SagaQuery query, String index) {
        for (SagaQuery page : List.of(query, query.before("zz"), query.after("01"))) {
            assertIndexed(new SagaSelection(page, Bounds.NONE).rows(), index);
            assertIndexed(new SagaSelection(page, new Bounds(Optional.of("01"), Optional.of("02"))).rows(), "saga");
        }
    }

    private void assertIndexed(String query, String index) {
        String filled = query.replace(":rows", "51")
                .replace(":time", "1")
                .replace(":value", query.contains("reason =") ? "'TIMEOUT'" : "'rare'")
                .replace(":states", "'PAUSED'")
                .replace(":from", query.contains("finished_at") ? "1" : "'zz'")
                .replace(":low", "'01'")
                .replace(":high", "'02'")
                .replace(":to", "2")
                .replace(":step", "'vector'");
        assertThat(plan(filled))
                .as(filled)
                .noneMatch(line -> line.matches("(?i).*scan (on )?(saga|cleanup|warning)( \\(.*)?$"))
                .anyMatch(line -> line.contains(index));
    }

    @Test
    void knows_how_long_a_step_ran_that_was_given_up() throws Exception {
        ActiveRun cancelled = uploading("a");
        clock.forward(Duration.ofSeconds(85));
        journal.outcomes().beginCompensation(cancelled.sagaId(), 1, Reason.CANCELLED, "a test");
        clock.forward(Duration.ofSeconds(5));
        assertThat(duration(cancelled, "upload")).isEqualTo(Duration.ofSeconds(85));
        assertThat(duration(cancelled, "verify")).as("never begun").isZero();

        ActiveRun paused = uploading("b");
        clock.forward(Duration.ofSeconds(7));
        journal.commands().pause(paused.sagaId());
        assertThat(duration(paused, "upload")).isEqualTo(Duration.ofSeconds(7));
        clock.forward(Duration.ofSeconds(60));
        journal.leases().resume(saga(paused), LIMIT);
        ActiveRun again = new Runs(journal).begin(saga(paused));
        again.begin("upload", SagaState.UPLOADING);
        assertThat(duration(again, "upload")).as("runs").isZero();
        clock.forward(Duration.ofSeconds(3));
        again.end("upload", OptionalLong.empty());
        clock.forward(Duration.ofSeconds(2));
        again.journalEnd();
        assertThat(duration(again, "upload")).isEqualTo(Duration.ofSeconds(3));
    }

    private SagaRecord named(String name) throws IOException {
        SagaRecord saga = receive(name);
        sql.update("UPDATE saga SET file_name = ? WHERE saga_id = ?", name, saga.sagaId());
        return saga;
    }

    private Duration duration(ActiveRun run, String step) {
        return journal.steps().of(run.sagaId()).stream()
                .filter(s -> s.name().equals(step))
                .findFirst()
                .orElseThrow()
                .duration();
    }

    /** That many sagas that ended, each tenth of them undone, as if they had come after all others. */
    private void endedLater(int sagas) {
        sql.execute("WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < " + (sagas - 1)
                + ") INSERT INTO saga (saga_id, state, run, node,"
                + " lease_until, deadline_at, participants, source, source_key, file_name, owner, classification, key_id,"
                + " received_at, updated_at, finished_at, published_at)"
                + " SELECT 'zz' || (1000000 + i), CASE WHEN i % 10 = 0 THEN 'COMPENSATED' ELSE 'COMPLETED' END, 1,"
                + " 'one', 0, 0, '', '/in/later-' || i, '/in/later-' || i,"
                + " 'later-' || i, 'o', 'c', 'k', 0, 0, 0, 0 FROM n");
    }

    // Retention

    private RuleReport retain(boolean removes) {
        JournalRetention rule =
                new JournalRetention(journal, directory.resolve("kept"), Optional.of(RetentionPeriod.parse("P90D")));
        RetentionPass pass = new RetentionPass(100, 100, () -> true);
        return removes ? rule.run(pass) : rule.preview(pass);
    }

    private List<JsonNode> archived(RuleReport report) throws IOException {
        List<JsonNode> lines = new ArrayList<>();
        Path file = directory.resolve("kept").resolve("archive").resolve(report.file());
        for (String line : Files.readAllLines(file)) {
            lines.add(new ObjectMapper().readTree(line));
        }
        return lines;
    }

    private String undone(String name) throws Exception {
        String saga = receive(name).sagaId();
        journal.outcomes().beginCompensation(saga, 1, Reason.CANCELLED, "a test");
        journal.outcomes().finishCompensation(saga, 1, QUIET);
        return saga;
    }

    private String deleted(String name) throws Exception {
        String saga = published(name);
        Document document = journal.sagas().find(saga).orElseThrow().document().orElseThrow();
        journal.receipts().append(Receipt.Kind.COMPLETION, saga, document.documentId(), signed(name));
        String deletion = delete(document).deletion().orElseThrow().deletionId();
        journal.deletions().finish(journal.deletions().takeOver(deletion, LEASE).orElseThrow(), version -> QUIET);
        return saga;
    }

    @Test
    void archives_what_ended_long_ago_and_keeps_what_is_needed() throws Exception {
        String failed = undone("failed");
        String deleted = deleted("deleted");
        String live = published("live");
        String open = partially("open", "key").sagaId();
        String running = receive("running").sagaId();
        clock.forward(Duration.ofDays(80));
        assertThat(retain(true).count()).isZero();
        clock.forward(Duration.ofDays(36_500));
        String young = undone("young");
        JournalStatistics statistics = journal.statistics();
        int steps = journal.steps().of(live).size();

        RuleReport preview = retain(false);
        assertThat(journal.sagas().find(failed)).isPresent();
        RuleReport report = retain(true);

        assertThat(report.ids())
                .containsExactlyInAnyOrder(failed, deleted, live)
                .isEqualTo(preview.ids());
        assertThat(report.heldItems())
                .containsExactly(new RuleReport.HeldItem(open, "a clean-up entry is open"))
                .isEqualTo(preview.heldItems());
        assertThat(report.complete()).isTrue();
        assertThat(journal.sagas().newest(10))
                .extracting(SagaRecord::sagaId)
                .containsExactlyInAnyOrder(live, open, running, young);
        assertThat(journal.statistics()).isEqualTo(statistics);
        assertThat(journal.steps().of(live)).hasSize(steps);
        assertThat(journal.events().of(live)).isEmpty();
        assertThat(journal.events().of(open)).isNotEmpty();
        assertThat(journal.deletions().contains(deleted)).isTrue();
        assertThat(journal.archive().contains(deleted)).isTrue();
        assertThat(journal.archive().contains(live)).isFalse();
        assertThat(journal.audit().check(List.of()).isClean()).isTrue();
        assertThat(archived(report))
                .extracting(
                        line -> line.get("sagaId").asText(),
                        line -> line.get("record").asText())
                .containsExactlyInAnyOrder(tuple(failed, "saga"), tuple(deleted, "saga"), tuple(live, "history"));
        assertThat(archived(report))
                .filteredOn(line -> line.get("sagaId").asText().equals(failed))
                .singleElement()
                .satisfies(line -> {
                    assertThat(line.at("/saga/0/message").asText()).isEqualTo("a test");
                    assertThat(line.get("step")).hasSize(7);
                    assertThat(line.get("event")).isNotEmpty();
                });
        assertThat(retain(true).count()).isZero();
        assertThat(receive("failed").sagaId()).as("its source is free").isNotEqualTo(failed);
    }

    @Test
    void removes_nothing_that_is_not_archived_and_appends_after_a_line_that_a_crash_cut_off() throws Exception {
        String saga = undone("a");
        clock.forward(Duration.ofDays(36_500));
        Path archive = directory.resolve("kept").resolve("archive");
        Files.createDirectories(archive.getParent());
        Files.writeString(archive, "not a folder");
        assertThatThrownBy(() -> retain(true)).isInstanceOf(UncheckedIOException.class);
        assertThat(journal.sagas().find(saga)).isPresent();

        Files.delete(archive);
        RuleReport first = retain(true);
        Path file = archive.resolve(first.file());
        Files.writeString(file, "{\"format\":1,\"record\":\"sa", StandardOpenOption.APPEND);
        String second = undone("b");
        sql.update("UPDATE saga SET finished_at = 0 WHERE saga_id = ?", second);

        assertThat(archived(retain(true)))
                .extracting(line -> line.get("sagaId").asText())
                .containsExactly(saga, second);
    }

    @Test
    void a_saga_that_changed_since_it_was_archived_stays() throws Exception {
        String saga = undone("a");
        clock.forward(Duration.ofDays(36_500));
        List<ArchiveRepository.ArchivedSaga> archived = journal.archive().read(List.of(saga));
        other.events().append(saga, Event.EventKind.STATE, "", "late", "");

        assertThat(journal.archive().remove(ArchiveRepository.Ended.COMPENSATED, clock.instant(), archived, "file"))
                .isEmpty();
        assertThat(journal.events().of(saga)).extracting(Event::message).contains("late");
        assertThat(retain(true).ids()).containsExactly(saga);
    }

    // What the tests speak with

    private Path source(String name) throws IOException {
        Path file = directory.resolve(Ids.sha256(name).substring(0, 8) + ".bin");
        return Files.exists(file) ? file : Files.write(file, new byte[SIZE]);
    }

    private NewSaga wanted(String name, boolean exclusive) throws IOException {
        return new NewSaga(source(name), List.of("vector", "graph"), LIMIT, "owner", "internal", "none", exclusive);
    }

    SagaRecord receive(String name) throws IOException {
        SagaRegistration.RegisteredSaga received = journal.registration().receive(wanted(name, true));
        assertThat(received.isNew()).isTrue();
        return received.saga();
    }

    /** Goes through the steps until the saga is in this state, the last step written. */
    ActiveRun upTo(SagaRecord saga, SagaState last) {
        ActiveRun run = new Runs(journal).begin(saga);
        pass(run, "validate", SagaState.RECEIVED);
        pass(run, "start", SagaState.RECEIVED);
        run.setDocument(document(saga));
        List<SagaState> states =
                List.of(SagaState.UPLOADING, SagaState.VERIFYING, SagaState.PROCESSING, SagaState.COMPLETING);
        List<List<String>> steps =
                List.of(List.of("upload"), List.of("verify"), List.of("vector", "graph"), List.of("finalize"));
        for (int i = 0; i <= states.indexOf(last); i++) {
            SagaState state = states.get(i);
            steps.get(i).forEach(step -> pass(run, step, state));
        }
        return run;
    }

    private static void pass(ActiveRun run, String step, SagaState state) {
        run.begin(step, state);
        run.end(step, OptionalLong.empty());
    }

    private ActiveRun uploading(String name) throws IOException {
        ActiveRun run = upTo(receive(name), SagaState.RECEIVED);
        run.begin("upload", SagaState.UPLOADING);
        return run;
    }

    private ActiveRun completed(String name) throws IOException {
        ActiveRun run = upTo(receive(name), SagaState.COMPLETING);
        assertThat(journal.outcomes().complete(run.sagaId(), 1)).isTrue();
        return run;
    }

    private SagaRecord partially(String name, String... keys) throws IOException {
        SagaRecord saga = receive(name);
        journal.outcomes().beginCompensation(saga.sagaId(), 1, Reason.CANCELLED, "why");
        journal.outcomes()
                .stepCompensated(
                        saga,
                        "upload",
                        new StepCompensation(
                                Arrays.stream(keys)
                                        .map(key -> new Residue(key, "refused"))
                                        .toList(),
                                List.of()),
                        POLICY,
                        QUIET);
        assertThat(journal.outcomes().finishCompensation(saga.sagaId(), 1, QUIET))
                .isEqualTo(SagaState.PARTIALLY_COMPENSATED);
        return saga(saga);
    }

    static Document document(SagaRecord saga) {
        String id = Ids.document(saga.source().toString(), "a".repeat(64));
        return new Document(
                id,
                saga.sagaId(),
                saga.source(),
                saga.fileName(),
                "text/plain",
                SIZE,
                "a".repeat(64),
                3,
                10,
                "bucket",
                "saga/" + id + "/" + saga.sagaId() + "/",
                "owner",
                "internal",
                "none",
                saga.receivedAt(),
                SourceFile.identity(saga.source()));
    }

    static List<ChunkRow> rows(ActiveRun run) {
        List<ChunkRow> rows = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            rows.add(new ChunkRow(
                    i,
                    i * 10L,
                    i < 2 ? 10 : 5,
                    run.document().keyPrefix() + "chunk-" + i,
                    "b".repeat(63) + i,
                    ChunkRow.ChunkState.PENDING,
                    0));
        }
        return rows;
    }

    private SagaRecord saga(ActiveRun run) {
        return journal.sagas().find(run.sagaId()).orElseThrow();
    }

    private SagaRecord saga(SagaRecord saga) {
        return journal.sagas().find(saga.sagaId()).orElseThrow();
    }

    private StepState step(ActiveRun run, String name) {
        return step(saga(run), name);
    }

    private StepState step(SagaRecord saga, String name) {
        return journal.steps().of(saga.sagaId()).stream()
                .filter(step -> step.name().equals(name))
                .findFirst()
                .orElseThrow()
                .state();
    }

    private CleanupEntry entry(SagaRecord saga) {
        List<CleanupEntry> entries = journal.cleanups().of(saga.sagaId());
        assertThat(entries).hasSize(1);
        return entries.get(0);
    }

    private List<String> states(String sagaId) {
        return journal.events().of(sagaId).stream()
                .filter(event -> event.kind() == Event.EventKind.STATE)
                .map(Event::message)
                .toList();
    }

    private static void assertRefused(ThrowingCallable write) {
        assertThatThrownBy(write).isInstanceOf(SagaException.class);
    }

    /** As the write of an older run. */
    private static void assertFenced(ThrowingCallable write) {
        assertThatThrownBy(write).isInstanceOf(SagaException.class).hasMessageContaining("was taken over by run 2");
    }

    private static void assertCorrupt(ActiveRun run, String how) {
        assertThatThrownBy(run::chunks)
                .as(how)
                .isInstanceOfSatisfying(
                        SagaException.class,
                        refusal -> assertThat(refusal.reason()).isEqualTo(Reason.METADATA_CORRUPT));
    }

    private <T> List<T> race(Callable<T> one, Callable<T> two) throws Exception {
        CyclicBarrier line = new CyclicBarrier(2);
        Future<T> first = threads.submit(() -> {
            line.await();
            return one.call();
        });
        Future<T> second = threads.submit(() -> {
            line.await();
            return two.call();
        });
        return List.of(first.get(), second.get());
    }
}
