package dev.streamingsaga.store;

import dev.streamingsaga.store.SegmentIndex.Model;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.jdbc.core.JdbcTemplate;

/**
 * Builds the sketches of visible documents that have none in the current format: those of a version without sketches.
 * Searches and writes continue meanwhile. After a crash the next start continues with the document that was not
 * finished.
 */
final class SketchBuilder {
    private static final Logger LOG = LoggerFactory.getLogger(SketchBuilder.class);
    private static final int SKETCHES_PER_ROW = 1024;
    private static final String MISSING = "select saga_id, run, model, dimension from vector_document d"
            // VectorSketch.size
            + " where visible = 1 and segments * (8 + (dimension + 63) / 64 * 8) <> coalesce("
            + "(select sum(length(sketches)) from vector_sketch k where k.saga_id = d.saga_id"
            + " and format = " + VectorSketch.FORMAT + "), 0) order by saga_id";

    private final JdbcTemplate queries;
    private final StoredVectors vectors;
    private final BooleanSupplier stopped;

    private record Unsketched(String sagaId, int run, Model model) {}

    SketchBuilder(JdbcTemplate queries, BooleanSupplier stopped) {
        this.queries = queries;
        this.vectors = new StoredVectors(queries);
        this.stopped = stopped;
    }

    void buildMissing() {
        List<Unsketched> missing = queries.query(
                MISSING,
                (row, number) ->
                        new Unsketched(row.getString(1), row.getInt(2), new Model(row.getString(3), row.getInt(4))));
        if (missing.isEmpty()) {
            return;
        }
        LOG.info("building the sketches of the vectors of {} documents", missing.size());
        for (Unsketched document : missing) {
            if (stopped.getAsBoolean()) {
                return;
            }
            build(document);
        }
        LOG.info("built the sketches of the vectors of {} documents", missing.size());
    }

    private void build(Unsketched document) {
        queries.update("delete from vector_sketch where saga_id = ?", document.sagaId());
        int next = 0;
        while (next >= 0 && !stopped.getAsBoolean()) {
            next = buildRow(document, next);
        }
        // Tells the searches, by a trigger.
        queries.update(
                "update vector_document set segments = segments where saga_id = ? and run = ? and visible = 1",
                document.sagaId(),
                document.run());
    }

    /**
     * Writes nothing if the document was removed or written again meanwhile.
     *
     * @return the ordinal after the last that was read, or -1 if there are no more
     */
    private int buildRow(Unsketched document, int firstOrdinal) {
        ByteBuffer sketches =
                VectorSketch.buffer(SKETCHES_PER_ROW, document.model().dimension());
        int[] next = {-1};
        vectors.read(document.sagaId(), document.model(), firstOrdinal, SKETCHES_PER_ROW, (ordinal, vector) -> {
            VectorSketch.put(ordinal, vector, sketches);
            next[0] = ordinal + 1;
        });
        if (next[0] >= 0) {
            queries.update(
                    "insert or replace into vector_sketch (saga_id, first_ordinal, format, sketches)"
                            + " select saga_id, ?, " + VectorSketch.FORMAT + ", ? from vector_document"
                            + " where saga_id = ? and run = ? and visible = 1",
                    firstOrdinal,
                    VectorSketch.bytes(sketches),
                    document.sagaId(),
                    document.run());
        }
        return next[0];
    }
}
