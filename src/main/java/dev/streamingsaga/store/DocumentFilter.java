package dev.streamingsaga.store;

import java.util.ArrayList;
import java.util.List;

/**
 * A condition on the documents that a search finds.
 *
 * @param sql further conditions on {@code vector_document d}, each after {@code and}; empty for all documents
 */
record DocumentFilter(String sql, List<Object> parameters) {
    static final DocumentFilter NONE = new DocumentFilter("", List.of());

    boolean isEmpty() {
        return sql.isEmpty();
    }

    DocumentFilter and(String condition, List<?> values) {
        List<Object> all = new ArrayList<>(parameters);
        all.addAll(values);
        return new DocumentFilter(sql + " and (" + condition + ")", List.copyOf(all));
    }

    /** The parameters between others. */
    Object[] parameters(List<?> before, Object... after) {
        List<Object> all = new ArrayList<>(before);
        all.addAll(parameters);
        all.addAll(List.of(after));
        return all.toArray();
    }
}
