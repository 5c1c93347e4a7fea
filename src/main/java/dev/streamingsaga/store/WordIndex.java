package dev.streamingsaga.store;

import dev.streamingsaga.database.Databases.Dialect;
import dev.streamingsaga.store.SearchText.Word;
import dev.streamingsaga.store.SearchText.Words;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** The words of a segment as the index of a database takes them. */
final class WordIndex {
    /** Of {@code vector_document.word_format}: a number for each way to make words that differ. */
    static final int FORMAT = 1;

    /** Of a tsvector: words beyond it have this position. */
    private static final int MAX_POSITION = 16_383;
    /** Positions of one word that a tsvector holds. */
    private static final int MAX_POSITIONS = 255;

    private final Words words;
    private final Dialect dialect;

    private WordIndex(Words words, Dialect dialect) {
        this.words = words;
        this.dialect = dialect;
    }

    static WordIndex of(String text, Dialect dialect) {
        return new WordIndex(SearchText.of(text), dialect);
    }

    /** For SQLite all words in order, for PostgreSQL a tsvector. */
    String words() {
        return dialect == Dialect.SQLITE
                ? words.all().stream().map(Word::stem).collect(Collectors.joining(" "))
                : tsvector(words.all());
    }

    private static String tsvector(List<Word> all) {
        Map<String, List<Integer>> positions = new LinkedHashMap<>();
        for (int i = 0; i < all.size(); i++) {
            List<Integer> of = positions.computeIfAbsent(all.get(i).stem(), word -> new ArrayList<>());
            if (of.size() < MAX_POSITIONS) {
                of.add(Math.min(i + 1, MAX_POSITION));
            }
        }
        StringBuilder vector = new StringBuilder();
        positions.forEach((word, of) -> vector.append('\'')
                .append(word)
                .append("':")
                .append(of.stream().map(String::valueOf).collect(Collectors.joining(",")))
                .append(' '));
        return vector.toString();
    }

    /** The grams of the words; for PostgreSQL the hashes of them. */
    String parts() {
        Collection<String> grams = SearchText.grams(words.inOrder());
        return dialect == Dialect.SQLITE ? String.join(" ", grams) : hashes(grams);
    }

    /** An array of smallint. */
    static String hashes(Collection<String> grams) {
        return grams.stream()
                .map(gram -> (short) (gram.hashCode() * 0x9E37_79B1 >>> 16))
                .distinct()
                .map(String::valueOf)
                .collect(Collectors.joining(",", "{", "}"));
    }
}
