package dev.streamingsaga.recovery;

import static dev.streamingsaga.testkit.ProxiedRequest.keyEndsWith;
import static dev.streamingsaga.testkit.ProxiedRequest.method;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

import com.github.f4b6a3.ulid.UlidCreator;
import dev.streamingsaga.Internals;
import dev.streamingsaga.chunk.BucketOwner;
import dev.streamingsaga.ingest.IngestResult;
import dev.streamingsaga.journal.Event;
import dev.streamingsaga.journal.Event.EventKind;
import dev.streamingsaga.journal.Ids;
import dev.streamingsaga.testkit.Background;
import dev.streamingsaga.testkit.StreamingSagaFixture;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Finds in every store exactly the data that no journal entry owns, and deletes it only if that is safe. */
@Tag("one-jdk")
class OrphansTest {
    private static final String DOCUMENT = "0123456789abcdef0123456789abcdef";
    private static final Map<String, String> ANY_AGE = Map.of("saga.orphans.min-age", "0");

    @TempDir
    Path directory;

    private StreamingSagaFixture saga;

    private void start(Map<String, String> settings) throws Exception {
        saga = StreamingSagaFixture.start(directory, settings);
    }

    @AfterEach
    void stop() {
        saga.close();
    }

    private List<Orphan> list() {
        List<Orphan> found = new ArrayList<>();
        Internals.orphans(saga.application().bundle()).list(found::add);
        return found;
    }

    private List<Orphan> delete() {
        List<Orphan> found = new ArrayList<>();
        Internals.orphans(saga.application().bundle()).delete(found::add);
        return found;
    }

    private IngestResult completed(String name) {
        IngestResult result = saga.ingest(saga.text(name, 5));
        assertThat(result.status()).as("%s", result).isEqualTo("COMPLETED");
        return result;
    }

    private static String ulid(Instant time) {
        return UlidCreator.getUlid(time.toEpochMilli()).toString().toLowerCase(Locale.ROOT);
    }

    private String strayKeys(String sagaId) {
        String prefix = "saga/" + DOCUMENT + "/" + sagaId + "/";
        saga.put(prefix + "chunk-000000", new byte[10]);
        saga.put(prefix + "chunk-000001", new byte[10]);
        return prefix;
    }

    private void strayRows(String sagaId) {
        String ids = "'" + sagaId + "', '" + DOCUMENT + "', 1";
        saga.execute(
                "security",
                "INSERT INTO security_document VALUES (" + ids + ", '" + "0".repeat(64)
                        + "', 'o', 'public', 'none', 'now', 0)");
        saga.execute(
                "vector",
                "INSERT INTO vector_document (saga_id, document_id, run, file_name, model, dimension) VALUES (" + ids
                        + ", 'f', 'm', 1)");
        saga.execute("graph", "INSERT INTO graph_edge VALUES ('a', 'b', 'next', " + ids + ")");
        saga.execute(
                "relational",
                "INSERT INTO relational_document VALUES (" + ids + ", 'f', 't', 1, '" + "0".repeat(64)
                        + "', 1, 1, 'b', 'k', 0, 0, '', '', 'o', 'now', 'now', null, 0)");
    }

    private long rows() {
        return List.of(
                        "security_document",
                        "vector_document",
                        "vector_segment",
                        "graph_document",
                        "graph_node",
                        "graph_edge",
                        "relational_document")
                .stream()
                .mapToLong(table -> saga.rows(table.substring(0, table.indexOf('_')), table))
                .sum();
    }

