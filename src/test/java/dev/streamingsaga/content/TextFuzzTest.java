package dev.streamingsaga.content;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamingsaga.charset.CharsetDetector;
import dev.streamingsaga.charset.CharsetGuess;
import dev.streamingsaga.charset.LanguageSample;
import dev.streamingsaga.charset.TextSample;
import dev.streamingsaga.content.EmbeddingPipeline.PipelineLimits;
import dev.streamingsaga.embedding.CountingModel;
import dev.streamingsaga.embedding.Segment;
import dev.streamingsaga.embedding.Segmenter;
import dev.streamingsaga.filetype.ContentTypes;
import dev.streamingsaga.filetype.SimpleContentTypes;
import dev.streamingsaga.text.NotLanguage;
import dev.streamingsaga.text.TextCleaner;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Function;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Random texts and bytes through all routines that turn bytes into segments. {@code -Dfuzz.minutes=60} continues for an
 * hour, {@code -Dfuzz.seed=N} begins with the input that failed.
 */
@Tag("unit")
class TextFuzzTest {
    private static final int INPUTS = 150;
    private static final long STEPS_PER_CHARACTER = 100;
    private static final int MAX_TOKENS = 32;
    private static final Charset WESTERN = Charset.forName("windows-1252");
    private static final String BLANKS = " \t\n\r\f\u000B\u0085\u00A0\u1680\u180E\u2003\u2028\u2029\u202F\u3000";
    private static final String MARKS = "\u0301\u0323\u0308\u0345\u1DCE\u3099\u05B0\u0E49\u200D";
    private static final String ODD = "\0\u0007\u00AD\uFEFF\uFFFE\uD800\uDC00\u202E\u200B-\u2010.!?\u3002([\"";

    private final ContentTypes types = new ContentTypes();

    /** Checks one input. */
    private interface Check {
        void accept(SplittableRandom random) throws IOException;
    }

    private static void repeat(Check check) {
        long seed = Long.getLong("fuzz.seed", System.nanoTime());
        Instant end = Instant.now().plus(Duration.ofMinutes(Integer.getInteger("fuzz.minutes", 0)));
        for (int i = 0; i < INPUTS || Instant.now().isBefore(end); i++) {
            long current = seed + i;
            try {
                check.accept(new SplittableRandom(current));
            } catch (Exception | AssertionError | StackOverflowError e) {
                throw new AssertionError("repeat with -Dfuzz.seed=" + current, e);
            }
        }
    }

    private static String text(SplittableRandom random) {
        StringBuilder text = new StringBuilder();
        int parts = random.nextInt(1, 60);
        for (int i = 0; i < parts; i++) {
            text.append(part(random));
        }
        return text.toString();
    }

    private static String part(SplittableRandom random) {
        LanguageSample sample = LanguageSample.ALL.get(random.nextInt(LanguageSample.ALL.size()));
        int size = random.nextInt(1, random.nextInt(20) == 0 ? 3000 : 30);
        return switch (random.nextInt(12)) {
            case 0 -> one(random, BLANKS).repeat(size);
            case 1 -> "a" + one(random, MARKS).repeat(size) + one(random, MARKS).repeat(size);
            case 2 -> one(random, ODD).repeat(size);
            case 3 ->
                "a-" + one(random, BLANKS).repeat(size) + "\n"
                        + one(random, BLANKS).repeat(size) + "b";
            case 4 ->
                random.ints(size, 0, Character.MAX_CODE_POINT + 1)
                        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                        .toString();
            case 5 ->
                random.ints(size, 0, 0x3000)
                        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                        .toString();
            case 6 -> Base64.getMimeEncoder().encodeToString(bytes(random, size));
            case 7 -> "longword".repeat(size);
            case 8 -> (one(random, BLANKS) + one(random, ODD)).repeat(size);
            case 9 -> "\u00AD".repeat(size) + one(random, BLANKS).repeat(size);
            default -> sample.text(size);
        };
    }

    private static String one(SplittableRandom random, String characters) {
        return characters.substring(random.nextInt(characters.length())).substring(0, 1);
    }

    private static byte[] bytes(SplittableRandom random, int size) {
        byte[] bytes = new byte[size];
        random.nextBytes(bytes);
        return bytes;
    }

    /** Text in some charset, some of it destroyed, or no text. */
    private static byte[] file(SplittableRandom random) {
        LanguageSample sample = LanguageSample.ALL.get(random.nextInt(LanguageSample.ALL.size()));
        List<Charset> charsets = sample.supportedCharsets().toList();
        Charset charset = random.nextBoolean() ? StandardCharsets.UTF_8 : charsets.get(random.nextInt(charsets.size()));
        byte[] bytes = random.nextInt(4) == 0
                ? bytes(random, random.nextInt(3000))
                : (random.nextBoolean() ? sample.text(random.nextInt(1, 2000)) : text(random)).getBytes(charset);
        for (int i = random.nextInt(4) == 0 ? random.nextInt(30) : 0; i > 0 && bytes.length > 0; i--) {
            bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
        }
        return random.nextInt(10) == 0 ? new byte[random.nextInt(3000)] : bytes;
    }

