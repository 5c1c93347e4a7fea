package dev.streamingsaga.saga;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.config.Settings;
import dev.streamingsaga.database.Databases;
import dev.streamingsaga.journal.ActiveRun;
import dev.streamingsaga.journal.CleanupEntry;
import dev.streamingsaga.journal.Deletion;
import dev.streamingsaga.journal.DeletionRepository;
import dev.streamingsaga.journal.DeletionRepository.NewDeletion;
import dev.streamingsaga.journal.DeletionRepository.Refusal;
import dev.streamingsaga.journal.Document;
import dev.streamingsaga.journal.DocumentVersion;
import dev.streamingsaga.journal.DocumentVersion.Status;
import dev.streamingsaga.journal.HandClock;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.journal.LossyDatabase.Loss;
import dev.streamingsaga.journal.NewSaga;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.SagaState;
import dev.streamingsaga.journal.StepRecord;
import dev.streamingsaga.source.SourceFile;
import dev.streamingsaga.testkit.Background;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** FP-52: the change of version, interrupted at every write to the journal, and with two nodes at a time. */
@Timeout(120)
@Tag("unit")
class VersionSwitchTest {
    private static final int KEPT = 2;

    @TempDir
    Path directory;

    private final HandClock clock = new HandClock();
    private final PropertyStores stores = new PropertyStores();
    private final List<String> gaps = new CopyOnWriteArrayList<>();
    private Databases.OpenDatabase database;
    private PropertyNode node;
    private PropertyNode other;
    private Path source;
    private int contents;

    @BeforeEach
    void open() throws Exception {
        SagaConfig config = Settings.parse(Map.of(
                "saga.data.dir",
                directory.toString(),
                "saga.participants",
                "alpha",
                "saga.duplicates",
                "version",
                "saga.versions.keep",
                "" + KEPT));
        database = Databases.open("journal", config.servers().journal(), directory);
        node = new PropertyNode(config, database.dataSource(), clock, stores);
        other = new PropertyNode(config, database.dataSource(), clock, stores);
        newSource();
    }

    @AfterEach
    void close() {
        other.close();
        node.close();
        database.close();
    }

    private void newSource() throws IOException {
        source = Files.createTempFile(directory, "source", ".bin");
    }

    private ActiveRun begin(PropertyNode on) {
        SagaRecord saga = on.journal
                .registration()
                .receive(new NewSaga(source, List.of("alpha"), Duration.ofDays(1), "o", "internal", "none", false))
                .saga();
        on.journal.versions().register(saga);
        return on.runs.begin(saga);
    }

    /** Everything but the end. */
    private ActiveRun write(PropertyNode on, ActiveRun run, String sha256) {
        for (StepRecord step : on.journal.steps().of(run.sagaId())) {
            run.begin(step.name(), PropertyNode.STATES.get(step.name()));
            if (step.name().equals("start")) {
                run.setDocument(document(on.journal, run.initialSaga(), sha256));
            }
            run.end(step.name(), OptionalLong.empty());
        }
        stores.write("upload", run.sagaId(), 0);
        stores.write("alpha", run.sagaId(), 0);
        return run;
    }

    private ActiveRun written(PropertyNode on) {
        return write(on, begin(on), Integer.toString(contents++));
    }

    private ActiveRun stored() {
        ActiveRun run = written(node);
        node.engine.closed(run);
        return run;
    }

    private static Document document(Journal journal, SagaRecord saga, String sha256) {
        String id = journal.versions().register(saga);
        return new Document(
                id,
                saga.sagaId(),
                saga.source(),
                saga.fileName(),
                "text/plain",
                1,
                sha256,
                0,
                10,
                "bucket",
                "saga/" + id + "/" + saga.sagaId() + "/",
                "o",
                "internal",
                "none",
                saga.receivedAt(),
                SourceFile.identity(saga.source()));
    }

    private List<DocumentVersion> versions() {
        String documentId =
                node.journal.sagas().newest(1).get(0).document().orElseThrow().documentId();
        return node.journal.versions().of(documentId, Integer.MAX_VALUE, 100);
    }

    private List<Status> statuses() {
        return versions().stream().map(DocumentVersion::status).toList();
    }

    /** From now on, each store must show a version after every change. */
    private void watch(List<String> sagas) {
        Predicate<String> known = sagas::contains;
        stores.afterChange(() -> {
            for (String store : List.of("upload", "alpha")) {
                if (stores.visible(store).stream().noneMatch(known)) {
                    gaps.add(store);
                }
            }
        });
    }

    /** What the next process does. */
    private void recover(ActiveRun interrupted) {
        other.engine.closed(interrupted);
        other.journal.sagas().publicationsDue().forEach(other.engine::publish);
        other.engine.removeReplacedVersions();
    }

