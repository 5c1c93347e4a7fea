package dev.streamingsaga.journal;

import dev.streamingsaga.access.AccessLimit;
import java.util.HashMap;
import java.util.Map;

/** A limit of access as a condition in SQL. */
final class AccessCondition {
    private AccessCondition() {}

    /** A condition on the columns of a saga, after others; empty if there is no limit. */
    static String onSaga(AccessLimit limit) {
        return limit.isUnlimited()
                ? ""
                : (limit.owners().isPresent() ? " AND owner IN (:owners)" : "")
                        + " AND classification IN (:classifications)";
    }

    /** A condition on a column {@code saga_id} of another table. */
    static String onSagaId(AccessLimit limit) {
        return limit.isUnlimited() ? "" : " AND saga_id IN (SELECT saga_id FROM saga WHERE 1 = 1" + onSaga(limit) + ")";
    }

    /** The parameters of both. */
    static Map<String, Object> parameters(AccessLimit limit) {
        Map<String, Object> values = new HashMap<>();
        if (!limit.isUnlimited()) {
            limit.owners().ifPresent(owners -> values.put("owners", owners));
            values.put("classifications", limit.classifications());
        }
        return values;
    }
}
