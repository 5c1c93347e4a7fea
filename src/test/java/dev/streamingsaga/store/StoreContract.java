package dev.streamingsaga.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamingsaga.journal.Document;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.SagaException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Contract of every built-in store on every database, checked in its tables and not through its routes. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class StoreContract {
    static final String TEXT = "Der Vertrag wird verlängert.\nDie Kündigung ist möglich.\fSecond page, one line.\f"
            + "Zeile drei\nZeile vier\nZeile fünf\nZeile sechs\nZeile sieben\nZeile acht\nZeile neun";
    static final int SEGMENTS = 10;
    static final int PAGES = 3;
    private static final Map<String, List<String>> TABLES = Map.of(
            "security", List.of("security_document"),
            "vector", List.of("vector_document", "vector_segment"),
            "graph", List.of("graph_document", "graph_node", "graph_edge"),
            "relational", List.of("relational_document"));

    @TempDir
    Path folder;

    private @Nullable StoreFixture opened;

    /** The stores that this database can hold. */
    abstract Stream<String> stores();

    /** Settings of an empty database for these stores, or none for the embedded one. */
    abstract Map<String, String> database();

    /** Statements that make every delete from a table fail, or (silently) do nothing. */
    abstract List<String> refuseDeletes(String table, boolean silently);

    /** The stores whose database can be made to do nothing silently. */
    Stream<String> storesWithTriggers() {
        return stores();
    }

    void refuseDeletes(String store) {
        refuseDeletes(TABLES.get(store).get(0), false).forEach(fixture(store).sql(store)::execute);
    }

    /** The one store of this test, opened with its first call. */
    final StoreFixture fixture(String store) {
        if (opened == null) {
            Map<String, String> settings = new HashMap<>(database());
            settings.put("saga.participants", store);
            opened = StoreFixture.open(folder, settings, new WordVectors("words", 64));
        }
        return opened;
    }

    @AfterEach
    void close() {
        if (opened != null) {
            opened.close();
            opened = null;
        }
    }

    private static long expected(String store) {
        return switch (store) {
            case "vector" -> SEGMENTS;
            case "graph" -> 1 + PAGES + SEGMENTS;
            default -> 1;
        };
    }

    long rows(String store, String sagaId) {
        return TABLES.get(store).stream()
                .mapToLong(table ->
                        fixture(store).ask(store, "select count(*) from " + table + " where saga_id = ?", sagaId))
                .sum();
    }

    long visible(String store) {
        return fixture(store).ask(store, "select count(*) from " + store + "_document where visible = 1");
    }

    /** Rows that are not of saga-1, doc-1 and run 1. */
    long foreignRows(String store) {
        return TABLES.get(store).stream()
                .mapToLong(table -> fixture(store)
                        .ask(
                                store,
                                "select count(*) from " + table
                                        + " where saga_id <> 'saga-1' or document_id <> 'doc-1' or run <> 1"))
                .sum();
    }

    long run(String store) {
        return fixture(store).ask(store, "select run from " + store + "_document where saga_id = 'saga-1'");
    }

    void removeDocument(String store, String sagaId) {
        fixture(store).sql(store).update("delete from " + TABLES.get(store).get(0) + " where saga_id = ?", sagaId);
    }

    /** Gives saga-1 another document, and a gap to the vectors. */
    void damage(String store) {
        fixture(store).sql(store).update("update " + store + "_document set document_id = 'another'");
        if (store.equals("vector")) {
            fixture(store).sql(store).update("delete from vector_segment where ordinal in (0, 4)");
        }
    }

    /** Makes the next write fail. */
    void breakDatabase(String store) {
        fixture(store)
                .sql(store)
                .execute("alter table " + TABLES.get(store).get(0)
                        + " add column broken integer default 0 check (broken = 1)");
    }

    @ParameterizedTest
    @MethodSource("stores")
    void counts_what_was_written(String store) {
        fixture(store).write(store, fixture(store).document("saga-1", "doc-1", TEXT));

        assertThat(fixture(store).count(store, "saga-1")).isEqualTo(expected(store));
        assertThat(foreignRows(store)).isZero();
    }

    @ParameterizedTest
    @MethodSource("stores")
    void shows_a_document_only_once_it_is_complete(String store) {
        fixture(store).write(store, fixture(store).document("saga-1", "doc-1", TEXT));
        assertThat(visible(store)).isZero();

        fixture(store).complete(store, "saga-1");
        fixture(store).complete(store, "saga-1");

        assertThat(visible(store)).isEqualTo(1);
    }

    @ParameterizedTest
    @MethodSource("stores")
    void hides_a_document_and_keeps_its_rows(String store) {
        Document document = fixture(store).document("saga-1", "doc-1", TEXT);
        fixture(store).writeAndComplete(store, document);
        long rows = rows(store, "saga-1");

        fixture(store).hide(store, "saga-1");
        fixture(store).hide(store, "saga-1");

        assertThat(inspect(store, document).get("visible")).hasToString("0");
        assertThat(rows(store, "saga-1")).isEqualTo(rows);
        fixture(store).hide(store, "unknown");
    }

    @ParameterizedTest
    @MethodSource("stores")
    void fails_to_complete_when_nothing_was_written(String store) {
        assertThatThrownBy(() -> fixture(store).complete(store, "saga-1"))
                .hasMessageContaining("saga-1")
                .hasMessageContaining(store);
    }

    @ParameterizedTest
    @MethodSource("stores")
    void holds_nothing_after_a_compensation(String store) {
        fixture(store).writeAndComplete(store, fixture(store).document("saga-1", "doc-1", TEXT));

        fixture(store).compensate(store, "saga-1");

        assertThat(rows(store, "saga-1")).isZero();
        assertThat(fixture(store).count(store, "saga-1")).isZero();
    }

    @ParameterizedTest
    @MethodSource("stores")
    void compensates_where_nothing_was_written(String store) {
        fixture(store).compensate(store, "saga-1");
        fixture(store).compensate(store, "saga-1");

        assertThat(fixture(store).count(store, "saga-1")).isZero();
    }

    @ParameterizedTest
    @MethodSource("stores")
    void has_the_same_rows_after_the_next_run_writes_again(String store) {
        Document document = fixture(store).document("saga-1", "doc-1", TEXT);
        fixture(store).write(store, document);
        long rows = rows(store, "saga-1");

        fixture(store).write(store, new OpenRun(document, 2, Integer.MAX_VALUE));

        assertThat(rows(store, "saga-1")).isEqualTo(rows);
        assertThat(fixture(store).count(store, "saga-1")).isEqualTo(expected(store));
        assertThat(run(store)).isEqualTo(2);
    }

    /** A stale process wakes up: rows that it still sends must not replace those of the later run. */
    @ParameterizedTest
    @MethodSource("stores")
    void accepts_no_rows_of_an_older_run_once_a_newer_one_has_written(String store) {
        fixture(store)
                .write(store, new OpenRun(fixture(store).document("saga-1", "doc-1", TEXT), 2, Integer.MAX_VALUE));
        List<List<Map<String, Object>>> before = contents(store);

        OpenRun old = new OpenRun(fixture(store).document("saga-1", "doc-9", "Another text"), 1, Integer.MAX_VALUE);
        assertThatThrownBy(() -> fixture(store).write(store, old)).isInstanceOfSatisfying(SagaException.class, e -> {
            assertThat(e.reason()).isEqualTo(Reason.CANCELLED);
            assertThat(e).hasMessageContaining("run 1 of saga saga-1").hasMessageContaining(store);
        });

        assertThat(contents(store)).isEqualTo(before);
        assertThat(old.open).hasValue(0);
    }

    List<List<Map<String, Object>>> contents(String store) {
        return TABLES.get(store).stream()
                .map(table -> fixture(store).sql(store).queryForList("select * from " + table).stream()
                        .map(row -> {
                            Map<String, Object> comparable = new java.util.TreeMap<>();
                            row.forEach((column, value) -> comparable.put(
                                    column,
                                    value instanceof byte[] bytes
                                            ? java.util.Arrays.toString(bytes)
                                            : String.valueOf(value)));
                            return comparable;
                        })
                        .toList())
                .toList();
    }

    @ParameterizedTest
    @MethodSource("stores")
    void keeps_two_versions_of_one_document_apart(String store) {
        fixture(store).writeAndComplete(store, fixture(store).document("saga-1", "doc-1", TEXT));
        fixture(store).write(store, fixture(store).document("saga-2", "doc-1", "Only one line"));
        long first = rows(store, "saga-1");

        fixture(store).compensate(store, "saga-2");

        assertThat(rows(store, "saga-2")).isZero();
        assertThat(rows(store, "saga-1")).isEqualTo(first);
        assertThat(visible(store)).isEqualTo(1);
    }

    @ParameterizedTest
    @MethodSource("stores")
    void lists_the_sagas_it_holds_page_by_page(String store) {
        fixture(store).writeAndComplete(store, fixture(store).document("saga-1", "doc-1", TEXT));
        fixture(store).write(store, fixture(store).document("saga-2", "doc-1", "Only one line"));
        fixture(store).write(store, fixture(store).document("saga-3", "doc-3", "Only one line"));
        removeDocument(store, "saga-3");
        boolean more = TABLES.get(store).size() > 1;

        List<Map<String, Object>> first = sagas(store, "", 2);
        List<Map<String, Object>> second = sagas(store, "saga-2", 2);

        assertThat(first).extracting(row -> row.get("saga_id").toString()).containsExactly("saga-1", "saga-2");
        assertThat(first)
                .extracting(row -> ((Number) row.get("visible")).intValue())
                .containsExactly(1, 0);
        assertThat(first).allSatisfy(row -> {
            assertThat(row.get("document_id")).isEqualTo("doc-1");
            assertThat(((Number) row.get("documents")).intValue()).isEqualTo(1);
        });
        assertThat(second)
                .as("rows without their document are held as well")
                .extracting(row -> row.get("saga_id").toString())
                .containsExactlyElementsOf(more ? List.of("saga-2", "saga-3") : List.of("saga-2"));
    }

    @SuppressWarnings("unchecked")
    private List<Map<String, Object>> sagas(String store, String from, int limit) {
        return fixture(store)
                .send(
                        fixture(store).config.direct("store-" + store + "-sagas"),
                        Map.of("from", from, "limit", limit),
                        null)
                .getMessage()
                .getBody(List.class);
    }

    private Map<?, ?> inspect(String store, Document document) {
        return fixture(store)
                .send(fixture(store).config.direct("store-" + store + "-inspect"), document.facts(), null)
                .getMessage()
                .getBody(Map.class);
    }

    @ParameterizedTest
    @MethodSource("stores")
    void returns_what_it_holds_of_a_saga_and_other_sagas_of_the_document(String store) {
        Document document = fixture(store).document("saga-1", "doc-1", TEXT);
        assertThat(inspect(store, document).keySet()).isEqualTo(java.util.Set.of("others"));
        fixture(store).writeAndComplete(store, document);
        fixture(store).write(store, fixture(store).document("saga-2", "doc-1", "Only one line"));

        Map<?, ?> found = inspect(store, document);

        assertThat(found.get("document_id")).isEqualTo("doc-1");
        assertThat(((Number) found.get("visible")).intValue()).isEqualTo(1);
        assertThat(found.get("others")).isEqualTo(List.of("saga-2"));
        Map<String, Integer> counts = switch (store) {
            case "vector" ->
                Map.of("pages", PAGES, "segments", SEGMENTS, "stored", SEGMENTS, "next_ordinal", SEGMENTS, "odd", 0);
            case "graph" ->
                Map.of(
                        "documents",
                        1,
                        "pages",
                        PAGES,
                        "segments",
                        SEGMENTS,
                        "edges",
                        2 * (PAGES + SEGMENTS) - 2,
                        "odd",
                        0);
            case "relational" ->
                Map.of(
                        "pages",
                        PAGES,
                        "segments",
                        SEGMENTS,
                        "size_bytes",
                        (int) document.sizeBytes(),
                        "chunk_count",
                        1);
            default -> Map.of();
        };
        counts.forEach((column, count) ->
                assertThat(((Number) found.get(column)).intValue()).as(column).isEqualTo(count));
    }

    @ParameterizedTest
    @MethodSource("stores")
    void repairs_changed_rows_when_written_again_and_stays_visible(String store) {
        Document document = fixture(store).document("saga-1", "doc-1", TEXT);
        fixture(store).writeAndComplete(store, document);
        Map<?, ?> before = inspect(store, document);
        damage(store);

        fixture(store).write(store, document);

        assertThat(inspect(store, document)).isEqualTo(before);
    }

    @ParameterizedTest
    @MethodSource("stores")
    void writes_nothing_without_a_permit(String store) {
        OpenRun cancelled = new OpenRun(fixture(store).document("saga-1", "doc-1", TEXT), 1, 0);

        assertThatThrownBy(() -> fixture(store).write(store, cancelled))
                .isInstanceOfSatisfying(
                        SagaException.class, e -> assertThat(e.reason()).isEqualTo(Reason.CANCELLED));

        assertThat(rows(store, "saga-1")).isZero();
    }

    @ParameterizedTest
    @MethodSource("stores")
    void releases_every_permit_even_if_the_database_fails(String store) {
        OpenRun run = new OpenRun(fixture(store).document("saga-1", "doc-1", TEXT), 1, Integer.MAX_VALUE);
        breakDatabase(store);

        assertThatThrownBy(() -> fixture(store).write(store, run)).isInstanceOf(RuntimeException.class);

        assertThat(run.open).hasValue(0);
        assertThat(run.left.get()).isLessThan(Integer.MAX_VALUE);
    }

    @ParameterizedTest
    @MethodSource("stores")
    void fails_to_compensate_when_the_database_rejects_deletes(String store) {
        fixture(store).writeAndComplete(store, fixture(store).document("saga-1", "doc-1", TEXT));
        refuseDeletes(store);
        long rows = rows(store, "saga-1");

        assertThatThrownBy(() -> fixture(store).compensate(store, "saga-1")).isInstanceOf(RuntimeException.class);

        assertThat(rows(store, "saga-1")).as("all or nothing").isEqualTo(rows);
    }

    @ParameterizedTest(allowZeroInvocations = true)
    @MethodSource("storesWithTriggers")
    void fails_to_compensate_when_rows_remain_although_the_database_reported_no_error(String store) {
        fixture(store).writeAndComplete(store, fixture(store).document("saga-1", "doc-1", TEXT));
        refuseDeletes(TABLES.get(store).get(0), true).forEach(fixture(store).sql(store)::execute);

        assertThatThrownBy(() -> fixture(store).compensate(store, "saga-1"))
                .hasMessageContaining("still holds 1 rows of saga saga-1");
    }

    @ParameterizedTest
    @MethodSource("stores")
    void reads_the_saga_from_the_body_and_ignores_statements_in_headers(String store) {
        fixture(store).writeAndComplete(store, fixture(store).document("saga-1", "doc-1", TEXT));
        long rows = rows(store, "saga-1");

        assertThatThrownBy(() -> fixture(store)
                        .send(fixture(store).config.direct("store-" + store + "-compensate"), Map.of(), null))
                .hasMessageContaining("sagaId");
        fixture(store)
                .sendWithHeader(
                        store,
                        "-count",
                        "CamelSqlQuery",
                        "delete from " + TABLES.get(store).get(0));

        assertThat(rows(store, "saga-1")).isEqualTo(rows);
    }
}
