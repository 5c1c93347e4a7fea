package dev.streamingsaga.store;

import dev.streamingsaga.store.SegmentIndex.Model;
import dev.streamingsaga.store.SegmentIndex.SegmentKey;
import dev.streamingsaga.store.SketchRows.Revision;
import dev.streamingsaga.store.SketchRows.SketchedDocument;
import java.nio.ByteBuffer;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import org.springframework.jdbc.core.JdbcTemplate;

/**
 * Finds the nearest segments in SQLite: estimates all from their sketches, which are in memory, then compares the best
 * of them exactly. A search first reads the sketches of documents that became visible since the last one. Sketches that
 * do not fit into memory are read for each search; a document without sketches is compared exactly.
 */
final class SketchMemory {
    static final int MIN_COMPARED = 1000;
    /** Documents that pass a filter, whose ids a search holds in memory: some 20 MB. */
    private static final int MAX_FILTERED = 200_000;

    private static final int COMPARED_PER_HIT = 10;
    /** Removed documents stay in memory until they are more than one in so many segments. */
    private static final int REMOVED_SHARE = 20;

    private final SketchRows rows;
    private final StoredVectors vectors;
    private final long limitBytes;
    private Snapshot current = new Snapshot(new Model("", 0), new Revision(0, 0));

    /** @param limitBytes limit for the sketches in memory */
    SketchMemory(JdbcTemplate queries, long limitBytes) {
        this.rows = new SketchRows(queries);
        this.vectors = new StoredVectors(queries);
        this.limitBytes = limitBytes;
    }

    /**
     * @param removed the number of segments that had been removed when the contents were empty
     * @param revision of the contents
     */
    private record Snapshot(Model model, SketchContents contents, long removed, long revision) {
        Snapshot(Model model, Revision now) {
            this(model, SketchContents.EMPTY, now.removed(), -1);
        }

        boolean isOutdated(Revision now) {
            return (now.removed() - removed) * REMOVED_SHARE > contents.segments();
        }
    }

    /** @param compared all that were compared exactly */
    private record Found(List<SegmentKey> keys, int compared) {}

    List<SegmentKey> nearest(Model model, float[] query, int limit, DocumentFilter filter) {
        Predicate<String> sagas = filter.isEmpty() ? saga -> true : rows.sagas(model, filter, MAX_FILTERED);
        int compared = compared(limit);
        Found found = search(refreshed(model), query, limit, sagas);
        if (found.keys().size() == limit || found.compared() < compared) {
            return found.keys();
        }
        forget(); // too many of the best were removed since the sketches were read
        return search(refreshed(model), query, limit, sagas).keys();
    }

    private static int compared(int limit) {
        return Math.max(MIN_COMPARED, COMPARED_PER_HIT * limit);
    }

    private Found search(Snapshot snapshot, float[] query, int limit, Predicate<String> sagas) {
        int compared = compared(limit);
        Model model = snapshot.model();
        NearestKeys estimated = new NearestKeys(compared);
        SketchQuery sketch = new SketchQuery(query);
        snapshot.contents().estimate(sketch, sagas, estimated);
        Set<String> unsketched = new LinkedHashSet<>(snapshot.contents().unsketched());
        if (snapshot.contents().full()) {
            rows.after(snapshot.contents().cursor(), model, document -> {
                if (document.isComplete(model.dimension())) {
                    unsketched.remove(document.sagaId());
                    if (sagas.test(document.sagaId())) {
                        estimate(document, sketch, estimated);
                    }
                } else {
                    unsketched.add(document.sagaId());
                }
                return true;
            });
        }
        List<SegmentKey> best = estimated.best();
        NearestKeys nearest = new NearestKeys(limit);
        vectors.compare(new LinkedHashSet<>(best), model, query, nearest);
        unsketched.stream().filter(sagas).forEach(saga -> vectors.compareAll(saga, model, query, nearest));
        return new Found(nearest.best(), best.size());
    }

    private static void estimate(SketchedDocument document, SketchQuery query, NearestKeys nearest) {
        for (byte[] batch : document.sketches()) {
            ByteBuffer sketches = VectorSketch.read(batch);
            while (sketches.hasRemaining()) {
                int ordinal = sketches.getInt();
                float score = query.estimate(sketches);
                nearest.offer(score, new SegmentKey(document.sagaId(), ordinal));
            }
        }
    }

    private synchronized void forget() {
        current = new Snapshot(current.model(), rows.revision());
    }

    private synchronized Snapshot refreshed(Model model) {
        Revision now = rows.revision();
        if (!current.model().equals(model) || current.isOutdated(now)) {
            current = new Snapshot(model, now);
        }
        if (current.revision() != now.number() && !current.contents().full()) {
            SketchContents.Loading loading =
                    new SketchContents.Loading(current.contents(), model.dimension(), limitBytes);
            rows.after(current.contents().cursor(), model, loading::add);
            current = new Snapshot(model, loading.contents(), current.removed(), now.number());
        }
        return current;
    }
}
