package dev.streamingsaga.encryption;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.streamingsaga.config.Settings;
import dev.streamingsaga.database.Databases;
import dev.streamingsaga.encryption.RotationProgress.State;
import dev.streamingsaga.journal.DocumentKey;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.testkit.MigratedDatabases;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.jdbc.core.JdbcTemplate;

@Tag("unit")
class KeyRotationTest {
    private static final String DOCUMENT = "document-1";

    @TempDir
    Path directory;

    private Databases.OpenDatabase database;
    private Journal journal;
    private KeyFile file;
    private final Manifests manifests = new Manifests();

    /** Manifests in memory. The process can be killed before or after one is written. */
    private static final class Manifests implements ManifestKeys {
        private final Map<String, DataKey.Wrapped> keys = new ConcurrentHashMap<>();
        private Runnable before = () -> {};
        private Runnable after = () -> {};

        @Override
        public void replace(String sagaId, DataKey.Wrapped key) {
            before.run();
            keys.put(sagaId, key);
            after.run();
        }

        @Override
        public void remove(String sagaId) {
            keys.remove(sagaId);
        }

        void recover() {
            before = () -> {};
            after = () -> {};
        }
    }

    @BeforeEach
    void open() throws Exception {
        MigratedDatabases.copyTo(
                Settings.parse(Map.of("saga.data.dir", directory.toString(), "saga.participants", "")));
        database = Databases.open(
                "journal",
                Settings.parse(Map.of("saga.data.dir", directory.toString()))
                        .servers()
                        .journal(),
                directory);
        journal = new Journal(database.dataSource(), Clock.systemUTC(), "one");
        file = new KeyFile(directory.resolve("keys").resolve("keys.json"));
        file.create();
    }

    @AfterEach
    void close() {
        database.close();
    }

    private KeyRing ring() throws Exception {
        return new KeyRing(Optional.of(file.open()), List.of());
    }

    private DocumentKeys keys() throws Exception {
        return new JournaledDocumentKeys(journal.keys(), ring(), new OpenKeys(Clock.systemUTC()));
    }

    private void encrypt(String sagaId, String state) throws Exception {
        new JdbcTemplate(database.dataSource())
                .update(
                        "INSERT INTO saga (saga_id, state, run, node, lease_until, deadline_at, participants, source,"
                                + " file_name, owner, classification, key_id, received_at, updated_at)"
                                + " VALUES (?, ?, 1, 'one', 0, 0, '', ?, 'f', 'o', 'INTERNAL', '', 0, 0)",
                        sagaId,
                        state,
                        sagaId);
        keys().ofSaga(sagaId, DOCUMENT);
        manifests.keys.put(sagaId, keys().wrapped(sagaId).orElseThrow());
    }

    private RotationProgress rotate() throws Exception {
        KeyRotation rotation = new KeyRotation(journal.keys(), journal.singletons(), ring(), manifests);
        rotation.begin("rotation");
        await().until(() -> rotation.progress().state() != State.RUNNING);
        return rotation.progress();
    }

    private DocumentKey journaled(String sagaId) {
        return journal.keys().find(sagaId).orElseThrow();
    }

    @Test
    void wraps_every_key_again_in_journal_and_manifest_and_the_data_keys_stay() throws Exception {
        List<String> sagas = IntStream.range(0, 250).mapToObj(i -> "saga-" + i).toList();
        for (String saga : sagas) {
            encrypt(saga, "COMPLETED");
        }
        DataKey key = keys().existing("saga-7", DOCUMENT);
        String old = journaled("saga-7").keyId();
        String current = file.add(true);

        RotationProgress progress = rotate();

        assertThat(progress).isEqualTo(new RotationProgress(State.DONE, current, 250, 250, 0, 0, List.of()));
        assertThat(journal.keys().countByKey()).containsExactly(Map.entry(current, 250L));
        assertThat(manifests.keys)
                .allSatisfy((saga, wrapped) ->
                        assertThat(wrapped.base64()).isEqualTo(journaled(saga).wrapped()));
        file.remove(old);
        assertThat(keys().existing("saga-7", DOCUMENT)).isEqualTo(key);
        assertThat(rotate().total()).isZero();
    }

    @Test
    void leaves_unfinished_sagas_alone_and_says_how_many() throws Exception {
        encrypt("saga-1", "UPLOADING");
        encrypt("saga-2", "COMPENSATED");
        String old = journaled("saga-1").keyId();
        file.add(true);

        RotationProgress progress = rotate();

        assertThat(progress.rewrapped()).isOne();
        assertThat(progress.unfinished()).isOne();
        assertThat(journaled("saga-1").keyId()).isEqualTo(old);
    }

