package dev.streamingsaga.store;

import dev.streamingsaga.store.SegmentIndex.Model;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import org.springframework.jdbc.core.JdbcTemplate;

/** Reads the sketches of visible documents in the order in which the documents became visible. */
record SketchRows(JdbcTemplate queries) {
    private static final String AFTER = "select d.shown, d.saga_id, d.segments, k.sketches from vector_document d"
            + " left join vector_sketch k on k.saga_id = d.saga_id and k.format = " + VectorSketch.FORMAT
            + " where d.visible = 1 and (d.shown, d.saga_id) > (?, ?) and d.model = ? and d.dimension = ?"
            + " and d.segments > 0 order by d.shown, d.saga_id, k.first_ordinal";

    /** Position in the order. */
    record Cursor(long shown, String sagaId) {
        static final Cursor BEGIN = new Cursor(-1, "");
    }

    /** @param sketches in batches; as many as there are segments, unless they have to be built (again) */
    record SketchedDocument(Cursor cursor, long segments, List<byte[]> sketches) {
        String sagaId() {
            return cursor.sagaId();
        }

        boolean isComplete(int dimension) {
            long bytes = sketches.stream().mapToLong(batch -> batch.length).sum();
            return bytes == segments * VectorSketch.size(dimension);
        }
    }

    interface DocumentConsumer {
        /** @return false to read no further */
        boolean accept(SketchedDocument document);
    }

    /** What changes when a document becomes visible or is removed. */
    record Revision(long number, long removed) {}

    Revision revision() {
        return queries
                .query(
                        "select revision, removed from vector_revision",
                        (row, number) -> new Revision(row.getLong(1), row.getLong(2)))
                .stream()
                .findFirst()
                .orElse(new Revision(0, 0));
    }

    /**
     * Tests whether documents pass the filter. Holds the ids of those that do, at most {@code limit} of them; if there
     * are more, it asks the database about each document.
     */
    Predicate<String> sagas(Model model, DocumentFilter filter, int limit) {
        String passing = "select d.saga_id from vector_document d where d.visible = 1 and d.segments > 0"
                + " and d.model = ? and d.dimension = ?" + filter.sql();
        List<Object> ofModel = List.of(model.id(), model.dimension());
        Set<String> ids = new HashSet<>(
                queries.queryForList(passing + " limit ?", String.class, filter.parameters(ofModel, limit + 1)));
        return ids.size() <= limit
                ? ids::contains
                : saga -> !queries.queryForList(
                                passing + " and d.saga_id = ?", String.class, filter.parameters(ofModel, saga))
                        .isEmpty();
    }

    void after(Cursor cursor, Model model, DocumentConsumer consumer) {
        queries.query(
                AFTER,
                rows -> {
                    readAll(rows, consumer);
                    return null;
                },
                cursor.shown(),
                cursor.sagaId(),
                model.id(),
                model.dimension());
    }

    private static void readAll(ResultSet rows, DocumentConsumer consumer) throws SQLException {
        boolean more = rows.next();
        while (more) {
            Cursor cursor = new Cursor(rows.getLong(1), rows.getString(2));
            SketchedDocument document = new SketchedDocument(cursor, rows.getLong(3), new ArrayList<>());
            do {
                byte[] sketches = rows.getBytes(4);
                if (sketches != null) {
                    document.sketches().add(sketches);
                }
                more = rows.next();
            } while (more && rows.getString(2).equals(cursor.sagaId()));
            more &= consumer.accept(document);
        }
    }
}