    @Test
    void lists_orphans_of_every_store_and_deletes_them_only_on_request() throws Exception {
        start(ANY_AGE);
        completed("kept.txt");
        List<String> keys = saga.keys();
        long rows = rows();
        assertThat(list()).as("nothing of a completed document is an orphan").isEmpty();
        String sagaId = Ids.next();
        String prefix = strayKeys(sagaId);
        strayRows(sagaId);

        assertThat(list())
                .extracting(Orphan::kind, Orphan::store, Orphan::resource, Orphan::isDeletable)
                .containsExactlyInAnyOrder(
                        tuple(Orphan.OrphanKind.ORPHAN, "upload", prefix, true),
                        tuple(Orphan.OrphanKind.ORPHAN, "security", "security:" + sagaId, true),
                        tuple(Orphan.OrphanKind.ORPHAN, "vector", "vector:" + sagaId, true),
                        tuple(Orphan.OrphanKind.ORPHAN, "graph", "graph:" + sagaId, true),
                        tuple(Orphan.OrphanKind.ORPHAN, "relational", "relational:" + sagaId, true));
        assertThat(saga.keys()).as("listing deletes nothing").hasSize(keys.size() + 2);
        assertThat(rows()).isEqualTo(rows + 4);

        assertThat(delete())
                .hasSize(5)
                .allSatisfy(
                        orphan -> assertThat(orphan.deleted()).as("%s", orphan).isTrue());
        assertThat(saga.keys()).isEqualTo(keys);
        assertThat(rows()).isEqualTo(rows);
        assertThat(list()).isEmpty();
        assertThat(saga.journal().events().of(sagaId))
                .extracting(Event::kind, Event::message)
                .hasSize(10)
                .contains(tuple(EventKind.STATE, "orphan " + prefix + " is gone"));
    }

    /** The parent row is gone: no document row shows that the store holds data of the saga. */
    @ParameterizedTest
    @ValueSource(strings = {"vector_segment", "graph_node", "graph_edge"})
    void finds_a_row_that_is_alone(String table) throws Exception {
        start(ANY_AGE);
        completed("kept.txt");
        long rows = rows();
        long words = saga.rows("vector", "vector_words");
        String store = table.substring(0, table.indexOf('_'));
        String sagaId = Ids.next();
        String ids = "'" + sagaId + "', '" + DOCUMENT + "', 1";
        saga.execute(
                store,
                "INSERT INTO " + table
                        + switch (table) {
                            case "vector_segment" ->
                                " (saga_id, document_id, run, page, ordinal, text, model, dimension, vector) VALUES ("
                                        + ids + ", 1, 0, 'stray', 'm', 1, zeroblob(4))";
                            case "graph_node" -> " VALUES ('" + sagaId + "', " + ids + ", 'document', 0, 0, '')";
                            default -> " VALUES ('a', 'b', 'next', " + ids + ")";
                        });

        assertThat(list())
                .extracting(Orphan::kind, Orphan::store, Orphan::resource, Orphan::isDeletable)
                .containsExactly(tuple(Orphan.OrphanKind.ORPHAN, store, store + ":" + sagaId, true));
        assertThat(rows()).as("listing deletes nothing").isEqualTo(rows + 1);

        assertThat(delete())
                .singleElement()
                .satisfies(
                        orphan -> assertThat(orphan.deleted()).as("%s", orphan).isTrue());
        assertThat(rows()).isEqualTo(rows);
        assertThat(saga.rows("vector", "vector_words")).isEqualTo(words);
        assertThat(list()).isEmpty();
    }

    @Test
    void searches_every_bucket_that_documents_were_ever_sent_to() throws Exception {
        start(ANY_AGE);
        completed("kept.txt");
        List<String> keys = saga.keys();
        String prefix = strayKeys(Ids.next());
        saga.restart(Map.of("saga.s3.bucket", "other-bucket", "saga.chunk.prefix", "docs"));

        assertThat(list()).singleElement().satisfies(orphan -> {
            assertThat(orphan.resource()).isEqualTo(prefix);
            assertThat(orphan.reason()).contains("in bucket " + StreamingSagaFixture.BUCKET);
        });
        assertThat(delete())
                .singleElement()
                .satisfies(
                        orphan -> assertThat(orphan.deleted()).as("%s", orphan).isTrue());
        assertThat(saga.keys()).isEqualTo(keys);
        assertThat(list()).isEmpty();
    }