    @Test
    void finds_the_sagas_that_end_meanwhile() throws Exception {
        encrypt("saga-1", "UPLOADING");
        encrypt("saga-2", "COMPLETED");
        String current = file.add(true);
        manifests.after = () -> new JdbcTemplate(database.dataSource())
                .update("UPDATE saga SET state = 'COMPLETED' WHERE saga_id = 'saga-1'");

        RotationProgress progress = rotate();

        assertThat(progress).isEqualTo(new RotationProgress(State.DONE, current, 2, 2, 0, 0, List.of()));
        assertThat(manifests.keys.get("saga-1").base64())
                .isEqualTo(journaled("saga-1").wrapped());
        assertThat(journaled("saga-1").keyId()).isEqualTo(current);
    }

    @Test
    void a_key_that_cannot_be_unwrapped_is_named_and_the_others_are_wrapped_again() throws Exception {
        encrypt("saga-1", "COMPLETED");
        String lost = journaled("saga-1").keyId();
        file.add(true);
        encrypt("saga-2", "COMPLETED");
        file.remove(lost);
        file.add(true);

        RotationProgress progress = rotate();

        assertThat(progress.state()).isEqualTo(State.DONE);
        assertThat(progress.rewrapped()).isOne();
        assertThat(progress.failed()).isOne();
        assertThat(progress.errors()).singleElement().asString().contains(lost);
        assertThat(journaled("saga-1").keyId()).isEqualTo(lost);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void continues_where_it_stopped_before_or_after_a_manifest_was_written(boolean written) throws Exception {
        encrypt("saga-1", "COMPLETED");
        encrypt("saga-2", "COMPLETED");
        DataKey key = keys().existing("saga-1", DOCUMENT);
        String current = file.add(true);
        Runnable failing = () -> {
            throw new IllegalStateException("the bucket is away");
        };
        manifests.before = written ? () -> {} : failing;
        manifests.after = written ? failing : () -> {};

        RotationProgress stopped = rotate();

        assertThat(stopped.state()).isEqualTo(State.STOPPED);
        assertThat(stopped.errors()).containsExactly("the bucket is away");
        assertThat(keys().existing("saga-1", DOCUMENT)).isEqualTo(key);
        assertThat(keys().open(manifests.keys.get("saga-1"), "saga-1", DOCUMENT))
                .isEqualTo(key);
        manifests.recover();
        assertThat(rotate().state()).isEqualTo(State.DONE);
        assertThat(journal.keys().countByKey()).containsExactly(Map.entry(current, 2L));
        assertThat(manifests.keys.get("saga-1").base64())
                .isEqualTo(journaled("saga-1").wrapped());
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void a_document_that_is_deleted_meanwhile_stays_deleted(boolean written) throws Exception {
        encrypt("saga-1", "COMPLETED");
        file.add(true);
        DocumentKeys deleting = keys();
        Runnable deletion = () -> {
            deleting.destroy("saga-1");
            manifests.remove("saga-1");
        };
        manifests.before = written ? () -> {} : deletion;
        manifests.after = written ? deletion : () -> {};

        RotationProgress progress = rotate();

        assertThat(progress.state()).isEqualTo(State.DONE);
        assertThat(progress.rewrapped()).isZero();
        assertThat(manifests.keys).isEmpty();
        assertThat(journaled("saga-1").wrapped()).isEmpty();
        assertThat(journal.keys().inReplacement(10)).isEmpty();
    }

    @Test
    void the_manifest_of_a_document_that_was_deleted_after_a_kill_is_removed_by_the_next_rotation() throws Exception {
        encrypt("saga-1", "COMPLETED");
        file.add(true);
        manifests.after = () -> {
            throw new IllegalStateException("killed");
        };
        rotate();
        keys().destroy("saga-1");
        manifests.recover();

        rotate();

        assertThat(manifests.keys).isEmpty();
        assertThat(journal.keys().inReplacement(10)).isEmpty();
        assertThatThrownBy(() -> keys().ofSaga("saga-1", DOCUMENT)).isInstanceOf(DestroyedKeyException.class);
    }

    @Test
    void one_node_rotates_at_a_time() throws Exception {
        encrypt("saga-1", "COMPLETED");
        file.add(true);
        Journal other = new Journal(database.dataSource(), Clock.systemUTC(), "two");
        assertThat(other.singletons().hold("key-rotation")).isTrue();

        assertThat(rotate().errors()).containsExactly("another node rotates the keys now; this one did nothing");
        other.singletons().release("key-rotation");

        assertThat(rotate().rewrapped()).isOne();
    }
}
