package dev.streamingsaga.recovery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.streamingsaga.Internals;
import dev.streamingsaga.chunk.ChunkStore;
import dev.streamingsaga.ingest.IngestResult;
import dev.streamingsaga.journal.Event;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.TextOutcome;
import dev.streamingsaga.testkit.StreamingSagaFixture;
import java.io.IOException;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Causes each kind of drift behind the application's back, and expects exactly that drift to be reported and repaired.
 */
@Tag("one-jdk")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class DocumentCheckTest {
    private static final int LINES = 40;

    private StreamingSagaFixture saga;
    private DocumentCheck check;
    private Path directory;
    private int files;

    @BeforeAll
    void start(@TempDir Path empty) throws Exception {
        directory = empty;
        saga = StreamingSagaFixture.start(empty);
        check = Internals.documentCheck(saga.application().bundle());
    }

    @AfterAll
    void stop() {
        saga.close();
    }

    private record Stored(Path file, SagaRecord record) {
        String sagaId() {
            return record.sagaId();
        }

        String prefix() {
            return record.document().orElseThrow().keyPrefix();
        }
    }

    private Stored binary() {
        return stored(saga.file("scan-" + files++ + ".bin", 2 * StreamingSagaFixture.CHUNK + 1000));
    }

    /** Unique words, so that a search finds only this document. */
    private Stored text() {
        Path file = saga.text("keeper-" + files++ + ".txt", LINES);
        try {
            return stored(Files.writeString(file, Files.readString(file) + "The end of volume zyx" + files + "."));
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private Stored stored(Path file) {
        IngestResult result = saga.ingest(file);
        assertThat(result.status()).as("%s", result).isEqualTo("COMPLETED");
        return new Stored(file, saga.journal().sagas().find(result.sagaId()).orElseThrow());
    }

    private List<Drift> check(Stored stored) {
        return check.check(stored.record(), false);
    }

    private List<Drift> repair(Stored stored) {
        return check.repair(stored.record(), false);
    }

    private void assertHealthy(Stored stored) {
        assertThat(check.check(stored.record(), true)).isEmpty();
    }

    private void assertMended(Stored stored) {
        assertThat(repair(stored))
                .isNotEmpty()
                .allSatisfy(
                        drift -> assertThat(drift.repaired()).as("%s", drift).isTrue());
        assertHealthy(stored);
        assertThat(repair(stored)).as("a second repair has nothing to do").isEmpty();
    }

    private void assertFetchedAsBefore(Stored stored, Path original) throws IOException {
        Path copy = directory.resolve("copy-" + stored.sagaId());
        try (OutputStream out = Files.newOutputStream(copy)) {
            new ChunkStore(saga.config(), saga.bucket()).fetch(stored.prefix(), out);
        }
        assertThat(Files.mismatch(original, copy)).isEqualTo(-1);
    }

    private void assertFound(Stored stored) {
        String words = "zyx" + files;
        assertThat(saga.application().bundle().operator().search(words, 1))
                .singleElement()
                .satisfies(hit -> assertThat(hit.sagaId()).isEqualTo(stored.sagaId()));
    }

    private void sql(String store, String statement, Stored stored) {
        saga.execute(store, statement.replace("$saga", "'" + stored.sagaId() + "'"));
    }

    private long count(String store, String table, Stored stored) {
        return saga.number(store, "SELECT count(*) FROM " + table + " WHERE saga_id = '" + stored.sagaId() + "'");
    }

    /** As if it had been stored with other settings, which gave one segment less. */
    @Test
    void repairs_all_stores_if_the_text_is_split_differently_now() throws Exception {
        Stored text = text();
        int segments = (int) count("vector", "vector_segment", text);
        saga.journal()
                .texts()
                .replaceCompleted(
                        text.sagaId(), 1, new TextOutcome(List.of(segments - 1), "", "", OptionalLong.empty()));
        sql("vector", "DELETE FROM vector_segment WHERE saga_id = $saga AND ordinal = " + (segments - 1), text);
        sql(
                "vector",
                "UPDATE vector_document SET segments = segments - 1, segmentation = 'other' WHERE saga_id = $saga",
                text);
        sql("graph", "DELETE FROM graph_edge WHERE saga_id = $saga AND target LIKE '%/s" + (segments - 1) + "'", text);
        sql("graph", "DELETE FROM graph_node WHERE saga_id = $saga AND ordinal = " + (segments - 1), text);
        sql("relational", "UPDATE relational_document SET segments = segments - 1 WHERE saga_id = $saga", text);
        assertHealthy(text);
        sql("vector", "DELETE FROM vector_segment WHERE saga_id = $saga AND ordinal = 0", text);

        assertMended(text);

        assertThat(count("vector", "vector_segment", text)).isEqualTo(segments);
        assertThat(count("graph", "graph_node", text)).isEqualTo(2 + segments);
        assertFound(text);
    }

    @Test
    void finds_nothing_wrong_with_a_healthy_document() {
        assertHealthy(binary());
        Stored text = text();
        assertHealthy(text);
        assertThat(check(text)).isEmpty();
        assertThat(count("vector", "vector_segment", text))
                .as("it has segments to be counted")
                .isGreaterThan(4);
    }

    @Test
    void resends_a_missing_chunk() throws Exception {
        Stored stored = binary();
        saga.bucket().deleteObject(r -> r.bucket(StreamingSagaFixture.BUCKET).key(stored.prefix() + "chunk-000001"));

        assertThat(check(stored)).singleElement().satisfies(drift -> {
            assertThat(drift.kind()).isEqualTo(Drift.DriftKind.MISSING);
            assertThat(drift.store()).isEqualTo("upload");
            assertThat(drift.resource()).isEqualTo(stored.prefix() + "chunk-000001");
            assertThat(drift.repairable()).isTrue();
            assertThat(drift.repaired()).isFalse();
        });
        assertMended(stored);
        assertFetchedAsBefore(stored, stored.file());
    }

    @Test
    void resends_a_chunk_with_different_bytes_of_the_same_length() throws Exception {
        Stored stored = binary();
        saga.put(stored.prefix() + "chunk-000002", new byte[1000]);

        assertThat(check(stored))
                .extracting(Drift::kind, Drift::resource)
                .containsExactly(tuple(Drift.DriftKind.DIFFERENT, stored.prefix() + "chunk-000002"));
        assertMended(stored);
        assertFetchedAsBefore(stored, stored.file());
    }

    @Test
    void finds_silent_corruption_only_in_a_deep_check() throws Exception {
        Stored stored = binary();
        Path object = saga.object(stored.prefix() + "chunk-000000");
        FileTime before = Files.getLastModifiedTime(object);
        try (RandomAccessFile bytes = new RandomAccessFile(object.toFile(), "rw")) {
            bytes.seek(4711);
            int old = bytes.read();
            bytes.seek(4711);
            bytes.write(old ^ 1);
        }
        Files.setLastModifiedTime(object, before);

        assertThat(check(stored)).isEmpty();
        assertThat(check.check(stored.record(), true))
                .extracting(Drift::kind, Drift::resource)
                .containsExactly(tuple(Drift.DriftKind.DIFFERENT, stored.prefix() + "chunk-000000"));
        assertThat(check.repair(stored.record(), true))
                .extracting(Drift::repaired)
                .containsExactly(true);
        assertHealthy(stored);
        assertFetchedAsBefore(stored, stored.file());
    }

    @ParameterizedTest
    @ValueSource(strings = {"gone", "changed"})
    void says_why_a_chunk_is_beyond_repair(String original) throws Exception {
        Stored stored = binary();
        saga.bucket().deleteObject(r -> r.bucket(StreamingSagaFixture.BUCKET).key(stored.prefix() + "chunk-000000"));
        if (original.equals("gone")) {
            Files.delete(stored.file());
        } else {
            Files.write(stored.file(), new byte[2 * StreamingSagaFixture.CHUNK + 1000]);
        }

        assertThat(repair(stored)).singleElement().satisfies(drift -> {
            assertThat(drift.repairable()).isFalse();
            assertThat(drift.repaired()).isFalse();
            assertThat(drift.message()).contains("the original is missing or has changed");
        });
        assertThat(saga.keys()).as("nothing wrong was sent").doesNotContain(stored.prefix() + "chunk-000000");
    }

    @Test
    void resends_a_chunk_from_an_original_with_a_new_modification_time() throws Exception {
        Stored stored = binary();
        saga.bucket().deleteObject(r -> r.bucket(StreamingSagaFixture.BUCKET).key(stored.prefix() + "chunk-000000"));
        Files.setLastModifiedTime(stored.file(), FileTime.fromMillis(1_000_000_000_000L));

        assertMended(stored);
    }

    @ParameterizedTest
    @ValueSource(strings = {"gone", "of another file", "no JSON"})
    void writes_the_manifest_again_from_the_journal(String damage) throws Exception {
        Stored stored = binary();
        String key = stored.prefix() + "manifest.json";
        switch (damage) {
            case "gone" ->
                saga.bucket()
                        .deleteObject(r -> r.bucket(StreamingSagaFixture.BUCKET).key(key));
            case "no JSON" -> saga.put(key, "{".getBytes());
            default ->
                saga.put(
                        key,
                        saga.bucket()
                                .getObjectAsBytes(r ->
                                        r.bucket(StreamingSagaFixture.BUCKET).key(binary().prefix() + "manifest.json"))
                                .asByteArray());
        }
        Path original = Files.move(stored.file(), directory.resolve("moved-" + stored.sagaId()));

        assertThat(check(stored)).singleElement().satisfies(drift -> {
            assertThat(drift.kind())
                    .isEqualTo(damage.equals("gone") ? Drift.DriftKind.MISSING : Drift.DriftKind.DIFFERENT);
            assertThat(drift.resource()).isEqualTo(key);
        });
        assertMended(stored);
        assertFetchedAsBefore(stored, original);
    }

    @Test
    void keeps_an_object_that_does_not_belong_to_the_document() {
        Stored stored = binary();
        saga.put(stored.prefix() + "chunk-000003", new byte[10]);

        assertThat(repair(stored))
                .extracting(Drift::kind, Drift::resource, Drift::repairable, Drift::repaired)
                .containsExactly(tuple(Drift.DriftKind.EXTRA, stored.prefix() + "chunk-000003", false, false));
        assertThat(saga.keys()).contains(stored.prefix() + "chunk-000003");
    }

    @ParameterizedTest
    @CsvSource({
        "security,security_document",
        "vector,vector_segment;vector_document",
        "graph,graph_edge;graph_node;graph_document",
        "relational,relational_document"
    })
    void writes_a_store_again_that_lost_the_document(String store, String tables) throws Exception {
        Stored stored = text();
        List<Long> before = Stream.of(tables.split(";"))
                .map(table -> count(store, table, stored))
                .toList();
        Stream.of(tables.split(";"))
                .forEach(table -> sql(store, "DELETE FROM " + table + " WHERE saga_id = $saga", stored));

        assertThat(check(stored))
                .extracting(Drift::kind, Drift::store, Drift::resource)
                .containsExactly(tuple(Drift.DriftKind.MISSING, store, "document"));
        assertMended(stored);
        assertThat(Stream.of(tables.split(";"))
                        .map(table -> count(store, table, stored))
                        .toList())
                .isEqualTo(before);
        assertFound(stored);
    }

    @Test
    void takes_the_text_from_the_bucket_when_the_original_is_gone() throws Exception {
        Stored stored = text();
        Files.delete(stored.file());
        sql("vector", "DELETE FROM vector_segment WHERE saga_id = $saga", stored);
        sql("graph", "DELETE FROM graph_node WHERE saga_id = $saga", stored);
        sql("relational", "DELETE FROM relational_document WHERE saga_id = $saga", stored);

        assertMended(stored);
        assertFound(stored);
        try (Stream<Path> spool = Files.walk(saga.data().resolve("spool"))) {
            assertThat(spool)
                    .as("the copy is gone")
                    .noneMatch(file -> file.getFileName().toString().startsWith("repair-"));
        }
    }

    @Test
    void reports_when_neither_the_original_nor_the_bucket_has_the_text() throws Exception {
        Stored stored = text();
        Files.delete(stored.file());
        saga.bucket().deleteObject(r -> r.bucket(StreamingSagaFixture.BUCKET).key(stored.prefix() + "chunk-000000"));
        sql("graph", "DELETE FROM graph_document WHERE saga_id = $saga", stored);
        sql("security", "UPDATE security_document SET owner = 'mallory' WHERE saga_id = $saga", stored);

        assertThat(repair(stored))
                .extracting(Drift::store, Drift::repairable, Drift::repaired)
                .containsExactlyInAnyOrder(
                        tuple("upload", false, false), tuple("graph", false, false), tuple("security", true, true));
        assertThat(count("graph", "graph_node", stored))
                .as("what is left of it stays")
                .isPositive();
    }

    @Test
    void fills_a_gap_in_the_segments_without_hiding_the_document() {
        Stored stored = text();
        long segments = count("vector", "vector_segment", stored);
        sql("vector", "DELETE FROM vector_segment WHERE saga_id = $saga AND ordinal = 2", stored);
        saga.execute(
                "vector",
                "CREATE TRIGGER never_hidden BEFORE DELETE ON vector_document BEGIN SELECT raise(abort, 'hidden');"
                        + " END");

        assertThat(check(stored))
                .extracting(Drift::kind, Drift::store, Drift::resource, Drift::expected, Drift::found)
                .containsExactly(
                        tuple(Drift.DriftKind.MISSING, "vector", "segments", "" + segments, "" + (segments - 1)));
        try {
            assertMended(stored);
        } finally {
            saga.execute("vector", "DROP TRIGGER never_hidden");
        }
        assertThat(count("vector", "vector_segment", stored)).isEqualTo(segments);
        assertFound(stored);
    }

    @Test
    void distinguishes_a_gap_from_an_extra_segment() {
        Stored stored = text();
        sql("vector", "UPDATE vector_segment SET ordinal = 1000 WHERE saga_id = $saga AND ordinal = 1", stored);

        assertThat(check(stored))
                .extracting(Drift::kind, Drift::resource)
                .containsExactly(tuple(Drift.DriftKind.DIFFERENT, "ordinals"));
        assertMended(stored);

        sql(
                "vector",
                "INSERT INTO vector_segment (saga_id, document_id, run, page, ordinal, text, model, dimension, vector)"
                        + " SELECT saga_id, document_id, run, page, 77777, text, model, dimension, vector"
                        + " FROM vector_segment"
                        + " WHERE saga_id = $saga AND ordinal = 0",
                stored);
        assertThat(check(stored))
                .extracting(Drift::kind, Drift::resource)
                .contains(tuple(Drift.DriftKind.EXTRA, "segments"));
        assertMended(stored);
        assertFound(stored);
    }

    @Test
    void embeds_again_what_another_model_embedded() {
        Stored stored = text();
        sql("vector", "UPDATE vector_segment SET model = 'another' WHERE saga_id = $saga AND ordinal > 3", stored);

        assertThat(check(stored))
                .extracting(Drift::kind, Drift::resource)
                .containsExactly(tuple(Drift.DriftKind.DIFFERENT, "segments of another document, model or dimension"));
        assertMended(stored);
        assertFound(stored);
    }

    @ParameterizedTest
    @CsvSource({
        "graph_node WHERE kind = 'segment' AND ordinal = 1 AND,MISSING,segment nodes",
        "graph_edge WHERE kind = 'next' AND,MISSING,edges",
        "graph_node WHERE kind = 'document' AND,MISSING,document nodes"
    })
    void writes_lost_nodes_and_edges_again(String rows, Drift.DriftKind kind, String resource) {
        Stored stored = text();
        sql("graph", "DELETE FROM " + rows + " saga_id = $saga", stored);

        assertThat(check(stored))
                .extracting(Drift::kind, Drift::store, Drift::resource)
                .containsExactly(tuple(kind, "graph", resource));
        assertMended(stored);
    }

    @ParameterizedTest
    @ValueSource(strings = {"security", "vector", "graph", "relational"})
    void shows_a_document_again_that_was_hidden(String store) {
        Stored stored = text();
        sql(store, "UPDATE " + store + "_document SET visible = 0 WHERE saga_id = $saga", stored);

        assertThat(check(stored))
                .extracting(Drift::kind, Drift::store)
                .containsExactly(tuple(Drift.DriftKind.NOT_VISIBLE, store));
        assertMended(stored);
        assertFound(stored);
    }

    @ParameterizedTest
    @CsvSource({
        "security,sha256,'0000000000000000000000000000000000000000000000000000000000000000'",
        "security,owner,mallory",
        "security,classification,public",
        "security,key_id,stolen",
        "security,document_id,another",
        "relational,sha256," + "'0000000000000000000000000000000000000000000000000000000000000000'",
        "relational,size_bytes,1",
        "relational,chunk_count,7",
        "relational,key_prefix,elsewhere/",
        "relational,segments,1",
        "graph,document_id,another",
        "vector,document_id,another"
    })
    void puts_back_what_was_changed(String store, String column, String value) {
        Stored stored = text();
        sql(store, "UPDATE " + store + "_document SET " + column + " = '" + value + "' WHERE saga_id = $saga", stored);

        assertThat(check(stored))
                .allSatisfy(drift -> assertThat(drift.store()).isEqualTo(store))
                .extracting(Drift::kind, Drift::resource, Drift::found)
                .contains(tuple(Drift.DriftKind.DIFFERENT, column, value));
        assertMended(stored);
        assertFound(stored);
    }

    @Test
    void reports_rows_that_an_unknown_saga_left_of_the_same_document() {
        Stored stored = text();
        sql(
                "security",
                "INSERT INTO security_document SELECT 'stray' || $saga, document_id, run, sha256, owner,"
                        + " classification, key_id, created, 0"
                        + " FROM security_document WHERE saga_id = $saga",
                stored);

        assertThat(repair(stored))
                .extracting(Drift::kind, Drift::store, Drift::resource, Drift::repairable)
                .containsExactly(tuple(Drift.DriftKind.EXTRA, "security", "security:stray" + stored.sagaId(), false));
        saga.execute("security", "DELETE FROM security_document WHERE saga_id LIKE 'stray%'");
    }

    @Test
    void compares_the_other_stores_when_the_bucket_is_down() {
        Stored stored = text();
        sql("graph", "UPDATE graph_document SET visible = 0 WHERE saga_id = $saga", stored);
        saga.s3().down();
        try {
            assertThat(check(stored))
                    .extracting(Drift::kind, Drift::store, Drift::repairable)
                    .containsExactlyInAnyOrder(
                            tuple(Drift.DriftKind.UNREACHABLE, "upload", false),
                            tuple(Drift.DriftKind.NOT_VISIBLE, "graph", true));
        } finally {
            saga.s3().up();
        }
        assertMended(stored);
    }

    @Test
    void compares_what_it_can_when_a_store_is_damaged() {
        Stored stored = text();
        saga.execute("security", "ALTER TABLE security_document RENAME TO security_away");
        try {
            assertThat(repair(stored))
                    .extracting(Drift::kind, Drift::store)
                    .containsExactly(tuple(Drift.DriftKind.UNREACHABLE, "security"));
        } finally {
            saga.execute("security", "ALTER TABLE security_away RENAME TO security_document");
        }
        assertHealthy(stored);
    }

    @Test
    void does_not_trust_damaged_chunk_rows() {
        Stored stored = binary();
        sql("journal", "UPDATE chunk SET sha256 = 'f00' WHERE saga_id = $saga AND idx = 1", stored);

        assertThat(repair(stored))
                .extracting(Drift::store, Drift::kind, Drift::repairable)
                .containsExactly(tuple("journal", Drift.DriftKind.DIFFERENT, false));
    }

    @Test
    void journals_a_repair_before_and_after_it() {
        Stored stored = text();
        sql("graph", "UPDATE graph_document SET visible = 0 WHERE saga_id = $saga", stored);

        assertMended(stored);

        assertThat(saga.journal().events().of(stored.sagaId()))
                .filteredOn(event -> event.step().equals("graph"))
                .extracting(Event::message)
                .containsExactly("repair of graph begins: NOT_VISIBLE visible", "repair of graph finished");
        assertThat(saga.journal().sagas().find(stored.sagaId())).contains(stored.record());
    }

    @Test
    void journals_the_count_that_a_repair_writes() {
        Stored stored = text();
        sql("journal", "UPDATE step SET expected = 1000 WHERE saga_id = $saga", stored);
        sql("graph", "DELETE FROM graph_node WHERE saga_id = $saga", stored);

        assertMended(stored);

        assertThat(saga.journal().steps().of(stored.sagaId()))
                .filteredOn(step -> step.name().equals("graph"))
                .singleElement()
                .satisfies(step -> assertThat(step.expected()).hasValue(count("graph", "graph_node", stored)));
    }
}