    @Test
    void keeps_what_is_younger_than_the_minimum_age() throws Exception {
        start(Map.of());
        completed("kept.txt");
        Instant now = saga.journal().clock().instant();
        String young = ulid(now.minus(Duration.ofHours(23)));
        String old = ulid(now.minus(Duration.ofHours(25)));
        String prefix = strayKeys(old);
        strayRows(young);
        saga.execute("graph", "DELETE FROM graph_edge WHERE saga_id = '" + young + "'");
        strayRows(old);

        List<Orphan> after = delete();

        assertThat(after)
                .filteredOn(
                        orphan -> orphan.sagaId().equals(old) && !orphan.store().equals("upload"))
                .hasSize(4)
                .allSatisfy(
                        orphan -> assertThat(orphan.deleted()).as("%s", orphan).isTrue());
        assertThat(after)
                .filteredOn(orphan -> orphan.sagaId().equals(young))
                .hasSize(3)
                .allSatisfy(orphan -> assertThat(orphan.kept()).contains("younger than saga.orphans.min-age"));
        assertThat(after)
                .filteredOn(orphan -> orphan.store().equals("upload"))
                .singleElement()
                .satisfies(orphan -> assertThat(orphan.kept())
                        .as("its objects were written just now")
                        .contains("younger"));
        assertThat(saga.keys()).contains(prefix + "chunk-000000");
    }

    @Test
    void deletes_nothing_with_an_empty_journal() throws Exception {
        start(ANY_AGE);
        String prefix = strayKeys(Ids.next());

        assertThat(delete())
                .singleElement()
                .satisfies(orphan -> assertThat(orphan.kept()).contains("the journal is empty"));
        assertThat(saga.keys()).contains(prefix + "chunk-000000", prefix + "chunk-000001");
    }

    @Test
    void deletes_nothing_below_a_prefix_that_another_journal_owns() throws Exception {
        start(ANY_AGE);
        IngestResult lost = completed("lost.txt");
        // The journal is lost, and a new one replaces it.
        List.of("event", "chunk", "step", "cleanup", "source_claim", "saga")
                .forEach(table -> saga.execute("journal", "DELETE FROM " + table));
        saga.execute("journal", "DELETE FROM journal_epoch");
        saga.restart();
        completed("new.txt");
        String stray = strayKeys(Ids.next());
        List<String> keys = saga.keys();
        long rows = rows();

        assertThat(delete()).hasSize(6).extracting(Orphan::sagaId).contains(lost.sagaId());
        assertThat(list())
                .filteredOn(orphan -> orphan.resource().equals(stray))
                .singleElement()
                .satisfies(orphan -> assertThat(orphan.isDeletable()).isTrue());
        assertThat(delete())
                .filteredOn(orphan -> orphan.resource().equals(stray))
                .singleElement()
                .satisfies(orphan -> assertThat(orphan.kept())
                        .contains("belongs to journal")
                        .contains("a lost journal must not delete live data"));
        assertThat(saga.keys()).isEqualTo(keys);
        assertThat(rows()).isEqualTo(rows);
    }

    @Test
    void never_deletes_a_completed_document_that_a_restored_journal_does_not_have() throws Exception {
        start(ANY_AGE);
        completed("before.txt");
        IngestResult forgotten = completed("after.txt");
        List.of("event", "chunk", "step", "saga")
                .forEach(table -> saga.execute(
                        "journal", "DELETE FROM " + table + " WHERE saga_id = '" + forgotten.sagaId() + "'"));
        List<String> keys = saga.keys();
        long rows = rows();

        assertThat(delete()).hasSize(5).allSatisfy(orphan -> {
            assertThat(orphan.sagaId()).isEqualTo(forgotten.sagaId());
            assertThat(orphan.kept()).contains("restored from a backup");
        });
        assertThat(saga.keys()).isEqualTo(keys);
        assertThat(rows()).isEqualTo(rows);
    }

