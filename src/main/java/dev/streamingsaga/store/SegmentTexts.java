package dev.streamingsaga.store;

import dev.streamingsaga.store.SearchText.Words;
import dev.streamingsaga.store.SegmentIndex.SegmentKey;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.springframework.jdbc.core.JdbcTemplate;

/** Reads visible segments with their documents. */
record SegmentTexts(JdbcTemplate queries) {

    /**
     * @param part path to the part of the document that contains it
     * @param partPage page of that part
     */
    record SegmentText(
            SegmentKey key,
            String documentId,
            String fileName,
            int page,
            String part,
            int partPage,
            String language,
            String text,
            Words words) {}

    /** By key, in the order of the keys; without those that are no longer visible. */
    Map<SegmentKey, SegmentText> read(Collection<SegmentKey> keys) {
        Map<SegmentKey, SegmentText> texts = new LinkedHashMap<>();
        if (keys.isEmpty()) {
            return texts;
        }
        Map<SegmentKey, SegmentText> found = new LinkedHashMap<>();
        List<Object> parameters = new ArrayList<>(keys.size() * 2);
        keys.forEach(key -> Collections.addAll(parameters, key.sagaId(), key.ordinal()));
        queries.query(
                "with found (saga_id, ordinal) as (values "
                        + String.join(",", Collections.nCopies(keys.size(), "(?, ?)")) + ")"
                        + " select s.document_id, s.saga_id, d.file_name, s.page, s.ordinal, s.text, s.part, d.language,"
                        + " case when s.part_page = 0 then s.page else s.part_page end"
                        + " from found w join vector_segment s on s.saga_id = w.saga_id and s.ordinal = w.ordinal"
                        + " join vector_document d on d.saga_id = s.saga_id where d.visible = 1",
                row -> {
                    SegmentKey key = new SegmentKey(row.getString(2), row.getInt(5));
                    String text = row.getString(6);
                    found.put(
                            key,
                            new SegmentText(
                                    key,
                                    row.getString(1),
                                    row.getString(3),
                                    row.getInt(4),
                                    row.getString(7),
                                    row.getInt(9),
                                    row.getString(8),
                                    text,
                                    SearchText.of(text)));
                },
                parameters.toArray());
        keys.forEach(key -> {
            SegmentText text = found.get(key);
            if (text != null) {
                texts.put(key, text);
            }
        });
        return texts;
    }
}