    @ParameterizedTest
    @EnumSource(names = {"WRITE", "REPLY"})
    void fp_52_a_change_killed_at_any_write_to_the_journal_ends_with_one_current_version(Loss loss) throws Exception {
        boolean interrupted = true;
        int points = 0;
        while (interrupted) {
            newSource();
            ActiveRun first = stored();
            ActiveRun second = stored();
            ActiveRun third = written(node);
            watch(List.of(first.sagaId(), second.sagaId(), third.sagaId()));
            node.database.lose(loss, points++);
            try {
                node.engine.closed(third);
            } catch (RuntimeException e) {
                assertThat(e).hasStackTraceContaining("lost on purpose");
            }
            interrupted = node.database.restore();

            recover(third);

            stores.afterChange(() -> {});
            assertThat(statuses()).as("write %d", points).containsExactly(Status.CURRENT, Status.KEPT, Status.REMOVED);
            assertThat(stores.visible("alpha"))
                    .filteredOn(ofThese(first, second, third))
                    .containsExactly(third.sagaId());
            assertThat(stores.held("alpha", second.sagaId())).isEmpty();
            assertThat(stores.held("upload", second.sagaId())).hasSize(1);
            assertThat(stores.held("upload", first.sagaId())).isEmpty();
            assertThat(node.journal.sagas().unfinished()).isEmpty();
            assertThat(node.journal.versions().outstanding()).isEmpty();
        }
        assertThat(gaps).as("stores that showed no version at a moment").isEmpty();
        assertThat(points).isGreaterThan(8);
    }

    @ParameterizedTest
    @EnumSource(names = {"WRITE", "REPLY"})
    void a_deletion_after_a_change_that_was_killed_leaves_no_version(Loss loss) throws Exception {
        boolean interrupted = true;
        int points = 0;
        while (interrupted) {
            newSource();
            List<ActiveRun> runs = List.of(stored(), stored(), written(node));
            node.database.lose(loss, points++);
            try {
                node.engine.closed(runs.get(2));
            } catch (RuntimeException e) {
                assertThat(e).hasStackTraceContaining("lost on purpose");
            }
            interrupted = node.database.restore();
            SagaRecord before = other.journal.sagas().find(runs.get(2).sagaId()).orElseThrow();

            if (!before.state().isFinal()) {
                assertThat(delete(before).refusal()).contains(Refusal.UNFINISHED);
                other.engine.closed(runs.get(2));
            }
            Deletion deletion = delete(before).deletion().orElseThrow();
            other.engine.publish(before); // by a process that has not noticed yet
            recover(runs.get(2));
            remove(deletion);

            assertThat(deletion.versions()).as("write %d", points).hasSize(3);
            assertThat(versions()).isEmpty();
            assertThat(node.journal.versions().outstanding()).isEmpty();
            for (ActiveRun run : runs) {
                assertThat(stores.held("alpha", run.sagaId())).isEmpty();
                assertThat(stores.held("upload", run.sagaId())).isEmpty();
                assertThat(node.journal.versions().isKept(run.sagaId())).isFalse();
            }
            stored();
            assertThat(versions()).extracting(DocumentVersion::number).containsExactly(1);
        }
        assertThat(points).isGreaterThan(8);
    }

    private DeletionRepository.Answer delete(SagaRecord saga) {
        return other.journal
                .deletions()
                .request(
                        new NewDeletion(saga.document().orElseThrow().documentId(), Optional.empty(), "why", "tester"),
                        version -> Optional.empty());
    }

    /** What a deletion does in the stores. */
    private void remove(Deletion deletion) {
        for (Deletion.DeletedVersion version : deletion.versions()) {
            SagaRecord saga = other.journal.sagas().find(version.sagaId()).orElseThrow();
            assertThat(other.engine.removal().hide(saga, () -> {})).isEmpty();
            other.engine.removal().remove(saga, () -> {});
        }
    }

    private static Predicate<String> ofThese(ActiveRun... runs) {
        List<String> sagas =
                java.util.stream.Stream.of(runs).map(ActiveRun::sagaId).toList();
        return sagas::contains;
    }

