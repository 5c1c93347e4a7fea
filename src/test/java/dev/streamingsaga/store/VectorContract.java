package dev.streamingsaga.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamingsaga.access.AccessLimit;
import dev.streamingsaga.access.Classification;
import dev.streamingsaga.access.SecurityLabel;
import dev.streamingsaga.embedding.Segment;
import dev.streamingsaga.journal.Document;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.journal.TextOutcome;
import dev.streamingsaga.store.VectorSearch.Hit;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Contract of the vector store alone, on every database: resumable batches, one model, hybrid search. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class VectorContract {
    private static final String LEASE = """
            Der Mietvertrag wird für drei Jahre geschlossen.
            Die Kündigungsfrist beträgt sechs Monate zum Quartalsende.
            Kündigung und Frist stehen in Anlage zwei, sechs Monate nach Beginn.\f\
            Herr Müller zahlt die Miete schön pünktlich.
            Der Rasen ist schon gemäht.
            The quick brown fox jumps over the lazy dog.
            """;

    StoreFixture fixture;

    abstract Map<String, String> database();

    /** Number of index entries without a segment and of segments without an index entry: 0 if both agree. */
    abstract long wordsWithoutSegment();

    @BeforeEach
    void open(@TempDir Path folder) throws Exception {
        Map<String, String> settings = new HashMap<>(database());
        settings.put("saga.participants", "vector");
        fixture = new StoreFixture(folder, settings, new WordVectors("words", 64));
    }

    @AfterEach
    void close() {
        if (fixture != null) {
            fixture.close();
        }
    }

    private List<Hit> search(String text) {
        return fixture.stores.search().orElseThrow().search(text, 10);
    }

    private Document lease(String sagaId) {
        return fixture.document(sagaId, "doc-1", LEASE);
    }

    @Test
    void finds_nothing_before_completion_and_nothing_after_compensation() {
        fixture.write("vector", lease("saga-1"));
        assertThat(search("Kündigungsfrist")).isEmpty();

        fixture.complete("vector", "saga-1");
        assertThat(search("Kündigungsfrist")).isNotEmpty();

        fixture.compensate("vector", "saga-1");
        assertThat(search("Kündigungsfrist")).isEmpty();
        assertThat(wordsWithoutSegment()).isZero();
    }

    @Test
    void ranks_an_exact_german_phrase_first() {
        fixture.writeAndComplete("vector", lease("saga-1"));

        Hit best = search("beträgt sechs Monate zum Quartalsende").get(0);

        assertThat(best)
                .extracting(Hit::documentId, Hit::sagaId, Hit::fileName, Hit::page, Hit::ordinal)
                .containsExactly("doc-1", "saga-1", "Bericht ü.txt", 1, 1);
        assertThat(best.how()).isEqualTo("phrase+words+meaning");
    }

    @Test
    void words_in_sequence_come_first_whatever_their_endings() {
        fixture.writeAndComplete(
                "vector",
                fixture.document(
                        "saga-1", "doc-1", "Saving oil and saving wood: he needs daylight, and daylight comes late."));
        fixture.writeAndComplete(
                "vector",
                fixture.document(
                        "saga-2", "doc-2", "In March the keeper sets his clocks to daylight savings, as usual."));

        assertThat(search("daylight saving").get(0))
                .extracting(Hit::documentId, Hit::how)
                .containsExactly("doc-2", "phrase+words+meaning");
        assertThat(search("\"daylight saving\"")).as("word for word").isEmpty();
    }

    @Test
    void says_in_which_part_of_a_document_a_segment_stands() {
        fixture.content.placement = segment -> segment.page() == 1
                ? segment
                : new Segment(segment.page(), segment.ordinal(), segment.text(), "Mail.eml › Brief.pdf", 1);
        fixture.writeAndComplete("vector", lease("saga-1"));

        assertThat(search("Kündigungsfrist").get(0))
                .extracting(Hit::page, Hit::part, Hit::partPage)
                .containsExactly(1, "", 1);
        assertThat(search("Rasen").get(0))
                .extracting(Hit::page, Hit::part, Hit::partPage)
                .containsExactly(2, "Mail.eml › Brief.pdf", 1);
    }

    @Test
    void finds_umlauts_with_and_without_dots_and_prefers_the_exact_spelling() {
        fixture.writeAndComplete("vector", lease("saga-1"));

        assertThat(search("Muller").get(0).text()).contains("Müller");
        assertThat(search("MÜLLER").get(0).text()).contains("Müller");
        assertThat(search("schön").get(0).text()).contains("schön pünktlich");
        assertThat(search("schon").get(0).text()).contains("schon gemäht");
    }

    @Test
    void finds_by_meaning_segments_that_no_word_index_would_find() {
        fixture.writeAndComplete("vector", lease("saga-1"));

        assertThat(search("the fox")).isNotEmpty().first().satisfies(hit -> {
            assertThat(hit.ordinal()).isEqualTo(5);
            assertThat(hit.how()).contains("meaning");
        });
        assertThat(search("xyzzy")).allSatisfy(hit -> assertThat(hit.how()).isEqualTo("meaning"));
    }

    @ParameterizedTest
    @CsvSource({
        "東京都の図書館は月曜日に休みます, 図書館",
        "東京都の図書館は月曜日に休みます, 休",
        "北京大学图书馆星期一不开放, 大学",
        "서울에서도서관은월요일에쉽니다, 도서관",
        "서울에서 도서관은 월요일에 쉽니다, 서울",
        "ห้องสมุดปิดทุกวันจันทร์, จันทร์",
        "Die Paketverwaltungssoftware ist fertig, Verwaltung",
        "Die Paketverwaltungssoftware ist fertig, paket",
        "Das Partitionstabellenformat ist alt, Tabellenformat",
        "Straße und Maße, STRASSE",
        "Strasse und Masse, straße",
        "Herr Schroeder kommt, Schröder",
        "Herr Schröder kommt, Schroeder",
        "Die Verträge sind da, Vertrag",
        "a self-contained archive, selfcontained",
        "a selfcontained archive, self-contained",
        "a self-contained archive, self contained",
        "a ﬁne ﬂat, fine",
        "ＦＵＬＬ width, full",
        "a soft\u00ADhyphen, softhyphen",
        "ΟΔΟΣ ΑΘΗΝΩΝ, οδος"
    })
    void finds_words_however_they_are_written(String text, String words) {
        fixture.writeAndComplete("vector", lease("saga-1"));
        fixture.writeAndComplete("vector", fixture.document("saga-2", "doc-2", text));

        Hit best = search(words).get(0);

        assertThat(best.sagaId()).isEqualTo("saga-2");
        assertThat(best.how()).contains("words");
        assertThat(best.highlights())
                .isNotEmpty()
                .allSatisfy(word -> assertThat(text.replace("\\u00AD", "\u00AD").substring(word.start(), word.end()))
                        .isNotBlank());
    }

    @Test
    void ranks_whole_words_before_parts_of_words_and_says_where_they_are() {
        fixture.writeAndComplete(
                "vector", fixture.document("saga-1", "doc-1", "Die Paketverwaltung läuft\nDie Verwaltung läuft"));

        List<Hit> hits = search("Verwaltung");

        assertThat(hits).extracting(Hit::ordinal).startsWith(1, 0);
        assertThat(hits.get(0).highlights()).containsExactly(new VectorSearch.Highlight(4, 14));
        assertThat(hits.get(1).highlights()).containsExactly(new VectorSearch.Highlight(4, 19));
    }

    @Test
    void finds_text_in_quotes_word_for_word_only() {
        fixture.writeAndComplete("vector", lease("saga-1"));

        assertThat(search("\"sechs Monate zum\" Kündigungsfrist"))
                .extracting(Hit::ordinal)
                .containsExactly(1);
        assertThat(search("\"Monate sechs\"")).isEmpty();
        assertThat(search("\"sechs Monate\" \"nach Beginn\""))
                .extracting(Hit::ordinal)
                .containsExactly(2);
    }

    @ParameterizedTest
    @CsvSource({
        "file:bericht*, 1",
        "file:*.txt, 1",
        "file:\"Bericht ü.txt\", 1",
        "file:Bericht, 0",
        "type:txt, 1",
        "type:text/*, 1",
        "type:pdf, 0",
        "owner:OWN*, 1",
        "owner:other, 0",
        "owner:other owner:owner, 1",
        "after:2026-11-22 before:2026-11-23, 1",
        "after:2026-11-23, 0",
        "before:2026-11, 0",
        "after:2026 type:txt file:*ü*, 1"
    })
    void searches_the_documents_that_pass_a_filter(String filter, int documents) {
        fixture.writeAndComplete("vector", lease("saga-1"));

        assertThat(search("Quartalsende " + filter))
                .extracting(Hit::sagaId)
                .containsOnly(documents == 0 ? new String[0] : new String[] {"saga-1"})
                .hasSize(documents * fixture.content.segments(lease("saga-1")));
    }

    /** More segments than any list of candidates has rank before the one that is permitted. */
    @Test
    void selects_by_owner_and_classification_in_the_database() {
        fixture.writeAndComplete(
                "vector",
                fixture.document(
                        "saga-1", "doc-1", "Quartalsende\n".repeat(150), new SecurityLabel("board", "internal")));
        fixture.writeAndComplete(
                "vector",
                fixture.document(
                        "saga-2", "doc-2", "Quartalsende\n".repeat(150), new SecurityLabel("legal", "restricted")));
        fixture.writeAndComplete(
                "vector",
                fixture.document(
                        "saga-3",
                        "doc-3",
                        "Zu einem anderen Thema, und erst zum Quartalsende",
                        new SecurityLabel("legal", "internal")));
        VectorSearch search = fixture.stores.search().orElseThrow();
        AccessLimit limit = AccessLimit.ofOwners(Set.of("legal", "other"), Classification.CONFIDENTIAL);

        for (String text : List.of("Quartalsende", "\"zum Quartalsende\"", "artalsend", "Quartalsende owner:*")) {
            VectorSearch.Page page = search.search(text, 0, 10, limit);
            assertThat(page.hits()).as(text).extracting(Hit::sagaId).containsExactly("saga-3");
            assertThat(page.total()).as(text).isOne();
        }
        assertThat(search.search("Quartalsende owner:board", 0, 10, limit).hits())
                .isEmpty();
        assertThat(search.search("Quartalsende", 0, 200).total()).isGreaterThan(50);
        fixture.database("vector").queries().update("update vector_document set classification = ''");
        assertThat(search.search("Quartalsende", 0, 10, limit).hits())
                .as("an unknown classification")
                .isEmpty();
    }

    @Test
    void pages_through_hits_in_one_order() {
        fixture.writeAndComplete("vector", fixture.document("saga-1", "doc-1", "Quartalsende eins\n".repeat(30)));
        VectorSearch search = fixture.stores.search().orElseThrow();

        VectorSearch.Page all = search.search("Quartalsende", 0, 200);
        VectorSearch.Page second = search.search("Quartalsende", 10, 10);
        VectorSearch.Page last = search.search("Quartalsende", 20, 20);

        assertThat(all.total()).isEqualTo(30);
        assertThat(second.hits()).isEqualTo(all.hits().subList(10, 20));
        assertThat(second.hasMore()).isTrue();
        assertThat(last.hits()).isEqualTo(all.hits().subList(20, 30));
        assertThat(last.hasMore()).isFalse();
        assertThat(search.search("Quartalsende", 200, 10).hits()).isEmpty();
    }

    @Test
    void leaves_meaning_out_if_the_model_does_not_know_the_language_of_the_document_or_the_question() {
        fixture.content.language = text -> text.contains("Miete") ? "de" : "en";
        fixture.writeAndComplete("vector", lease("saga-1"));
        fixture.writeAndComplete("vector", fixture.document("saga-2", "doc-2", "a fox is a dog"));
        fixture.content.embedder = new WordVectors("words", 64).knowing("en");

        assertThat(search("lazy fox"))
                .filteredOn(hit -> hit.how().contains("meaning"))
                .extracting(Hit::sagaId)
                .containsOnly("saga-2");
        assertThat(search("lazy fox")).extracting(Hit::language).contains("en", "de");
        assertThat(search("Miete fox")).isNotEmpty().noneMatch(hit -> hit.how().contains("meaning"));
        assertThat(search("Mietezins")).isNotEmpty().allMatch(Hit::weak);
    }

    /** Words in another table, or column, and nothing but the name of what filters compare. */
    abstract void makeOld(String sagaId);

    @Test
    void finds_documents_of_an_older_version_before_and_after_their_words_are_indexed_again() {
        fixture.writeAndComplete("vector", lease("saga-1"));
        makeOld("saga-1");
        assertThat(search("Quartalsende").get(0).how()).isEqualTo("phrase+words+meaning");
        assertThat(search("lazy dog").get(0).how()).isEqualTo("phrase+words+meaning");

        new WordIndexBuilder(fixture.database("vector"), fixture.content, new DocumentRecords(Map.of()), () -> false)
                .buildMissing();

        assertThat(search("Quartal file:Bericht*").get(0).how()).contains("words");
        assertThat(fixture.ask("vector", "select count(*) from vector_document where word_format = 0"))
                .isZero();
        assertThat(wordsWithoutSegment()).isZero();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"",
                "\"\"\"",
                "*",
                "a*",
                "AND",
                "Miete AND",
                "OR OR",
                "NOT Miete",
                "NEAR(a b)",
                "text:Miete",
                "(",
                "-",
                "^Miete",
                "{text}: x",
                "'",
                "'; drop table vector_segment; --",
                "a & b | !c <-> d:*",
                "\\",
                "%",
                "?",
                ":#sagaId",
                "\0Miete",
                " ",
                "Miete \"schön",
                "👍",
                "<script>",
                "https://example.org/?a=b&c='d'"
            })
    void treats_any_text_as_plain_text(String text) {
        fixture.writeAndComplete("vector", lease("saga-1"));

        assertThatCode(() -> search(text)).doesNotThrowAnyException();
        assertThat(search("Quartalsende").get(0).ordinal()).isEqualTo(1);
    }

    @Test
    void finds_visible_segments_among_many_invisible_ones() {
        fixture.content.batch = 100;
        fixture.write("vector", fixture.document("saga-1", "doc-1", "Quartalsende\n".repeat(300)));
        fixture.writeAndComplete(
                "vector", fixture.document("saga-2", "doc-2", "Am Quartalsende ist vielleicht alles wieder gut"));

        assertThat(search("Quartalsende"))
                .extracting(Hit::sagaId, Hit::how)
                .containsExactly(org.assertj.core.groups.Tuple.tuple("saga-2", "phrase+words+meaning"));
    }

    @Test
    void rejects_limits_and_texts_out_of_range() {
        VectorSearch search = fixture.stores.search().orElseThrow();

        assertThatThrownBy(() -> search.search("a", 0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> search.search("a", VectorSearch.MAX_LIMIT + 1))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> search.search("a", -1, 1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> search.search("a", VectorSearch.MAX_HITS + 1, 1))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> search.search("a".repeat(VectorSearch.MAX_TEXT_CHARS + 1), 1))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void searches_with_the_beginning_of_a_query_that_is_too_long_for_the_model() {
        fixture.writeAndComplete("vector", lease("saga-1"));

        assertThat(search("fox ".repeat(400)).get(0).ordinal()).isEqualTo(5);
    }

    @Test
    void resumes_after_the_last_batch_after_a_crash_in_the_third() {
        AtomicInteger batches = new AtomicInteger();
        Document document = fixture.document("saga-1", "doc-1", "Zeile\n".repeat(14));
        fixture.content.beforeBatch = () -> {
            if (batches.incrementAndGet() == 3) {
                throw new IllegalStateException("out of memory");
            }
        };
        assertThatThrownBy(() -> fixture.write("vector", document)).hasMessageContaining("out of memory");
        assertThat(fixture.count("vector", "saga-1")).isEqualTo(2L * PlainContent.BATCH);

        fixture.write("vector", new OpenRun(document, 2, Integer.MAX_VALUE));

        assertThat(fixture.count("vector", "saga-1")).isEqualTo(14);
        assertThat(fixture.content.firstOrdinals).containsExactly(0, 2 * PlainContent.BATCH);
        assertThat(wordsWithoutSegment()).isZero();
    }

    /** Stores two of four batches, as a process does that is killed then. */
    private OpenRun writeHalf(Document document, TextOutcome outcome) {
        AtomicInteger batches = new AtomicInteger();
        fixture.content.beforeBatch = () -> {
            if (batches.incrementAndGet() == 3) {
                throw new IllegalStateException("out of memory");
            }
        };
        OpenRun run = new OpenRun(document, 1, Integer.MAX_VALUE);
        assertThatThrownBy(() -> fixture.write("vector", run)).hasMessageContaining("out of memory");
        fixture.content.beforeBatch = () -> {};
        run.textOutcome = Optional.ofNullable(outcome);
        return run;
    }

    private static OpenRun next(OpenRun run, int permits) {
        OpenRun next = new OpenRun(run.document(), run.number() + 1, permits);
        next.textOutcome = run.textOutcome;
        return next;
    }

    @Test
    void starts_over_when_the_text_is_split_differently_than_in_the_run_before() {
        OpenRun first = writeHalf(
                fixture.document("saga-1", "doc-1", "Zeile\n".repeat(14)),
                new TextOutcome(List.of(9), "", "", OptionalLong.of(50)));
        fixture.content.segmentation = "other lines";

        OpenRun second = next(first, Integer.MAX_VALUE);
        fixture.write("vector", second);

        assertThat(fixture.content.firstOrdinals).containsExactly(0, 0);
        assertThat(fixture.ask("vector", "select count(*) from vector_segment where run = 2"))
                .isEqualTo(14);
        assertThat(second.textOutcome)
                .as("the earlier result counts segments of the other segmentation")
                .hasValueSatisfying(read -> assertThat(read.segmentsPerPage()).containsExactly(14));
        assertThat(wordsWithoutSegment()).isZero();
    }

    @Test
    void forgets_the_earlier_result_before_it_removes_segments_that_are_split_differently() {
        OpenRun first = writeHalf(
                fixture.document("saga-1", "doc-1", "Zeile\n".repeat(14)),
                new TextOutcome(List.of(9), "", "", OptionalLong.of(50)));
        fixture.content.segmentation = "other lines";

        OpenRun second = next(first, 0);
        assertThatThrownBy(() -> fixture.write("vector", second)).hasMessageContaining("was cancelled");

        assertThat(second.textOutcome).isEmpty();
        assertThat(fixture.count("vector", "saga-1")).isEqualTo(2L * PlainContent.BATCH);
    }

    @Test
    void keeps_all_segments_of_a_text_however_they_were_split() {
        OpenRun first = new OpenRun(lease("saga-1"), 1, Integer.MAX_VALUE);
        fixture.write("vector", first);
        fixture.content.segmentation = "other lines";
        fixture.write("vector", next(first, Integer.MAX_VALUE));
        fixture.content.segmentation = "lines";
        fixture.sql("vector").update("delete from vector_segment where ordinal = 5");
        fixture.write("vector", next(first, Integer.MAX_VALUE));

        assertThat(fixture.content.firstOrdinals).containsExactly(0, 5);
        assertThat(first.textOutcome).isPresent();
    }

    @Test
    void a_repair_of_lost_segments_does_not_count_on_the_earlier_result() {
        OpenRun repair = new OpenRun(lease("saga-1"), 1, Integer.MAX_VALUE) {
            @Override
            public boolean isRepair() {
                return true;
            }
        };
        repair.textOutcome = Optional.of(new TextOutcome(List.of(2), "", "", OptionalLong.of(9)));

        fixture.write("vector", repair);

        assertThat(repair.textOutcome)
                .hasValueSatisfying(read -> assertThat(read.segments()).isEqualTo(6));
    }

    @Test
    void reads_no_document_again_whose_text_is_stored() {
        Document document = lease("saga-1");
        OpenRun first = new OpenRun(document, 1, Integer.MAX_VALUE);
        fixture.write("vector", first);
        OpenRun second = new OpenRun(document, 2, Integer.MAX_VALUE);
        second.textOutcome = first.textOutcome;
        fixture.write("vector", second);

        assertThat(first.textOutcome.orElseThrow().segments()).isEqualTo(fixture.count("vector", "saga-1"));
        assertThat(fixture.content.firstOrdinals).containsExactly(0);
    }

    @Test
    void removes_segments_after_the_place_where_reading_was_stopped() {
        Document document = fixture.document("saga-1", "doc-1", "Zeile\n".repeat(14));
        fixture.write("vector", document);
        OpenRun second = new OpenRun(document, 2, Integer.MAX_VALUE);
        second.textOutcome = Optional.of(new TextOutcome(List.of(6), "", "", OptionalLong.of(36)));

        fixture.write("vector", second);

        assertThat(fixture.count("vector", "saga-1")).isEqualTo(6);
        assertThat(wordsWithoutSegment()).isZero();
    }

    @Test
    void removes_half_a_document_by_compensation() {
        AtomicInteger batches = new AtomicInteger();
        fixture.content.beforeBatch = () -> {
            if (batches.incrementAndGet() == 3) {
                throw new IllegalStateException("out of memory");
            }
        };
        Document document = fixture.document("saga-1", "doc-1", "Zeile\n".repeat(14));
        assertThatThrownBy(() -> fixture.write("vector", document)).hasMessageContaining("out of memory");

        fixture.compensate("vector", "saga-1");

        assertThat(fixture.count("vector", "saga-1")).isZero();
        assertThat(fixture.ask("vector", "select count(*) from vector_document"))
                .isZero();
        assertThat(wordsWithoutSegment()).isZero();
    }

    @Test
    void writes_no_batch_after_the_permits_have_ended() {
        Document document = fixture.document("saga-1", "doc-1", "Zeile\n".repeat(14));

        // One permit for the document's row, two for batches.
        assertThatThrownBy(() -> fixture.write("vector", new OpenRun(document, 1, 3)))
                .isInstanceOfSatisfying(
                        SagaException.class, e -> assertThat(e.reason()).isEqualTo(Reason.CANCELLED));

        assertThat(fixture.count("vector", "saga-1")).isEqualTo(2L * PlainContent.BATCH);
    }

    @Test
    void starts_over_when_the_model_has_changed_between_two_runs() {
        Document document = lease("saga-1");
        fixture.write("vector", document);
        fixture.content.embedder = new WordVectors("other", 32);

        fixture.write("vector", new OpenRun(document, 2, Integer.MAX_VALUE));

        assertThat(fixture.content.firstOrdinals).containsExactly(0, 0);
        assertThat(fixture.ask(
                        "vector", "select count(*) from vector_segment where model = 'other' and dimension = 32"))
                .isEqualTo(fixture.count("vector", "saga-1"))
                .isEqualTo(6);
    }

    @Test
    void rejects_vectors_whose_size_differs_from_the_model() {
        fixture.content.embedder = new WordVectors("words", 64, 48);

        assertThatThrownBy(() -> fixture.write("vector", lease("saga-1")))
                .isInstanceOf(SagaException.class)
                .hasMessageContaining("48 numbers instead of 64");

        assertThat(fixture.count("vector", "saga-1")).isZero();
    }

    @Test
    void finds_segments_of_another_model_by_words_only_and_reports_them() {
        fixture.writeAndComplete("vector", lease("saga-1"));
        fixture.content.embedder = new WordVectors("other", 32);
        fixture.writeAndComplete("vector", fixture.document("saga-2", "doc-2", "Ein anderer Text über Mieten"));

        List<Hit> hits = search("Quartalsende");

        assertThat(hits.get(0).sagaId()).isEqualTo("saga-1");
        assertThat(hits)
                .filteredOn(hit -> hit.sagaId().equals("saga-1"))
                .allSatisfy(hit -> assertThat(hit.how()).doesNotContain("meaning"));
        assertThat(hits)
                .filteredOn(hit -> hit.sagaId().equals("saga-2"))
                .allSatisfy(hit -> assertThat(hit.how()).isEqualTo("meaning"));
        assertThat(fixture.stores.search().orElseThrow().foreignModels()).isEqualTo(Map.of("words (64)", 6L));
    }

    @Test
    void reports_progress_in_pages() {
        OpenRun run = new OpenRun(lease("saga-1"), 1, Integer.MAX_VALUE);

        fixture.write("vector", run);

        assertThat(run.progress).containsExactly("vector 2/2 pages", "vector 2/2 pages");
    }

    /** An older run may still send one more batch, with the words of its segments. */
    @Test
    void rejects_a_batch_of_a_run_that_does_not_own_the_document() {
        Document document = fixture.document("saga-1", "doc-1", LEASE);
        fixture.write("vector", new OpenRun(document, 2, Integer.MAX_VALUE));
        long stored = fixture.count("vector", "saga-1");
        Map<String, Object> row = new HashMap<>(Map.of(
                "sagaId",
                "saga-1",
                "documentId",
                "doc-1",
                "run",
                1,
                "page",
                9,
                "ordinal",
                99,
                "text",
                "late",
                "model",
                "words",
                "dimension",
                64));
        row.put(
                "vector",
                VectorFormat.encode(new WordVectors("words", 64).embedQuery("late"), fixture.dialect("vector")));

        assertThatThrownBy(() -> fixture.send(
                        fixture.config.direct("store-vector-batch"), List.of(row), new OpenRun(document, 1, 1)))
                .hasMessageContaining("run 1 of saga saga-1");
        assertThat(fixture.count("vector", "saga-1")).isEqualTo(stored);

        fixture.compensate("vector", "saga-1");
        assertThatThrownBy(() -> fixture.send(
                        fixture.config.direct("store-vector-batch"), List.of(row), new OpenRun(document, 2, 1)))
                .hasMessageContaining("compensated");
        assertThat(fixture.count("vector", "saga-1")).isZero();
        assertThat(wordsWithoutSegment()).isZero();
    }
}
