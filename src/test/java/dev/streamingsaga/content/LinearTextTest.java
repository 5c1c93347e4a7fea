package dev.streamingsaga.content;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamingsaga.content.EmbeddingPipeline.PipelineLimits;
import dev.streamingsaga.embedding.CountingModel;
import dev.streamingsaga.embedding.Segmenter;
import dev.streamingsaga.text.Blanks;
import dev.streamingsaga.text.TextCleaner;
import java.text.BreakIterator;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Ten times the text takes ten times the steps, whatever the text is. Steps are counted, not timed. */
@Tag("unit")
class LinearTextTest {
    private static final int SIZE = 32 * 1024;
    private static final int TIMES = 10;

    /** Steps that do not depend on the size. */
    private static final int CONSTANT = 1000;

    /** What is repeated; text with a {@code |} begins with what is before it. */
    static Stream<String> texts() {
        List<String> texts = new ArrayList<>(List.of(
                "\n",
                "\r",
                "\r\n",
                "\f",
                "\u000B",
                "\u0085",
                "\u2028",
                "\u2029",
                "\u00AD",
                "\uFEFF",
                "\u0000",
                "\uD800",
                "-\n",
                "a-\n",
                "a- \n \n",
                "a-|\n",
                "a-\n| ",
                "a-\n|\u00A0",
                "\u00AD| ",
                "\u00AD\n",
                "a-|\n ",
                "a-\nun",
                "und",
                "a-| ",
                "\n ",
                " \n\u00A0",
                "\n\n",
                "\f\n",
                "\u2029 \u2029",
                " \f",
                "\u0301",
                "a\u0301",
                "\u0301\u0323",
                "a|\u0301\u0323\u0345",
                "\uD834\uDD65",
                "\u1100\u1161",
                "\u0F71\u0F72",
                "a",
                "a ",
                ". ",
                "a. ",
                "! ",
                "(",
                "a. (",
                "\u3002",
                "\u4E00",
                "\uD83D\uDE00",
                "-",
                "_",
                "1",
                "=",
                "A+/z9"));
        for (int c = 0; c <= Character.MAX_VALUE; c++) {
            if (Character.isWhitespace(c) || Character.isSpaceChar(c)) {
                texts.add(Character.toString(c));
                texts.add("a|" + (char) c);
            }
        }
        return texts.stream().distinct();
    }

    private static String repeated(String text, int size) {
        int bar = text.indexOf('|');
        String unit = text.substring(bar + 1);
        return (bar < 0 ? "" : text.substring(0, bar)) + unit.repeat(size / unit.length());
    }

    private static void assertLinear(String what, Function<String, Long> steps, String text) {
        long once = steps.apply(repeated(text, SIZE));
        long often = steps.apply(repeated(text, TIMES * SIZE));
        assertThat(often).as("%s: %d steps", what, once).isLessThanOrEqualTo(TIMES * once * 11 / 10 + CONSTANT);
        assertThat(once).as(what).isLessThanOrEqualTo(100L * SIZE);
    }

    @ParameterizedTest
    @MethodSource("texts")
    void cleans_in_linear_time(String text) {
        for (int i = 0; i < TextCleaner.STEPS.size(); i++) {
            Function<CharSequence, String> step = TextCleaner.STEPS.get(i);
            assertLinear(
                    "step " + i,
                    raw -> {
                        CountedText counted = new CountedText(raw);
                        var unused = step.apply(counted);
                        return counted.reads();
                    },
                    text);
        }
    }

    @ParameterizedTest
    @MethodSource("texts")
    void finds_sentences_in_linear_time(String text) {
        assertLinear(
                "sentences",
                raw -> {
                    CountedText counted = new CountedText(raw);
                    BreakIterator sentences = BreakIterator.getSentenceInstance(Locale.ROOT);
                    sentences.setText(counted.iterator());
                    while (sentences.next() != BreakIterator.DONE) {
                        assertThat(counted.reads()).isPositive();
                    }
                    return counted.reads();
                },
                text);
    }

    @ParameterizedTest
    @MethodSource("texts")
    void counts_tokens_in_linear_time(String text) {
        assertLinear(
                "segments",
                raw -> {
                    CountingModel model = new CountingModel(128, 7);
                    new Segmenter(model, 128, 32).segments(Blanks.collapse(raw.substring(raw.length() * 3 / 4)));
                    return model.counted();
                },
                text);
    }

    /** The library sorts the marks of a letter by exchanging neighbours. */
    @Test
    void composes_few_marks_at_a_time() {
        CountedText marks = new CountedText("a" + "\u0301\u0323".repeat(SIZE));

        String composed = TextCleaner.STEPS.get(0).apply(marks);

        assertThat(marks.longestPart()).isLessThanOrEqualTo(TextCleaner.MARKS_AT_A_TIME + 1);
        assertThat(composed.chars().filter(c -> c == '\u0301')).hasSize(SIZE);
        assertThat(composed).hasSize(2 * SIZE).startsWith("\u1EA1");
    }

    @Test
    void reads_no_more_of_an_endless_title_than_needed() {
        assertThat(TextCleaner.line(" ".repeat(SIZE - 2) + "title".repeat(SIZE), 300))
                .isEqualTo("ti");
    }

    /** A document in one line. {@code -Dtext.megabytes=100} makes it longer. */
    @ParameterizedTest
    @MethodSource("endless")
    void splits_an_endless_line_in_linear_time(String unit) {
        int size = Integer.getInteger("text.megabytes", 4) * 1_000_000;
        CountingModel model = new CountingModel(256, 0);
        List<Integer> lengths = new ArrayList<>();
        DocumentText text = new DocumentText(
                new Segmenter(model, 256, 0),
                new PipelineLimits(256, 0, size, 1, 1, 1),
                Resumption.NONE,
                segment -> lengths.add(segment.text().length()));
        String part = unit.repeat(10_000);

        for (int i = 0; i < size; i += part.length()) {
            text.text(part.substring(0, Math.min(part.length(), size - i)));
        }
        DocumentText.End end = text.finish();
        end.segments().forEach(segment -> lengths.add(segment.text().length()));

        assertThat(end.outline().segments()).isEqualTo(lengths.size());
        assertThat(lengths.stream().mapToLong(Integer::longValue).sum())
                .isEqualTo(unit.isBlank() ? 0 : unit.contains(" ") ? size - lengths.size() : size);
        assertThat(model.counted()).isLessThanOrEqualTo(15L * size);
    }

    static Stream<String> endless() {
        return Stream.of(" ", "\t", "endless", "a word on ");
    }
}
