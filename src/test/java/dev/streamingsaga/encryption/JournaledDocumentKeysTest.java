package dev.streamingsaga.encryption;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamingsaga.config.Settings;
import dev.streamingsaga.database.Databases;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.testkit.MigratedDatabases;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.jdbc.core.JdbcTemplate;

@Tag("unit")
class JournaledDocumentKeysTest {
    private static final String DOCUMENT = "document-1";

    @TempDir
    Path directory;

    private Databases.OpenDatabase database;
    private Journal journal;
    private KeyEncryption encryption;
    private DocumentKeys keys;
    private DocumentKeys otherNode;

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
        KeyFile file = new KeyFile(directory.resolve("keys").resolve("keys.json"));
        file.create();
        encryption = file.open();
        keys = keys();
        otherNode = keys();
        IntStream.range(0, 30).forEach(i -> saga("saga-" + i));
    }

    @AfterEach
    void close() {
        database.close();
    }

    private DocumentKeys keys() {
        return new JournaledDocumentKeys(journal.keys(), encryption, new OpenKeys(Clock.systemUTC()));
    }

    private void saga(String id) {
        new JdbcTemplate(database.dataSource())
                .update(
                        "INSERT INTO saga (saga_id, state, run, node, lease_until, deadline_at, participants, source,"
                                + " file_name, owner, classification, key_id, received_at, updated_at)"
                                + " VALUES (?, 'COMPLETED', 1, 'one', 0, 0, '', ?, 'f', 'o', 'INTERNAL', '', 0, 0)",
                        id,
                        id);
    }

    @Test
    void every_node_gets_the_same_key_of_a_saga_and_other_sagas_get_another() {
        DataKey key = keys.ofSaga("saga-1", DOCUMENT);

        assertThat(keys.ofSaga("saga-1", DOCUMENT)).isEqualTo(key);
        assertThat(otherNode.ofSaga("saga-1", DOCUMENT)).isEqualTo(key);
        assertThat(otherNode.open(keys.wrapped("saga-1").orElseThrow(), "saga-1", DOCUMENT))
                .isEqualTo(key);
        assertThat(keys.ofSaga("saga-2", DOCUMENT)).isNotEqualTo(key);
    }

    @Test
    void nodes_that_create_a_key_at_the_same_time_get_one() throws Exception {
        ExecutorService nodes = Executors.newFixedThreadPool(2);
        try {
            for (int i = 0; i < 30; i++) {
                String saga = "saga-" + i;
                CyclicBarrier start = new CyclicBarrier(2);
                List<Callable<DataKey>> calls = List.of(
                        () -> {
                            start.await();
                            return keys.ofSaga(saga, DOCUMENT);
                        },
                        () -> {
                            start.await();
                            return otherNode.ofSaga(saga, DOCUMENT);
                        });
                List<Future<DataKey>> answers = nodes.invokeAll(calls);
                assertThat(answers.get(0).get()).isEqualTo(answers.get(1).get());
            }
        } finally {
            nodes.shutdownNow();
        }
    }

    @Test
    void the_key_service_is_asked_once_for_a_document_that_is_read_again_and_again() {
        AtomicInteger unwrapped = new AtomicInteger();
        KeyEncryption counted = new KeyEncryption() {
            @Override
            public String currentKeyId() {
                return encryption.currentKeyId();
            }

            @Override
            public boolean holds(String keyId) {
                return encryption.holds(keyId);
            }

            @Override
            public DataKey.Wrapped wrap(DataKey key, KeyOwner owner) {
                return encryption.wrap(key, owner);
            }

            @Override
            public DataKey unwrap(DataKey.Wrapped wrapped, KeyOwner owner) {
                unwrapped.incrementAndGet();
                return encryption.unwrap(wrapped, owner);
            }
        };
        keys.ofSaga("saga-1", DOCUMENT);
        DocumentKeys reader = new JournaledDocumentKeys(journal.keys(), counted, new OpenKeys(Clock.systemUTC()));
        for (int i = 0; i < 100; i++) {
            reader.existing("saga-1", DOCUMENT);
        }

        assertThat(unwrapped).hasValue(1);
        assertThatThrownBy(() -> reader.existing("saga-1", "document-2")).isInstanceOf(WrongKeyException.class);
    }

    @Test
    void a_saga_without_a_key_is_told_from_a_lost_key() {
        assertThat(keys.wrapped("saga-1")).isEqualTo(Optional.empty());
        assertThatThrownBy(() -> keys.existing("saga-1", DOCUMENT))
                .isInstanceOf(LostKeyException.class)
                .hasMessageContaining("saga-1")
                .hasMessageContaining("restore");
        assertThat(keys.wrapped("saga-1")).isEmpty();
    }

    @Test
    void a_destroyed_key_is_refused_by_every_node_at_once_and_never_replaced() {
        keys.ofSaga("saga-1", DOCUMENT);
        otherNode.ofSaga("saga-1", DOCUMENT);
        DataKey.Wrapped ofManifest = keys.wrapped("saga-1").orElseThrow();

        keys.destroy("saga-1");
        keys.destroy("saga-1");

        for (DocumentKeys node : List.of(keys, otherNode)) {
            assertThatThrownBy(() -> node.ofSaga("saga-1", DOCUMENT)).isInstanceOf(DestroyedKeyException.class);
            assertThatThrownBy(() -> node.wrapped("saga-1")).isInstanceOf(DestroyedKeyException.class);
            assertThatThrownBy(() -> node.open(ofManifest, "saga-1", DOCUMENT))
                    .isInstanceOf(DestroyedKeyException.class);
        }
        assertThat(keys.ofSaga("saga-2", DOCUMENT)).isNotNull();
    }

    @Test
    void a_destroyed_key_leaves_no_trace_in_the_files_of_the_journal() throws Exception {
        keys.ofSaga("saga-1", DOCUMENT);
        String wrapped = keys.wrapped("saga-1").orElseThrow().base64();
        assertThat(files()).contains(wrapped);

        keys.destroy("saga-1");

        assertThat(files()).doesNotContain(wrapped);
    }

    /** The database and its write-ahead log. */
    private String files() throws Exception {
        StringBuilder content = new StringBuilder();
        for (String name : List.of("journal.db", "journal.db-wal")) {
            Path file = directory.resolve(name);
            if (Files.exists(file)) {
                content.append(new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1));
            }
        }
        return content.toString();
    }
}
