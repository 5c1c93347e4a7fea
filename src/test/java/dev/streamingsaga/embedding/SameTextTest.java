package dev.streamingsaga.embedding;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamingsaga.text.TextCleaner;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Segments of ordinary text stay as they are: a saga that is resumed by a newer version must find the segments of the
 * older one. The digests are those of the first cleaner and segmenter.
 */
@Tag("unit")
class SameTextTest {
    private static final List<String> WORDS = List.of(
            "word",
            "Haus",
            "und",
            "oder",
            " ",
            " ",
            " ",
            "\n",
            "\n\n",
            "\t",
            "-\n",
            "- \n ",
            "\u00AD",
            "\u00AD\n",
            "\r\n",
            ". ",
            "! ",
            "? ",
            "\u3002",
            "\u4e00\u4e8c",
            "\u00A0",
            "\u2003",
            "\f",
            "\u000B",
            "\u2029",
            "\u2028",
            "a\u0308",
            "e\u0301",
            "\uD83D\uDE00",
            "\uFEFF",
            "\u0007",
            "1990",
            "Ab",
            "x",
            "\u0301",
            "\u2010\n",
            "long".repeat(13),
            "(",
            ")",
            "\u200B",
            "\u180E",
            "\u1680",
            "und ",
            "bis\n",
            "to");

    private static String generated(SplittableRandom random, int words) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < words; i++) {
            text.append(WORDS.get(random.nextInt(WORDS.size())));
        }
        return text.toString();
    }

    private static void add(MessageDigest digest, String raw) {
        String clean = TextCleaner.clean(raw);
        digest.update(clean.getBytes(StandardCharsets.UTF_8));
        for (int[] form : new int[][] {{16, 0, 0}, {32, 8, 0}, {128, 0, 7}, {64, 40, 3}}) {
            List<String> segments = new Segmenter(new CountingModel(512, form[2]), form[0], form[1]).segments(clean);
            digest.update(String.join("|", segments).getBytes(StandardCharsets.UTF_8));
        }
    }

    private static String finish(MessageDigest digest) {
        return HexFormat.of().formatHex(digest.digest()).substring(0, 16);
    }

    /** A newer JDK has newer rules for the ends of sentences in some scripts. */
    @Test
    @Tag("one-jdk")
    void generated_texts_have_the_same_segments() throws NoSuchAlgorithmException {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        SplittableRandom random = new SplittableRandom(42);
        for (int i = 0; i < 1000; i++) {
            add(digest, generated(random, random.nextInt(1, i % 50 == 0 ? 3000 : 120)));
        }
        assertThat(finish(digest)).isEqualTo("4625345641f3788f");
    }

    @Test
    void an_ordinary_text_has_the_same_segments() throws NoSuchAlgorithmException, IOException {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        add(digest, Files.readString(Path.of("LICENSE")));
        assertThat(finish(digest)).isEqualTo("ea83c35092b33f06");
    }
}