    @Test
    void claims_an_unowned_bucket_unless_it_holds_documents_of_others() throws Exception {
        start(ANY_AGE);
        BucketOwner owner = new BucketOwner(saga.config(), saga.bucket());
        assertThat(saga.ingest(directory.resolve("nowhere.pdf")).status()).isEqualTo("COMPENSATED");
        assertThat(owner.epoch())
                .as("nothing is in the bucket before a document completes")
                .isEmpty();
        String prefix = strayKeys(Ids.next());
        saga.put(prefix + "manifest.json", new byte[10]);

        assertThat(delete())
                .singleElement()
                .satisfies(orphan -> assertThat(orphan.isDeletable()).isFalse());
        assertThat(owner.epoch()).isEmpty();

        saga.bucket().deleteObject(r -> r.bucket(StreamingSagaFixture.BUCKET).key(prefix + "manifest.json"));
        assertThat(delete()).extracting(Orphan::deleted).containsExactly(true);
        assertThat(owner.epoch()).contains(saga.journal().epoch());
    }

    @Test
    void lists_foreign_keys_and_never_deletes_them() throws Exception {
        start(ANY_AGE);
        completed("kept.txt");
        String sagaId = Ids.next();
        // The last two: another instance, with a prefix below this one.
        List<String> foreign = List.of(
                "saga/readme.txt",
                "saga/" + DOCUMENT + "/note",
                "saga/" + DOCUMENT + "/UPPER/chunk-000000",
                "saga/team/" + DOCUMENT + "/" + sagaId + "/chunk-000000",
                "saga/team/.owner.json");
        foreign.forEach(key -> saga.put(key, new byte[1]));
        String mixed = strayKeys(sagaId);
        saga.put(mixed + "deeper/chunk-000000", new byte[1]);
        saga.put("elsewhere/" + DOCUMENT + "/" + sagaId + "/chunk-000000", new byte[1]);
        List<String> keys = saga.keys();

        List<Orphan> found = delete();

        assertThat(found)
                .filteredOn(orphan -> orphan.kind() == Orphan.OrphanKind.FOREIGN)
                .extracting(Orphan::resource)
                .containsExactlyInAnyOrderElementsOf(java.util.stream.Stream.concat(
                                foreign.stream(), java.util.stream.Stream.of(mixed + "deeper/chunk-000000"))
                        .toList());
        assertThat(found)
                .filteredOn(orphan -> orphan.kind() == Orphan.OrphanKind.ORPHAN)
                .singleElement()
                .satisfies(orphan -> assertThat(orphan.kept()).contains("there are foreign keys below it"));
        assertThat(saga.journal().events().of(sagaId)).isEmpty();
        assertThat(saga.bucket()
                        .listObjectsV2(r -> r.bucket(StreamingSagaFixture.BUCKET))
                        .contents())
                .extracting(o -> o.key())
                .containsAll(keys)
                .containsAll(foreign);
    }

    @Test
    void never_lists_the_data_of_an_unfinished_saga() throws Exception {
        start(ANY_AGE);
        completed("kept.txt");
        CountDownLatch latch = new CountDownLatch(1);
        saga.s3().when(method("PUT").and(keyEndsWith("manifest.json"))).delay(latch);
        Path file = saga.text("running.txt", 5);
        CompletableFuture<IngestResult> running = Background.run("ingest", () -> saga.ingest(file));
        await().atMost(Duration.ofSeconds(30))
                .until(() -> saga.s3().count(method("PUT").and(keyEndsWith("manifest.json"))) == 2);
        long rows = rows();

        assertThat(saga.rows("relational", "relational_document"))
                .as("it holds something everywhere")
                .isEqualTo(2);
        assertThat(delete()).isEmpty();
        assertThat(rows()).isEqualTo(rows);

        latch.countDown();
        assertThat(running.join().status()).isEqualTo("COMPLETED");
        assertThat(list()).isEmpty();
    }

