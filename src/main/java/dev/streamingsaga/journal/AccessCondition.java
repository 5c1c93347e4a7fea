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

    /**
     * A condition on the saga that a row of another table names. It looks up one saga for each row: how many sagas an
     * owner has does not matter.
     *
     * @param table name or alias of the table, which has a column {@code saga_id}
     */
    static String onSagaOf(String table, AccessLimit limit) {
        return limit.isUnlimited()
                ? ""
                : " AND EXISTS (SELECT 1 FROM saga permitted WHERE permitted.saga_id = " + table + ".saga_id"
                        + onSaga(limit) + ")";
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
