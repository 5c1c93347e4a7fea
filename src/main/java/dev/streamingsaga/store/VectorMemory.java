package dev.streamingsaga.store;

import dev.streamingsaga.store.SegmentIndex.Key;
import dev.streamingsaga.store.SegmentIndex.Model;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.springframework.jdbc.core.JdbcTemplate;

/**
 * Visible vectors of the SQLite store in memory, document by document, read when the store's revision has moved on:
 * only documents that are new are read. What exceeds the limit stays in the file and is read for each question: slower,
 * as exact.
 */
final class VectorMemory {
    private static final int ROWS_PER_BLOCK = 1024;

    private final JdbcTemplate queries;
    private final long limitFloats;
    private Snapshot current = new Snapshot(new Model("", 0), -1, Map.of(), List.of());

    /** @param limitBytes of vectors kept in memory */
    VectorMemory(JdbcTemplate queries, long limitBytes) {
        this.queries = queries;
        this.limitFloats = limitBytes / Float.BYTES;
    }

    /** Vectors of one document in reading order; only the first {@code rows} of {@code ordinals} are in use. */
    private record Block(String sagaId, int[] ordinals, float[] vectors, int rows) {}

    /** What was visible at one revision: documents in memory, and those that did not fit. */
    private record Snapshot(Model model, long revision, Map<String, List<Block>> inMemory, List<String> inFile) {}

    List<Key> nearest(Model model, float[] question, int limit) {
        Snapshot snapshot = refreshed(model);
        NearestKeys nearest = new NearestKeys(limit);
        snapshot.inMemory().values().forEach(blocks -> blocks.forEach(block -> scan(block, question, nearest)));
        snapshot.inFile().forEach(saga -> read(saga, model, block -> scan(block, question, nearest)));
        return nearest.best();
    }

    private synchronized Snapshot refreshed(Model model) {
        Long revision = queries.queryForObject("select revision from vector_revision", Long.class);
        long now = revision == null ? 0 : revision;
        if (current.revision() != now || !current.model().equals(model)) {
            current = load(model, now);
        }
        return current;
    }

    private Snapshot load(Model model, long revision) {
        Map<String, List<Block>> inMemory = new LinkedHashMap<>();
        List<String> inFile = new ArrayList<>();
        long[] floats = {0};
        boolean sameModel = current.model().equals(model);
        queries.query(
                "select saga_id, segments from vector_document where visible = 1 and model = ? and dimension = ?",
                row -> {
                    String saga = row.getString(1);
                    long size = row.getLong(2) * model.dimension();
                    if (floats[0] + size > limitFloats) {
                        inFile.add(saga);
                    } else {
                        floats[0] += size;
                        inMemory.put(saga, sameModel ? current.inMemory().getOrDefault(saga, List.of()) : List.of());
                    }
                },
                model.id(),
                model.dimension());
        inMemory.replaceAll((saga, known) -> known.isEmpty() ? blocks(saga, model) : known);
        return new Snapshot(model, revision, inMemory, inFile);
    }

    private List<Block> blocks(String saga, Model model) {
        List<Block> blocks = new ArrayList<>();
        read(saga, model, blocks::add);
        return blocks;
    }

    /** One document off the cursor, block by block. */
    private void read(String saga, Model model, Consumer<Block> sink) {
        int dimension = model.dimension();
        List<Block> open = new ArrayList<>(1);
        queries.query(
                "select ordinal, vector from vector_segment where saga_id = ? and model = ? and dimension = ?"
                        + " order by ordinal",
                row -> {
                    Block block = open.isEmpty()
                            ? new Block(saga, new int[ROWS_PER_BLOCK], new float[ROWS_PER_BLOCK * dimension], 0)
                            : open.remove(0);
                    block.ordinals()[block.rows()] = row.getInt(1);
                    VectorFormat.read(row.getBytes(2), block.vectors(), block.rows() * dimension);
                    Block grown = new Block(saga, block.ordinals(), block.vectors(), block.rows() + 1);
                    if (grown.rows() == ROWS_PER_BLOCK) {
                        sink.accept(grown);
                    } else {
                        open.add(grown);
                    }
                },
                saga,
                model.id(),
                dimension);
        open.forEach(last -> sink.accept(trimmed(last, dimension)));
    }

    /** Small documents must not take a whole block of memory. */
    private static Block trimmed(Block block, int dimension) {
        return new Block(
                block.sagaId(),
                Arrays.copyOf(block.ordinals(), block.rows()),
                Arrays.copyOf(block.vectors(), block.rows() * dimension),
                block.rows());
    }

    /** Vectors have unit length: the dot product is the cosine. */
    private static void scan(Block block, float[] question, NearestKeys nearest) {
        float[] vectors = block.vectors();
        for (int row = 0, at = 0; row < block.rows(); row++) {
            float dot = 0;
            for (float q : question) {
                dot += q * vectors[at++];
            }
            if (dot > nearest.threshold()) {
                nearest.offer(dot, new Key(block.sagaId(), block.ordinals()[row]));
            }
        }
    }
}
