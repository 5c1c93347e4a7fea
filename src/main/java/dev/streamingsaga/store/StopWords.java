package dev.streamingsaga.store;

import dev.streamingsaga.store.SearchText.Word;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** Words without a meaning of their own, by language. */
final class StopWords {
    private static final Map<String, Set<String>> BY_LANGUAGE = Map.of("de", read("de"), "en", read("en"));

    private StopWords() {}

    /** @param language ISO 639-1; there are none for other languages than German and English */
    static Predicate<Word> of(String language) {
        Set<String> words = BY_LANGUAGE.getOrDefault(language, Set.of());
        return word -> words.contains(word.folded());
    }

    private static Set<String> read(String language) {
        String name = "stopwords/" + language + ".txt";
        try (InputStream in = Objects.requireNonNull(StopWords.class.getResourceAsStream(name), name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .filter(line -> !line.startsWith("#"))
                    .flatMap(line -> SearchText.of(line).inOrder().stream())
                    .map(Word::folded)
                    .collect(Collectors.toUnmodifiableSet());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
