package dev.streamingsaga.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.streamingsaga.access.SecurityLabel;
import dev.streamingsaga.journal.Document;
import dev.streamingsaga.journal.TextOutcome;
import dev.streamingsaga.store.SegmentIndex.Model;
import dev.streamingsaga.store.SegmentIndex.SegmentKey;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.jdbc.core.JdbcTemplate;

@Tag("unit")
class SqliteVectorContractTest extends VectorContract {
    private static final WordVectors WORDS = new WordVectors("words", 64);
    private static final Model MODEL = new Model("words", 64);

    @Override
    Map<String, String> database() {
        return Map.of();
    }

    @Override
    long wordsWithoutSegment() {
        return fixture.ask("vector", """
                select (select count(*) from vector_words_docsize where id not in (select id from vector_segment))
                     + (select count(*) from vector_segment where id not in (select id from vector_words_docsize))
                     + (select count(*) from vector_parts_docsize where id not in (select id from vector_segment))
                     + (select count(*) from vector_segment where id not in (select id from vector_parts_docsize))""");
    }

    @Override
    void makeOld(String sagaId) {
        JdbcTemplate sql = fixture.sql("vector");
        String ids = " from vector_segment where saga_id = ?";
        sql.update("insert into vector_old_words (rowid, text) select id, text" + ids, sagaId);
        sql.update("delete from vector_words where rowid in (select id" + ids + ")", sagaId);
        sql.update("delete from vector_parts where rowid in (select id" + ids + ")", sagaId);
        sql.update("update vector_document set word_format = 0, owner = '', file_key = lower(file_name)");
    }

    @Test
    void copies_the_classification_of_documents_of_an_older_version(@TempDir Path folder) throws Exception {
        try (StoreFixture both = new StoreFixture(folder, Map.of("saga.participants", "security,vector"), WORDS)) {
            Document document =
                    both.document("saga-1", "doc-1", "Quartalsende", new SecurityLabel("legal", "confidential"));
            both.writeAndComplete("vector", document);
            both.writeAndComplete("security", document);
            both.database("vector").queries().update("update vector_document set classification = ''");

            new ClassificationBuilder(
                            both.database("vector"),
                            new DocumentRecords(Map.of("security", both.database("security"))),
                            () -> false)
                    .buildMissing();

            assertThat(both.database("vector")
                            .queries()
                            .queryForList("select classification from vector_document", String.class))
                    .containsExactly("confidential");
        }
    }

    @Test
    void removes_the_old_index_when_no_document_needs_it() {
        write("1", "eins zwei");
        makeOld("saga-1");
        WordIndexBuilder builder = new WordIndexBuilder(
                fixture.database("vector"), fixture.content, new DocumentRecords(Map.of()), () -> false);

        builder.buildMissing();
        builder.buildMissing();

        assertThat(fixture.ask("vector", "select count(*) from sqlite_master where name like '%old%'"))
                .isZero();
        fixture.compensate("vector", "saga-1");
        assertThat(wordsWithoutSegment()).isZero();
    }

    private SketchMemory memory(long limitBytes) {
        return new SketchMemory(fixture.sql("vector"), limitBytes);
    }

    private static List<SegmentKey> nearest(SketchMemory memory, String text, int limit) {
        return memory.nearest(MODEL, WORDS.embedQuery(text), limit, DocumentFilter.NONE);
    }

    private void forgetSketches() {
        fixture.sql("vector").update("delete from vector_sketch");
    }

    private void write(String number, String text) {
        fixture.writeAndComplete("vector", fixture.document("saga-" + number, "doc-" + number, text));
    }

