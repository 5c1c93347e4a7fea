package dev.streamingsaga.embedding;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamingsaga.content.ContentFixture;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("unit")
class SegmenterTest {
    private static Embedder model;

    @BeforeAll
    static void load() {
        model = Embedders.create(ContentFixture.config().servers().embedding());
    }

    @AfterAll
    static void close() {
        model.close();
    }

    private static String story(int sentences) {
        return IntStream.range(0, sentences)
                .mapToObj(i -> i % 2 == 0
                        ? "Sentence %d tells of %d gulls above the harbour.".formatted(i, i * 7)
                        : "Der Satz %d erzählt von Möwen über dem Hafen, und zwar ausführlich.".formatted(i))
                .collect(Collectors.joining(" "));
    }

    @Test
    void splits_at_sentence_ends_and_fills_segments_up_to_the_limit() {
        List<String> segments = new Segmenter(model, 64, 0).segments(story(60));

        assertThat(String.join(" ", segments)).isEqualTo(story(60));
        assertThat(segments).hasSizeGreaterThan(10).allSatisfy(segment -> {
            assertThat(model.countTokens(segment)).isLessThanOrEqualTo(64);
            assertThat(segment).endsWith(".");
        });
        assertThat(segments.subList(0, segments.size() - 1))
                .allSatisfy(segment -> assertThat(model.countTokens(segment)).isGreaterThan(30));
    }

    @Test
    void splits_an_endless_sentence_between_words() {
        String words = IntStream.range(0, 2000).mapToObj(i -> "word" + i).collect(Collectors.joining(" "));

        List<String> segments = new Segmenter(model, 32, 0).segments(words);

        assertThat(String.join(" ", segments)).isEqualTo(words);
        assertThat(segments)
                .allSatisfy(segment -> assertThat(model.countTokens(segment)).isLessThanOrEqualTo(32));
    }

    @Test
    void splits_a_run_without_spaces_and_loses_no_character() {
        SplittableRandom random = new SplittableRandom(7);
        String han =
                random.ints(3000, 0x4E00, 0x9000).mapToObj(Character::toString).collect(Collectors.joining());
        String emoji = "\uD83D\uDE00".repeat(500);
        String base64 =
                random.ints(20_000, 'a', 'z').mapToObj(Character::toString).collect(Collectors.joining());

        for (String run : List.of(han, emoji, base64)) {
            List<String> segments = new Segmenter(model, 40, 0).segments(run);
            assertThat(String.join("", segments)).isEqualTo(run);
            assertThat(segments).hasSizeGreaterThan(1).allSatisfy(segment -> {
                assertThat(model.countTokens(segment)).isLessThanOrEqualTo(40);
                assertThat(segment.length()).isLessThanOrEqualTo(400);
                assertThat(Character.isLowSurrogate(segment.charAt(0))).isFalse();
            });
        }
    }

    @Test
    void repeats_whole_sentences_as_overlap() {
        List<String> segments = new Segmenter(model, 80, 25).segments(story(40));

        for (int i = 1; i < segments.size(); i++) {
            String first = segments.get(i).substring(0, segments.get(i).indexOf('.') + 1);
            assertThat(segments.get(i - 1)).endsWith(first);
        }
        assertThat(segments)
                .allSatisfy(segment -> assertThat(model.countTokens(segment)).isLessThanOrEqualTo(80));
        assertThat(segments.get(segments.size() - 1)).endsWith("ausführlich.");
    }

    @Test
    void returns_no_segments_for_empty_text() {
        assertThat(new Segmenter(model, 64, 0).segments("")).isEmpty();
    }
}
