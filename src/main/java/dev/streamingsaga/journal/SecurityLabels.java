package dev.streamingsaga.journal;

import dev.streamingsaga.access.SecurityLabel;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Owner and classification of each saga's document. They are recorded with the saga, and never change. */
public final class SecurityLabels {
    private static final int BATCH = 500;

    private final JournalDatabase db;

    SecurityLabels(JournalDatabase db) {
        this.db = db;
    }

    /** Empty if there is no such saga. */
    public Optional<SecurityLabel> of(String sagaId) {
        return Optional.ofNullable(of(List.of(sagaId)).get(sagaId));
    }

    /** By saga; a saga that does not exist is absent. */
    public Map<String, SecurityLabel> of(Collection<String> sagaIds) {
        List<String> ids = List.copyOf(sagaIds);
        Map<String, SecurityLabel> labels = new HashMap<>();
        for (int from = 0; from < ids.size(); from += BATCH) {
            db.sql
                    .sql("SELECT saga_id, owner, classification FROM saga WHERE saga_id IN (:ids)")
                    .param("ids", ids.subList(from, Math.min(ids.size(), from + BATCH)))
                    .query((row, n) -> labels.put(
                            row.getString("saga_id"),
                            new SecurityLabel(row.getString("owner"), row.getString("classification"))))
                    .list();
        }
        return labels;
    }
}
