package dev.streamingsaga.store;

import dev.streamingsaga.access.AccessLimit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * A condition on the documents that a search finds.
 *
 * @param sql further conditions on {@code vector_document d}, each after {@code and}; empty for all documents
 */
record DocumentFilter(String sql, List<Object> parameters) {
    static final DocumentFilter NONE = new DocumentFilter("", List.of());

    /** Documents that somebody may see. A document whose owner or classification is not known here yet is not one. */
    static DocumentFilter of(AccessLimit limit) {
        if (limit.isUnlimited()) {
            return NONE;
        }
        DocumentFilter classified =
                NONE.and("d.classification in (" + places(limit.classifications()) + ")", limit.classifications());
        return limit.owners()
                .map(List::copyOf)
                .map(owners -> classified.and("d.owner in (" + places(owners) + ")", owners))
                .orElse(classified);
    }

    private static String places(List<String> values) {
        return String.join(",", Collections.nCopies(values.size(), "?"));
    }

    boolean isEmpty() {
        return sql.isEmpty();
    }

    DocumentFilter and(String condition, List<?> values) {
        List<Object> all = new ArrayList<>(parameters);
        all.addAll(values);
        return new DocumentFilter(sql + " and (" + condition + ")", List.copyOf(all));
    }

    DocumentFilter and(DocumentFilter other) {
        List<Object> all = new ArrayList<>(parameters);
        all.addAll(other.parameters());
        return new DocumentFilter(sql + other.sql(), List.copyOf(all));
    }

    /** The parameters between others. */
    Object[] parameters(List<?> before, Object... after) {
        List<Object> all = new ArrayList<>(before);
        all.addAll(parameters);
        all.addAll(List.of(after));
        return all.toArray();
    }
}
