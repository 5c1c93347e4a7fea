package dev.streamingsaga.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Random;

/** Creates English text of any length from the sentences of the documentation; identical for the same seed. */
final class Prose {
    private static final int SENTENCES_OF_A_PARAGRAPH = 6;

    private Prose() {}

    static Path write(Path file, int chars, long seed) throws IOException {
        Files.createDirectories(file.getParent());
        return Files.writeString(file, text(chars, seed));
    }

    static String text(int chars, long seed) throws IOException {
        List<String> sentences = sentences();
        Random random = new Random(seed);
        StringBuilder text = new StringBuilder(chars + 1000);
        for (int i = 1; text.length() < chars; i++) {
            text.append(sentences.get(random.nextInt(sentences.size())))
                    .append(i % SENTENCES_OF_A_PARAGRAPH == 0 ? "\n\n" : " ");
        }
        return text.toString();
    }

    private static List<String> sentences() throws IOException {
        try (InputStream in = Objects.requireNonNull(Prose.class.getResourceAsStream("prose.txt"));
                BufferedReader lines = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
            return lines.lines().toList();
        }
    }
}