    private void writeThreeDocuments() {
        write("1", "eins zwei\nzwei drei\ndrei vier");
        write("2", "vier eins\nfünf sechs");
        write("3", "sieben acht\neins acht");
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 300, 500, Long.MAX_VALUE})
    void finds_the_same_however_many_sketches_fit_into_memory(long limitBytes) {
        writeThreeDocuments();
        SketchMemory memory = memory(limitBytes);

        assertThat(nearest(memory, "fünf", 1)).containsExactly(new SegmentKey("saga-2", 1));
        assertThat(nearest(memory, "acht sieben", 1)).containsExactly(new SegmentKey("saga-3", 0));
        assertThat(nearest(memory, "zwei", 50)).hasSize(7).doesNotHaveDuplicates();
    }

    @Test
    void writes_sketches_with_the_segments_and_removes_them_with_the_document() {
        writeThreeDocuments();

        assertThat(sketchedSegments()).isEqualTo(7);
        fixture.compensate("vector", "saga-1");
        assertThat(sketchedSegments()).isEqualTo(4);
    }

    private long sketchedSegments() {
        return fixture.ask(
                "vector",
                "select coalesce(sum(length(sketches)), 0) / ? from vector_sketch",
                VectorSketch.size(MODEL.dimension()));
    }

    @Test
    void sees_documents_that_become_visible_or_are_removed_after_the_first_search() {
        SketchMemory memory = memory(Long.MAX_VALUE);
        write("2", "eins zwei");
        assertThat(nearest(memory, "zwei", 5)).containsExactly(new SegmentKey("saga-2", 0));

        fixture.write("vector", fixture.document("saga-1", "doc-1", "zwei"));
        assertThat(nearest(memory, "zwei", 5)).containsExactly(new SegmentKey("saga-2", 0));
        fixture.complete("vector", "saga-1");
        assertThat(nearest(memory, "zwei", 5))
                .containsExactly(new SegmentKey("saga-1", 0), new SegmentKey("saga-2", 0));
        fixture.compensate("vector", "saga-2");
        assertThat(nearest(memory, "zwei", 5)).containsExactly(new SegmentKey("saga-1", 0));
    }

    @Test
    void finds_what_is_left_when_the_best_of_the_estimates_were_removed() {
        fixture.content.batch = 500;
        write("1", "Zeile gleich\n".repeat(SketchMemory.MIN_COMPARED));
        write("2", numbered(30 * SketchMemory.MIN_COMPARED));
        SketchMemory memory = memory(Long.MAX_VALUE);
        assertThat(nearest(memory, "Zeile gleich", 5))
                .extracting(SegmentKey::sagaId)
                .containsOnly("saga-1");

        fixture.compensate("vector", "saga-1");

        assertThat(nearest(memory, "Zeile gleich", 5))
                .hasSize(5)
                .extracting(SegmentKey::sagaId)
                .containsOnly("saga-2");
    }

    private static String numbered(int lines) {
        return IntStream.range(0, lines).mapToObj(i -> "w" + i + " Zeile\n").collect(Collectors.joining());
    }

    @Test
    void compares_documents_without_sketches_exactly_until_their_sketches_are_built() {
        fixture.content.batch = 500;
        write("0", numbered(300));
        writeThreeDocuments();
        fixture.sql("vector").update("delete from vector_sketch where saga_id <> 'saga-0'");
        SketchMemory memory = memory(Long.MAX_VALUE);

        assertThat(nearest(memory, "fünf sechs", 1)).containsExactly(new SegmentKey("saga-2", 1));
        new SketchBuilder(fixture.sql("vector"), () -> false).buildMissing();

        assertThat(sketchedSegments()).isEqualTo(307);
        assertThat(nearest(memory, "fünf sechs", 500))
                .hasSize(307)
                .doesNotHaveDuplicates()
                .startsWith(new SegmentKey("saga-2", 1));
    }

    /** As after a crash of the builder, and as written by another format. */
    @Test
    void builds_incomplete_and_outdated_sketches_again() {
        fixture.content.batch = 500;
        write("1", numbered(2500));
        write("2", "eins zwei");
        fixture.sql("vector").update("delete from vector_sketch where saga_id = 'saga-1' and first_ordinal > 0");
        fixture.sql("vector").update("update vector_sketch set format = 0 where saga_id = 'saga-2'");

        assertThat(nearest(memory(Long.MAX_VALUE), "w2400 Zeile", 5000))
                .hasSize(2501)
                .doesNotHaveDuplicates();
        new SketchBuilder(fixture.sql("vector"), () -> false).buildMissing();

        assertThat(sketchedSegments()).isEqualTo(2501);
        assertThat(nearest(memory(Long.MAX_VALUE), "w2400 Zeile", 5000))
                .hasSize(2501)
                .doesNotHaveDuplicates();
    }

    @Test
    void reads_the_sketches_of_a_visible_document_that_is_written_again() {
        write("1", "eins zwei\nzwei drei");
        SketchMemory memory = memory(Long.MAX_VALUE);
        assertThat(nearest(memory, "vier", 5)).hasSize(2);
        fixture.sql("vector").update("delete from vector_segment where ordinal = 1");

        fixture.write("vector", new OpenRun(fixture.document("saga-1", "doc-1", "eins zwei\nvier vier"), 2, 100));

        assertThat(nearest(memory, "vier", 5)).hasSize(2).startsWith(new SegmentKey("saga-1", 1));
    }

    @Test
    void holds_a_limited_number_of_documents_that_pass_a_filter() {
        writeThreeDocuments();
        DocumentFilter filter = DocumentFilter.NONE.and("d.saga_id <> ?", List.of("saga-2"));
        SketchRows rows = new SketchRows(fixture.sql("vector"));

        for (int limit : new int[] {0, 1, 2, 100}) {
            assertThat(List.of("saga-1", "saga-2", "saga-3", "saga-4"))
                    .filteredOn(rows.sagas(MODEL, filter, limit))
                    .containsExactly("saga-1", "saga-3");
        }
    }

    @Test
    void removes_sketches_after_the_end_of_a_text_that_has_become_shorter() {
        Document document = fixture.document("saga-1", "doc-1", "eins zwei\n".repeat(14));
        fixture.writeAndComplete("vector", document);
        OpenRun second = new OpenRun(document, 2, 100);
        second.textOutcome = Optional.of(new TextOutcome(List.of(6), "", "", OptionalLong.of(60)));

        fixture.write("vector", second);

        assertThat(sketchedSegments()).isEqualTo(6);
        assertThat(nearest(memory(Long.MAX_VALUE), "eins", 20)).hasSize(6);
    }

    /** As an earlier version left them. */
    @Test
    void builds_sketches_again_that_are_more_than_the_segments() {
        write("1", "eins zwei\nzwei drei\ndrei vier");
        fixture.sql("vector").update("delete from vector_segment where ordinal = 2");
        fixture.sql("vector").update("update vector_document set segments = 2");

        assertThat(nearest(memory(Long.MAX_VALUE), "zwei", 5)).hasSize(2);
        new SketchBuilder(fixture.sql("vector"), () -> false).buildMissing();

        assertThat(sketchedSegments()).isEqualTo(2);
    }

    @Test
    void advises_another_database_beyond_its_size() {
        writeThreeDocuments();
        assertThat(EmbeddedVectorStore.advice(fixture.config)).isEmpty();

        fixture.sql("vector").update("update vector_document set segments = 150000");

        assertThat(EmbeddedVectorStore.advice(fixture.config))
                .hasValueSatisfying(advice -> assertThat(advice).contains("450000 segments", "saga.store.vector.url"));
    }

    @Test
    void builds_missing_sketches_in_the_background() {
        writeThreeDocuments();
        forgetSketches();

        fixture.stores.startVectorIndexes();

        await().untilAsserted(() -> assertThat(sketchedSegments()).isEqualTo(7));
    }

    /** Random directions are the worst case: nothing is near to anything. */
    @Test
    void finds_nearly_all_of_the_nearest_of_random_vectors() {
        Random random = new Random(3);
        float[][] vectors =
                IntStream.range(0, 20_000).mapToObj(i -> unit(random, 384)).toArray(float[][]::new);
        ByteBuffer sketches = VectorSketch.buffer(vectors.length, 384);
        for (int i = 0; i < vectors.length; i++) {
            VectorSketch.put(i, vectors[i], sketches);
        }
        float[] query = unit(random, 384);
        SketchQuery sketch = new SketchQuery(query);
        NearestKeys estimated = new NearestKeys(SketchMemory.MIN_COMPARED);
        NearestKeys exact = new NearestKeys(10);
        sketches.flip();
        for (float[] vector : vectors) {
            SegmentKey key = new SegmentKey("", sketches.getInt());
            estimated.offer(sketch.estimate(sketches), key);
            float dot = 0;
            for (int d = 0; d < 384; d++) {
                dot += vector[d] * query[d];
            }
            exact.offer(dot, key);
        }

        assertThat(estimated.best()).containsAll(exact.best());
    }

    private static float[] unit(Random random, int dimension) {
        float[] vector = new float[dimension];
        double square = 0;
        for (int i = 0; i < dimension; i++) {
            vector[i] = (float) random.nextGaussian();
            square += vector[i] * vector[i];
        }
        for (int i = 0; i < dimension; i++) {
            vector[i] /= (float) Math.sqrt(square);
        }
        return vector;
    }
}
