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
    public List<SegmentKey> nearest(Model model, float[] query, int limit) {
        return memory.nearest(model, query, limit);
    }

    @Override
    public List<SegmentKey> words(String text, int limit) {
        return words.words(text, limit);
    }

    @Override
    public List<SegmentKey> phrase(String text, int limit) {
        return words.phrase(text, limit);
    }
}