    @Test
    void of_versions_that_complete_at_the_same_time_on_two_nodes_the_newer_received_stays() throws Exception {
        for (int i = 0; i < 20; i++) {
            newSource();
            ActiveRun first = stored();
            ActiveRun older = begin(node);
            ActiveRun newer = begin(other);
            write(other, newer, Integer.toString(contents++));
            write(node, older, Integer.toString(contents++));
            watch(List.of(first.sagaId(), older.sagaId(), newer.sagaId()));
            CountDownLatch start = new CountDownLatch(2);
            List<CompletableFuture<Boolean>> ends = new ArrayList<>();
            ends.add(Background.run("older", () -> close(node, older, start)));
            ends.add(Background.run("newer", () -> close(other, newer, start)));
            for (CompletableFuture<Boolean> end : ends) {
                end.get(60, TimeUnit.SECONDS);
            }

            stores.afterChange(() -> {});
            assertThat(versions()).extracting(DocumentVersion::number).containsExactly(3, 2, 1);
            assertThat(statuses()).containsExactly(Status.CURRENT, Status.KEPT, Status.REMOVED);
            assertThat(versions().get(0).saga().sagaId()).isEqualTo(newer.sagaId());
            assertThat(stores.visible("alpha"))
                    .filteredOn(ofThese(first, older, newer))
                    .containsExactly(newer.sagaId());
            assertThat(stores.held("alpha", older.sagaId())).isEmpty();
            assertThat(stores.held("upload", older.sagaId())).hasSize(1);
        }
        assertThat(gaps).isEmpty();
    }

    private static boolean close(PropertyNode on, ActiveRun run, CountDownLatch start) {
        start.countDown();
        try {
            assertThat(start.await(10, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
        on.engine.closed(run);
        return true;
    }

    @Test
    void an_older_version_that_completes_last_never_becomes_visible() throws Exception {
        ActiveRun older = begin(node);
        ActiveRun newer = written(other);
        other.engine.closed(newer);
        write(node, older, "late");
        List<String> shown = new CopyOnWriteArrayList<>();
        stores.afterChange(() -> shown.addAll(stores.visible("alpha")));

        node.engine.closed(older);

        assertThat(shown).isNotEmpty().containsOnly(newer.sagaId());
        assertThat(versions()).extracting(DocumentVersion::number).containsExactly(2, 1);
        assertThat(statuses()).containsExactly(Status.CURRENT, Status.KEPT);
        assertThat(node.journal.sagas().find(older.sagaId()).orElseThrow().supersededBy())
                .contains(newer.sagaId());
    }

    @Test
    void a_newer_version_that_fails_leaves_the_older_one_and_its_number_is_free() throws Exception {
        ActiveRun first = stored();
        ActiveRun failing = written(node);

        node.engine
                .compensate(failing.sagaId(), failing.number(), Reason.CANCELLED, "on purpose")
                .get(10, TimeUnit.SECONDS);

        assertThat(versions()).extracting(v -> v.saga().sagaId()).containsExactly(first.sagaId());
        assertThat(statuses()).containsExactly(Status.CURRENT);
        assertThat(stores.visible("alpha")).containsExactly(first.sagaId());
        stored();
        assertThat(versions()).extracting(DocumentVersion::number).containsExactly(2, 1);
    }

    @Test
    void the_older_version_stays_until_every_store_shows_the_newer_one() throws Exception {
        ActiveRun first = stored();
        stores.fail("alpha", PropertyStores.Failure.DOES_NOT_SHOW, 1);

        ActiveRun second = stored();

        assertThat(stores.visible("alpha")).containsExactly(first.sagaId());
        assertThat(stores.held("alpha", first.sagaId())).hasSize(1);
        clock.forward(Duration.ofHours(1));
        node.journal.sagas().publicationsDue().forEach(node.engine::publish);
        assertThat(stores.visible("alpha")).containsExactly(second.sagaId());
    }

    @Test
    void what_cannot_be_removed_of_an_older_version_is_a_clean_up_entry() throws Exception {
        ActiveRun first = stored();
        stores.fail("alpha", PropertyStores.Failure.REFUSES, 1);

        stored();

        CleanupEntry entry = node.journal.cleanups().of(first.sagaId()).get(0);
        assertThat(entry.step()).isEqualTo("alpha");
        assertThat(node.journal.versions().outstanding()).isEmpty();
        assertThat(node.engine.retry(entry)).isEmpty();
        assertThat(stores.held("alpha", first.sagaId())).isEmpty();
        assertThat(stores.held("upload", first.sagaId())).as("it is kept").hasSize(1);
        assertThat(node.journal.sagas().find(first.sagaId()).orElseThrow().state())
                .isEqualTo(SagaState.COMPLETED);
    }

    @Test
    void the_same_content_again_takes_no_place_among_the_versions_that_are_kept() throws Exception {
        node.engine.closed(write(node, begin(node), "a"));
        node.engine.closed(write(node, begin(node), "b"));
        node.engine.closed(write(node, begin(node), "b"));

        assertThat(statuses()).containsExactly(Status.CURRENT, Status.REMOVED, Status.KEPT);
    }
}
