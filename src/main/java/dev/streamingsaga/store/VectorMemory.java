package dev.streamingsaga.store;

import dev.streamingsaga.store.SegmentIndex.Model;
import dev.streamingsaga.store.SegmentIndex.SegmentKey;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.springframework.jdbc.core.JdbcTemplate;

/**
 * Holds the visible vectors of the SQLite store in memory, document by document. A query reloads when the store's
 * revision has changed, and then reads new documents only. Vectors beyond the limit stay in the file and are read for
 * each query: slower, but just as exact.
 */
final class VectorMemory {
    private static final int ROWS_PER_BLOCK = 1024;

    private final JdbcTemplate queries;
    private final long limitFloats;
    private Snapshot current = new Snapshot(new Model("", 0), -1, Map.of(), List.of());

    /** @param limitBytes limit for the vectors in memory */
    VectorMemory(JdbcTemplate queries, long limitBytes) {
        this.queries = queries;
        this.limitFloats = limitBytes / Float.BYTES;
    }

    /** Vectors of one document in reading order; only the first {@code rows} of {@code ordinals} are in use. */
    private record VectorBlock(String sagaId, int[] ordinals, float[] vectors, int rows) {}

    /** The visible documents of one revision: those in memory, and those that did not fit. */
    private record Snapshot(Model model, long revision, Map<String, List<VectorBlock>> inMemory, List<String> inFile) {}

    List<SegmentKey> nearest(Model model, float[] query, int limit) {
        Snapshot snapshot = refreshed(model);
        NearestKeys nearest = new NearestKeys(limit);
        snapshot.inMemory().values().forEach(blocks -> blocks.forEach(block -> scan(block, query, nearest)));
        snapshot.inFile().forEach(saga -> read(saga, model, block -> scan(block, query, nearest)));
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
        Map<String, List<VectorBlock>> inMemory = new LinkedHashMap<>();
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

    private List<VectorBlock> blocks(String saga, Model model) {
        List<VectorBlock> blocks = new ArrayList<>();
        read(saga, model, blocks::add);
        return blocks;
    }

    /** Reads the vectors of one document, block by block. */
    private void read(String saga, Model model, Consumer<VectorBlock> sink) {
        int dimension = model.dimension();
        List<VectorBlock> open = new ArrayList<>(1);
        queries.query(
                "select ordinal, vector from vector_segment where saga_id = ? and model = ? and dimension = ?"
                        + " order by ordinal",
                row -> {
                    VectorBlock block = open.isEmpty()
                            ? new VectorBlock(saga, new int[ROWS_PER_BLOCK], new float[ROWS_PER_BLOCK * dimension], 0)
                            : open.remove(0);
                    block.ordinals()[block.rows()] = row.getInt(1);
                    VectorFormat.read(row.getBytes(2), block.vectors(), block.rows() * dimension);
                    VectorBlock grown = new VectorBlock(saga, block.ordinals(), block.vectors(), block.rows() + 1);
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

    /** Shrinks a block to its rows, since small documents must not occupy a whole block. */
    private static VectorBlock trimmed(VectorBlock block, int dimension) {
        return new VectorBlock(
                block.sagaId(),
                Arrays.copyOf(block.ordinals(), block.rows()),
                Arrays.copyOf(block.vectors(), block.rows() * dimension),
                block.rows());
    }

    /** Vectors have unit length: the dot product is the cosine. */
    private static void scan(VectorBlock block, float[] query, NearestKeys nearest) {
        float[] vectors = block.vectors();
        for (int row = 0, at = 0; row < block.rows(); row++) {
            float dot = 0;
            for (float q : query) {
                dot += q * vectors[at++];
            }
            if (dot > nearest.threshold()) {
                nearest.offer(dot, new SegmentKey(block.sagaId(), block.ordinals()[row]));
            }
        }
    }
}