    @Test
    void finds_data_that_arrived_after_compensation_but_not_data_with_open_clean_up_entries() throws Exception {
        start(ANY_AGE);
        completed("kept.txt");
        saga.s3().when(method("PUT").and(keyEndsWith("chunk-000000"))).always().answer(403, "AccessDenied");
        IngestResult compensated = saga.ingest(saga.text("late.txt", 5));
        saga.s3().clearRules();
        assertThat(compensated.status()).isEqualTo("COMPENSATED");
        String late = "saga/" + compensated.documentId() + "/" + compensated.sagaId() + "/";
        saga.put(late + "chunk-000000", new byte[5]);

        assertThat(list())
                .extracting(Orphan::resource, Orphan::reason)
                .containsExactly(
                        tuple(late, "saga " + compensated.sagaId() + " is COMPENSATED and has no open clean-up entry"));

        saga.execute(
                "journal",
                "UPDATE saga SET state = 'PARTIALLY_COMPENSATED' WHERE saga_id = '" + compensated.sagaId() + "'");
        assertThat(delete()).isEmpty();
        saga.execute("journal", "UPDATE saga SET state = 'COMPENSATED' WHERE saga_id = '" + compensated.sagaId() + "'");
        assertThat(delete()).extracting(Orphan::deleted).containsExactly(true);
        assertThat(saga.keys()).noneMatch(key -> key.startsWith(late));
    }

    @Test
    void keeps_rows_with_the_id_of_a_live_saga_whatever_document_they_name() throws Exception {
        start(ANY_AGE);
        IngestResult live = completed("kept.txt");
        saga.execute(
                "graph",
                "INSERT INTO graph_node VALUES ('x', '" + live.sagaId() + "', 'another', 1, 'page', 9, 0, '')");
        saga.put("saga/" + DOCUMENT + "/" + live.sagaId() + "/chunk-000000", new byte[5]);
        long rows = rows();

        assertThat(delete())
                .extracting(Orphan::kind, Orphan::store, Orphan::deleted)
                .containsExactlyInAnyOrder(
                        tuple(Orphan.OrphanKind.FOREIGN, "graph", false),
                        tuple(Orphan.OrphanKind.ORPHAN, "upload", true));
        assertThat(rows()).isEqualTo(rows);
        assertThat(saga.keys()).hasSize(2).allMatch(key -> key.contains(live.documentId()));
    }

    @Test
    void reports_an_orphan_that_cannot_be_deleted() throws Exception {
        start(ANY_AGE);
        completed("kept.txt");
        strayRows(Ids.next());
        saga.execute(
                "security", "CREATE TRIGGER stuck BEFORE DELETE ON security_document BEGIN SELECT raise(ignore); END");

        assertThat(delete())
                .filteredOn(orphan -> !orphan.deleted())
                .singleElement()
                .satisfies(orphan ->
                        assertThat(orphan.kept()).contains("cannot be deleted").contains("still holds 1 rows"));
        assertThat(list()).extracting(Orphan::store).containsExactly("security");
    }

    @Test
    void searches_the_other_stores_when_one_is_down() throws Exception {
        start(ANY_AGE);
        completed("kept.txt");
        strayRows(Ids.next());
        saga.execute("vector", "ALTER TABLE vector_document RENAME TO vector_away");
        saga.s3().down();

        assertThat(list())
                .extracting(Orphan::kind, Orphan::store)
                .containsExactlyInAnyOrder(
                        tuple(Orphan.OrphanKind.UNREACHABLE, "upload"),
                        tuple(Orphan.OrphanKind.ORPHAN, "security"),
                        tuple(Orphan.OrphanKind.UNREACHABLE, "vector"),
                        tuple(Orphan.OrphanKind.ORPHAN, "graph"),
                        tuple(Orphan.OrphanKind.ORPHAN, "relational"));
        assertThat(delete()).as("whose bucket it is can't be asked").noneMatch(Orphan::deleted);
    }

    @Test
    void pages_through_more_sagas_than_fit_in_one_response() throws Exception {
        start(ANY_AGE);
        completed("kept.txt");
        saga.execute(
                "security",
                "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 12000)"
                        + " INSERT INTO security_document SELECT printf('stray-%06d', i), '" + DOCUMENT + "', 1, '"
                        + "0".repeat(64)
                        + "', 'o', 'public', 'none', 'now', 0 FROM n");

        assertThat(list().stream().map(Orphan::sagaId).collect(Collectors.toSet()))
                .hasSize(12_000);
    }
}
