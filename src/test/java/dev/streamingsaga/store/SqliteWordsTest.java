package dev.streamingsaga.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamingsaga.store.SegmentIndex.SegmentKey;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** More segments than are ranked contain the words "der" and "Vertrag"; two contain a rare word. */
@Tag("unit")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SqliteWordsTest {
    private static final int COMMON = SqliteWords.MAX_RANKED + 1000;
    private static final SegmentKey LONG_AND_RARE = new SegmentKey("saga-1", COMMON);
    private static final SegmentKey SHORT_AND_RARE = new SegmentKey("saga-1", COMMON + 1);
    /** The shortest of the first segments with both common words. */
    private static final SegmentKey SHORT = new SegmentKey("saga-1", 500);

    private static final SegmentKey ONE_WORD = new SegmentKey("saga-1", 501);
    /** Beyond the segments that are read. */
    private static final SegmentKey SHORTER = new SegmentKey("saga-1", 5 * SqliteWords.MAX_READ);

    private StoreFixture fixture;
    private SqliteWords words;

    @BeforeAll
    void fill(@TempDir Path folder) throws Exception {
        fixture = new StoreFixture(folder, Map.of("saga.participants", "vector"), new WordVectors("words", 2));
        words = new SqliteWords(fixture.sql("vector"));
        fixture.content.batch = 1000;
        String common =
                IntStream.range(0, COMMON).mapToObj(SqliteWordsTest::common).collect(Collectors.joining("\n"));
        String rare = "\nder Vertrag endet, wie vereinbart, zum Quartalsende\nQuartalsenden";
        fixture.writeAndComplete("vector", fixture.document("saga-1", "doc-1", common + rare));
        fixture.write("vector", fixture.document("saga-2", "doc-2", "Quartalsende"));
    }

    private static String common(int ordinal) {
        if (ordinal == SHORT.ordinal()) {
            return "Vertrag der 1";
        }
        if (ordinal == ONE_WORD.ordinal()) {
            return "Vertrag";
        }
        return ordinal == SHORTER.ordinal() ? "der Vertrag" : "der lange Vertrag " + ordinal;
    }

    private List<SegmentKey> found(String text, int limit) {
        return words.words(SearchQuery.of(text).terms(), limit, DocumentFilter.NONE)
                .keys();
    }

    private List<SegmentKey> phrase(String text, int limit) {
        return words.phrase(Phrase.of(text).sequences(), limit, DocumentFilter.NONE);
    }

    @AfterAll
    void close() {
        if (fixture != null) {
            fixture.close();
        }
    }

    @Test
    void returns_segments_with_a_rare_word_first_then_others_with_all_words_then_with_any() {
        List<SegmentKey> found = found("der Vertrag Quartalsende", 50);

        assertThat(found)
                .hasSize(50)
                .doesNotHaveDuplicates()
                .startsWith(SHORT_AND_RARE, LONG_AND_RARE, ONE_WORD)
                .allMatch(key -> key.sagaId().equals("saga-1"));
    }

    @Test
    void ranks_no_more_than_the_limit_if_all_words_are_common() {
        assertThat(found("Vertrag der", 5)).hasSize(5).startsWith(SHORT).doesNotContain(SHORTER);
        assertThat(phrase("der", 5)).hasSize(5).startsWith(SHORT).doesNotContain(SHORTER);
        assertThat(phrase("Vertrag der", 5)).containsExactly(SHORT);
    }

    @Test
    void finds_the_beginning_of_a_word_that_stands_nowhere() {
        assertThat(found("Quartal", 5)).containsExactlyInAnyOrder(LONG_AND_RARE, SHORT_AND_RARE);
        assertThat(found("Quartal nirgendwo", 5)).hasSize(2);
        assertThat(found("nirgendwo", 5)).isEmpty();
    }
}
