package dev.streamingsaga.charset;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("unit")
class CharsetDetectorTest {
    private static final Charset WESTERN = Charset.forName("windows-1252");

    /** In 30 characters with a single one that is not ASCII, or with one that two charsets share. */
    private static final List<String> TOO_SHORT =
            List.of("de x-MacRoman", "pl IBM852", "hu windows-1250", "hu ISO-8859-2");

    private static CharsetGuess detect(byte[] bytes) {
        return new CharsetDetector(WESTERN).detect(TextSample.of(bytes));
    }

    static Stream<Arguments> texts() {
        List<Arguments> texts = new ArrayList<>();
        for (LanguageSample sample : LanguageSample.ALL) {
            sample.supportedCharsets()
                    .forEach(charset -> Stream.of(30, 80, 200, 1000, 20_000)
                            .filter(chars ->
                                    chars > 30 || !TOO_SHORT.contains(sample.language() + " " + charset.name()))
                            .forEach(chars -> texts.add(Arguments.of(sample, charset, chars))));
        }
        return texts.stream();
    }

    @ParameterizedTest(name = "{0} {1} {2}")
    @MethodSource("texts")
    void gives_the_right_letters(LanguageSample sample, Charset charset, int chars) {
        byte[] bytes = sample.text(chars).getBytes(charset);
        CharsetGuess guess = detect(bytes);

        assertThat(new String(bytes, guess.charset()))
                .as("read as %s", guess.charset())
                .isEqualTo(new String(bytes, charset));
        boolean ascii = new String(bytes, StandardCharsets.US_ASCII).equals(sample.text(chars));
        assertThat(guess.certain()).isEqualTo(ascii && !sample.language().equals("ja"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"UTF-8", "UTF-16LE", "UTF-16BE", "UTF-32LE", "UTF-32BE"})
    void believes_a_byte_order_mark(String charset) {
        assertThat(detect("\uFEFFMöwen".getBytes(Charset.forName(charset))))
                .isEqualTo(new CharsetGuess(Charset.forName(charset), true));
    }

    @Test
    void is_certain_of_valid_utf_8_only() {
        for (LanguageSample sample : LanguageSample.ALL) {
            assertThat(detect(sample.text(3000).getBytes(StandardCharsets.UTF_8)))
                    .isEqualTo(new CharsetGuess(StandardCharsets.UTF_8, true));
        }
        assertThat(detect("plain".getBytes(StandardCharsets.UTF_8)).certain()).isTrue();
        assertThat(detect(new byte[0]).certain()).isTrue();
    }

    @Test
    void reads_damaged_utf_8_as_utf_8() {
        byte[] bytes = LanguageSample.ALL.get(0).text(5000).getBytes(StandardCharsets.UTF_8);
        bytes[1000] = (byte) 0xFC;

        assertThat(detect(bytes)).isEqualTo(new CharsetGuess(StandardCharsets.UTF_8, false));
    }

    @Test
    void takes_the_fallback_for_what_fits_several() {
        byte[] oneLetter = "Gr\u00FCn".getBytes(WESTERN);
        Charset central = Charset.forName("windows-1250");

        assertThat(detect(oneLetter)).isEqualTo(new CharsetGuess(WESTERN, false));
        assertThat(new CharsetDetector(central).detect(TextSample.of(oneLetter)))
                .isEqualTo(new CharsetGuess(central, false));
    }

    @Test
    void leaves_coloured_terminal_output_alone() {
        assertThat(detect("\u001B[31mred\u001B[0m and \u001B[32mgreen\u001B[0m".getBytes(StandardCharsets.UTF_8)))
                .isEqualTo(new CharsetGuess(StandardCharsets.UTF_8, true));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void looks_at_the_middle_and_the_end_of_a_long_file(int third, @TempDir Path directory) throws IOException {
        byte[] ascii = "Nothing but plain letters here.\n".repeat(10_000).getBytes(StandardCharsets.US_ASCII);
        byte[] russian = LanguageSample.ALL.stream()
                .filter(sample -> sample.language().equals("ru"))
                .findFirst()
                .orElseThrow()
                .text(2000)
                .getBytes(Charset.forName("KOI8-R"));
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.writeBytes(third == 0 ? russian : ascii);
        bytes.writeBytes(third == 1 ? russian : ascii);
        bytes.writeBytes(third == 2 ? russian : ascii);
        Path file = Files.write(directory.resolve("a.txt"), bytes.toByteArray());
        try (FileChannel channel = FileChannel.open(file)) {
            assertThat(new CharsetDetector(WESTERN).detect(TextSample.of(channel)))
                    .isEqualTo(new CharsetGuess(Charset.forName("KOI8-R"), false));
        }
    }

    @Test
    void takes_no_binary_file_for_unicode_text() {
        SplittableRandom random = new SplittableRandom(11);
        for (int i = 0; i < 3000; i++) {
            byte[] bytes = new byte[random.nextInt(1, 400)];
            random.nextBytes(bytes);
            byte[] sound = new byte[400];
            byte[] numbers = new byte[400];
            for (int n = 0; n < 400; n += 4) {
                sound[n] = (byte) random.nextInt(-40, 40);
                sound[n + 1] = (byte) (sound[n] < 0 ? -1 : 0);
                sound[n + 2] = (byte) random.nextInt(-40, 40);
                sound[n + 3] = (byte) (sound[n + 2] < 0 ? -1 : 0);
                numbers[n] = (byte) random.nextInt(0, 256);
            }
            assertThat(UnicodeForms.byCharacters(bytes)).isEmpty();
            assertThat(UnicodeForms.byCharacters(sound)).isEmpty();
            assertThat(UnicodeForms.byCharacters(numbers)).isEmpty();
            assertThat(Ebcdic.matches(bytes)).isFalse();
        }
    }

    @Test
    void takes_no_other_text_for_utf_16_or_ebcdic() {
        for (LanguageSample sample : LanguageSample.ALL) {
            sample.supportedCharsets()
                    .filter(charset ->
                            !charset.name().startsWith("UTF") && !charset.name().matches("IBM(500|1047|273)"))
                    .forEach(charset -> {
                        byte[] bytes = sample.text(500).getBytes(charset);
                        assertThat(UnicodeForms.byCharacters(bytes))
                                .as("%s in %s", sample.language(), charset)
                                .isEmpty();
                        assertThat(Ebcdic.matches(bytes)).isFalse();
                    });
        }
    }
}