    @Test
    void cleaning_keeps_every_letter_and_is_linear() {
        repeat(random -> {
            String raw = text(random);
            String text = raw;
            for (Function<CharSequence, String> step : TextCleaner.STEPS) {
                CountedText counted = new CountedText(text);
                text = step.apply(counted);
                assertThat(counted.reads()).isLessThanOrEqualTo(STEPS_PER_CHARACTER * (raw.length() + 10L));
            }
            assertThat(TextCleaner.clean(raw)).isEqualTo(text);
            assertThat(letters(text)).isEqualTo(letters(TextCleaner.STEPS.get(0).apply(raw)));
            assertThat(text.chars().filter(Character::isISOControl).filter(c -> c != '\n'))
                    .isEmpty();
            assertThat(TextCleaner.line(raw, 20)).hasSizeLessThanOrEqualTo(20).doesNotContain("\n");
        });
    }

    private static String letters(String text) {
        return text.codePoints()
                .filter(Character::isLetterOrDigit)
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
    }

    private static String visible(String text) {
        return text.chars()
                .filter(c -> !Character.isWhitespace(c))
                .collect(StringBuilder::new, (kept, c) -> kept.append((char) c), StringBuilder::append)
                .toString();
    }

    @Test
    void segments_have_every_visible_character_and_fit() {
        repeat(random -> {
            String text = TextCleaner.clean(text(random));
            CountingModel model = new CountingModel(MAX_TOKENS, random.nextInt(3) * 7);
            List<String> segments = new Segmenter(model, MAX_TOKENS, 0).segments(text);

            assertThat(visible(String.join("", segments))).isEqualTo(visible(text));
            assertThat(model.counted()).isLessThanOrEqualTo(STEPS_PER_CHARACTER * (text.length() + 10L));
            assertThat(segments)
                    .allSatisfy(segment -> assertThat(segment.length() <= 2
                                    || segment.length() <= 10 * MAX_TOKENS && model.countTokens(segment) <= MAX_TOKENS)
                            .isTrue());
            assertThat(new Segmenter(model, MAX_TOKENS, 0).segments(text)).isEqualTo(segments);
            assertThat(visible(String.join("", new Segmenter(model, MAX_TOKENS, 9).segments(text))))
                    .hasSizeGreaterThanOrEqualTo(visible(text).length());
        });
    }

    @Test
    void what_is_language_stays_in_order() {
        repeat(random -> {
            String text = text(random);
            NotLanguage language = new NotLanguage();
            StringBuilder kept = new StringBuilder();
            for (int start = 0; start < text.length(); ) {
                int end = Math.min(text.length(), start + random.nextInt(1, 4000));
                kept.append(language.keep(text.substring(start, end)));
                start = end;
            }
            kept.append(language.end());

            String visible = visible(kept.toString());
            String all = visible(text);
            int at = 0;
            for (int i = 0; i < visible.length(); i++) {
                at = all.indexOf(visible.charAt(i), at) + 1;
                assertThat(at).as("character %d of %s", i, visible).isPositive();
            }
            assertThat(visible.length() + language.leftOut()).isGreaterThanOrEqualTo(all.length());
        });
    }

    @Test
    void segments_do_not_depend_on_the_parts_in_which_the_text_arrives() {
        repeat(random -> {
            String text = text(random) + "x".repeat(random.nextInt(3) * 20_000) + text(random);
            List<Segment> once = segments(text, text.length() + 1);
            assertThat(segments(text, random.nextInt(1, 500))).isEqualTo(once);
        });
    }

    private static List<Segment> segments(String text, int partChars) {
        List<Segment> segments = new ArrayList<>();
        DocumentText document = new DocumentText(
                new Segmenter(new CountingModel(MAX_TOKENS, 0), MAX_TOKENS, 0),
                new PipelineLimits(MAX_TOKENS, 0, 1 << 30, 10, 1, 1),
                Resumption.NONE,
                segments::add);
        for (int i = 0; i < text.length(); i += partChars) {
            document.text(text.substring(i, Math.min(text.length(), i + partChars)));
        }
        document.endPage();
        assertThat(document.finish().outline().segments()).isEqualTo(segments.size());
        return segments;
    }

    @Test
    void types_and_charsets_are_the_same_each_time() {
        repeat(random -> {
            byte[] file = file(random);
            byte[] beginning = Arrays.copyOf(file, Math.min(file.length, SimpleContentTypes.PREFIX_BYTES));
            assertThat(types.detect(file, "a.txt")).isEqualTo(types.detect(file.clone(), "a.txt"));
            assertThat(SimpleContentTypes.detect(beginning, "a.txt"))
                    .isEqualTo(SimpleContentTypes.detect(beginning.clone(), "a.txt"));
            CharsetGuess guess = new CharsetDetector(WESTERN).detect(TextSample.of(file));
            assertThat(new CharsetDetector(WESTERN).detect(TextSample.of(file))).isEqualTo(guess);
            assertThat(new String(file, guess.charset())).isNotNull();
        });
    }
}
