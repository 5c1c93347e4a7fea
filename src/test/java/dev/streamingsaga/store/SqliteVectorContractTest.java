package dev.streamingsaga.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("unit")
class SqliteVectorContractTest extends VectorContract {
    @Override
    Map<String, String> database() {
        return Map.of();
    }

    @Override
    long wordsWithoutSegment() {
        return fixture.ask("vector", """
                select (select count(*) from vector_words_docsize where id not in (select id from vector_segment))
                     + (select count(*) from vector_segment where id not in (select id from vector_words_docsize))""");
    }

    @Test
    void returns_the_same_result_from_the_file_when_memory_is_too_small() {
        fixture.writeAndComplete("vector", fixture.document("saga-1", "doc-1", "eins zwei\nzwei drei\ndrei vier"));
        fixture.writeAndComplete("vector", fixture.document("saga-2", "doc-2", "vier eins\nfünf sechs"));
        WordVectors model = new WordVectors("words", 64);
        SegmentIndex.Model same = new SegmentIndex.Model("words", 64);
        VectorMemory roomy = new VectorMemory(fixture.sql("vector"), Long.MAX_VALUE);
        VectorMemory tight = new VectorMemory(fixture.sql("vector"), 3 * 64 * Float.BYTES);
        VectorMemory none = new VectorMemory(fixture.sql("vector"), 0);

        var expected = roomy.nearest(same, model.embedQuery("fünf"), 3);

        assertThat(expected).first().isEqualTo(new SegmentIndex.SegmentKey("saga-2", 1));
        assertThat(tight.nearest(same, model.embedQuery("fünf"), 1)).isEqualTo(expected.subList(0, 1));
        assertThat(none.nearest(same, model.embedQuery("fünf"), 1)).isEqualTo(expected.subList(0, 1));
    }

    @Test
    void reads_more_than_one_block_of_vectors() {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < 2500; i++) {
            text.append("w").append(i).append(" Zeile\n");
        }
        fixture.content.batch = 500;
        fixture.writeAndComplete("vector", fixture.document("saga-1", "doc-1", text.toString()));
        VectorMemory memory = new VectorMemory(fixture.sql("vector"), Long.MAX_VALUE);

        var all = memory.nearest(
                new SegmentIndex.Model("words", 64), new WordVectors("words", 64).embedQuery("Zeile"), 5000);

        assertThat(all)
                .extracting(SegmentIndex.SegmentKey::ordinal)
                .hasSize(2500)
                .doesNotHaveDuplicates();
    }
}
