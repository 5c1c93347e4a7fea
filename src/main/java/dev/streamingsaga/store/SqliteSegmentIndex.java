package dev.streamingsaga.store;

import java.util.List;
import org.springframework.jdbc.core.JdbcTemplate;

/** Searches vectors by their sketches in memory and words with FTS5. */
final class SqliteSegmentIndex implements SegmentIndex {
    private final SketchMemory memory;
    private final SqliteWords words;

    /** @param sketchBytes limit for the sketches in memory */
    SqliteSegmentIndex(JdbcTemplate queries, long sketchBytes) {
        this.memory = new SketchMemory(queries, sketchBytes);
        this.words = new SqliteWords(queries);
    }

    @Override
    public List<SegmentKey> nearest(Model model, float[] query, int limit, DocumentFilter filter) {
        return memory.nearest(model, query, limit, filter);
    }

    @Override
    public Found words(List<Term> terms, int limit, DocumentFilter filter) {
        return words.words(terms, limit, filter);
    }

    @Override
    public Found parts(List<Term> terms, int limit, DocumentFilter filter) {
        return words.parts(terms, limit, filter);
    }

    @Override
    public List<SegmentKey> phrase(List<List<String>> sequences, int limit, DocumentFilter filter) {
        return words.phrase(sequences, limit, filter);
    }

    @Override
    public List<SegmentKey> notIndexed(String text, int limit, DocumentFilter filter) {
        return words.notIndexed(text, limit, filter);
    }
}
