package dev.streamingsaga.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamingsaga.testkit.PostgresServer;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.jdbc.core.JdbcTemplate;

/** 20 000 segments that all contain the words "der" and "vertrag"; a few contain a rare word. */
@Tag("one-jdk")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PostgresWordsTest {
    private static final int SEGMENTS = 20_000;
    private static final int WAYS_TO_FIND = 3;

    private final PostgresStores server = new PostgresStores(PostgresServer::pglite);
    private StoreFixture fixture;
    private JdbcTemplate sql;
    private PostgresWords words;

    @BeforeAll
    void fill(@TempDir Path folder) throws Exception {
        Map<String, String> settings = new HashMap<>(server.emptied());
        settings.put("saga.participants", "vector");
        fixture = new StoreFixture(folder, settings, new WordVectors("words", 2));
        sql = fixture.sql("vector");
        words = new PostgresWords(sql);
        sql.update("insert into vector_document (saga_id, document_id, run, file_name, model, dimension, visible)"
                + " values ('saga-1', 'doc-1', 1, 'a', 'words', 2, 1), ('saga-2', 'doc-2', 1, 'b', 'words', 2, 1)");
        sql.update(
                "insert into vector_segment (saga_id, document_id, run, page, ordinal, text, model, dimension, vector)"
                        + " select 'saga-' || 1 + i % 2, 'doc', 1, 1, i, 'der Vertrag w' || i"
                        + " || case when i % 5000 = 0 or i = 5001 then ' Quartalsende' else '' end"
                        + " || case when i = 19998 then ' der Vertrag der Miete' else '' end,"
                        + " 'words', 2, '[1,0]' from generate_series(0, ? - 1) i",
                SEGMENTS);
        new WordIndexBuilder(fixture.database("vector"), fixture.content, new DocumentRecords(Map.of()), () -> false)
                .buildMissing();
        sql.update("update vector_document set visible = 0 where saga_id = 'saga-2'");
        sql.execute("vacuum analyze vector_words");
        countRankedSegments();
    }

    /** Puts functions that count before those of PostgreSQL. PGlite has one session for all connections. */
    private void countRankedSegments() {
        sql.execute("create sequence ranked");
        for (String function : List.of("ts_rank", "ts_rank_cd")) {
            sql.execute("create function public." + function + "(words tsvector, query tsquery, norm integer)"
                    + " returns real language plpgsql as $$ begin perform nextval('ranked');"
                    + " return pg_catalog." + function + "(words, query, norm); end $$");
        }
        sql.execute("set search_path = public, pg_catalog");
    }

    @BeforeEach
    void reset() {
        sql.execute("alter sequence ranked restart");
    }

    private List<SegmentIndex.SegmentKey> found(String text, int limit) {
        return words.words(SearchQuery.of(text).terms(), limit, DocumentFilter.NONE)
                .keys();
    }

    private List<SegmentIndex.SegmentKey> phrase(String text, int limit) {
        return words.phrase(Phrase.of(text).sequences(), limit, DocumentFilter.NONE);
    }

    @AfterAll
    void stop() throws Exception {
        if (fixture != null) {
            fixture.close();
        }
        server.close();
    }

    private long ranked() {
        return Objects.requireNonNull(sql.queryForObject("select nextval('ranked') - 1", Long.class));
    }

    private Stream<Integer> ordinals(String text, int limit) {
        return found(text, limit).stream().map(SegmentIndex.SegmentKey::ordinal);
    }

    @Test
    void ranks_a_bounded_number_of_segments_for_words_that_stand_everywhere() {
        assertThat(found("der Vertrag", 50)).hasSize(50);

        assertThat(ranked()).isPositive().isLessThanOrEqualTo(WAYS_TO_FIND * PostgresWords.MAX_RANKED);
    }

    @Test
    void ranks_a_bounded_number_of_segments_for_a_phrase_that_stands_everywhere() {
        assertThat(phrase("der Vertrag", 50)).hasSize(50);

        assertThat(ranked()).isPositive().isLessThanOrEqualTo(PostgresWords.MAX_RANKED);
    }

    @Test
    void finds_every_visible_segment_with_the_rare_word_before_all_others() {
        assertThat(ordinals("der Vertrag Quartalsende", 4)).containsExactlyInAnyOrder(0, 5000, 10_000, 15_000);
        assertThat(ordinals("Quartalsende", 50)).containsExactlyInAnyOrder(0, 5000, 10_000, 15_000);
        assertThat(ordinals("der w19996", 50).toList()).startsWith(19_996).hasSize(50);
    }

    @Test
    void does_not_count_words_that_the_statistics_call_frequent() {
        List<Term> terms = SearchQuery.of("Vertrag Quartalsende w19996").terms();

        assertThat(words.frequent(terms)).containsExactly(terms.get(0).stem());
    }

    @Test
    void finds_a_rare_phrase_of_common_words() {
        assertThat(phrase("Vertrag der Miete", 50)).containsExactly(new SegmentIndex.SegmentKey("saga-1", 19_998));
        assertThat(phrase("Miete der Vertrag", 50)).isEmpty();
    }

    @Test
    void asks_the_index_for_the_words() {
        String plan = String.join(
                "\n",
                sql.queryForList(
                        "explain select s.saga_id from vector_words s"
                                + " where s.words @@ (select cast('''der''' as tsquery)) limit 2000",
                        String.class));

        assertThat(plan).contains("vector_words_by_words");
    }
}
