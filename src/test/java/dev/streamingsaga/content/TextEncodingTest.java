package dev.streamingsaga.content;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamingsaga.charset.LanguageSample;
import dev.streamingsaga.extractor.PlainTextExtractor;
import dev.streamingsaga.extractor.TextExtractor;
import dev.streamingsaga.filetype.ContentTypes;
import dev.streamingsaga.filetype.SimpleContentTypes;
import dev.streamingsaga.journal.Warning;
import dev.streamingsaga.journal.WarningCode;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Text files in many charsets: their type, their letters, and the warning that the charset was guessed. */
@Tag("unit")
class TextEncodingTest {
    private static final Charset WESTERN = Charset.forName("windows-1252");
    private static final ContentTypes TYPES = new ContentTypes();

    @TempDir
    Path directory;

    static Stream<Arguments> texts() {
        return LanguageSample.ALL.stream()
                .flatMap(sample -> sample.supportedCharsets().map(charset -> Arguments.of(sample, charset)));
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("texts")
    void is_text_with_its_own_letters(LanguageSample sample, Charset charset) throws IOException {
        byte[] bytes = sample.text(400).getBytes(charset);

        assertThat(TYPES.detect(bytes, "a.bin")).hasToString("text/plain");
        assertThat(SimpleContentTypes.detect(Arrays.copyOf(bytes, Math.min(bytes.length, 1024)), "a.bin"))
                .isEqualTo("text/plain");
        Read read = read(bytes);
        assertThat(read.text.toString()).isEqualTo(new String(bytes, charset));
        assertThat(read.warnings).hasSize(1).allSatisfy(warning -> {
            assertThat(warning.code()).isEqualTo(WarningCode.ENCODING_GUESSED);
            assertThat(warning.message()).contains("read as ");
        });
    }

    @Test
    void reads_utf_8_without_a_warning() throws IOException {
        Read read = read("Möwen zählen".getBytes(StandardCharsets.UTF_8));
        assertThat(read.text).hasToString("Möwen zählen");
        assertThat(read.warnings).isEmpty();
    }

    @Test
    void keeps_bytes_that_do_not_fit_and_says_so() throws IOException {
        // the samples end before the umlaut, and begin after it
        String ascii = "Gulls are counted.\n".repeat(8000);
        byte[] bytes = (ascii + "M\u00F6we\n" + ascii.repeat(3)).getBytes(WESTERN);
        Read read = read(bytes);
        assertThat(read.text).contains("M\u00F6we");
        assertThat(read.warnings)
                .containsExactly(new Warning(
                        WarningCode.ENCODING_GUESSED, "", "bytes that are not UTF-8 (1) are read as windows-1252"));
    }

    private Read read(byte[] bytes) throws IOException {
        Path file = Files.write(directory.resolve("a.txt"), bytes);
        Read read = new Read();
        try (FileChannel channel = FileChannel.open(file)) {
            new PlainTextExtractor(WESTERN).extract(channel, read);
        }
        return read;
    }

    private static final class Read implements TextExtractor.TextSink {
        private final StringBuilder text = new StringBuilder();
        private final List<Warning> warnings = new ArrayList<>();

        @Override
        public void pages(int total) {
            assertThat(total).isEqualTo(1);
        }

        @Override
        public void part(String path) {
            throw new AssertionError("a text file has no parts");
        }

        @Override
        public void text(CharSequence part) {
            text.append(part);
        }

        @Override
        public void endPage() {
            // one page only
        }

        @Override
        public void about(String title, String author) {
            throw new AssertionError("a text file has no title");
        }

        @Override
        public void warn(WarningCode code, String place, String message) {
            warnings.add(new Warning(code, place, message));
        }
    }
}
