package dev.streamingsaga.journal;

import dev.streamingsaga.access.AccessLimit;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.text.Normalizer;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A query as SQL. An index selects by one column and returns the ids in order; the other conditions are checked in
 * Java, row by row, so that a reader can stop after a number of rows.
 */
final class SagaSelection {
    private static final String COLUMNS =
            "saga_id, file_name, document_id, state, reason, owner, warning_count, warning_codes";

    private static final String FILE_NAME = "file_name";
    private static final String REASON = "reason";
    private static final String OWNER = "owner";
    private static final String WARNING = "warning";
    private static final String WARNING_COUNT = "warning_count";

    private static final String PARTIAL = "SELECT saga_id FROM saga WHERE state = 'PARTIALLY_COMPENSATED'";
    private static final String PAUSED = "SELECT saga_id FROM saga WHERE state = 'PAUSED'";
    private static final String BLOCKED = "SELECT DISTINCT saga_id FROM cleanup WHERE state = 'BLOCKED'";
    private static final String INVISIBLE =
            "SELECT saga_id FROM saga WHERE state = 'COMPLETED' AND published_at IS NULL"
                    + " AND superseded_by IS NULL AND publish_attempts > 0";
    /** {@link SagaRecord#needsAttention} as SQL. */
    static final List<String> ATTENTION = List.of(PARTIAL, PAUSED, BLOCKED, INVISIBLE);

    private final SagaQuery query;
    private final Bounds bounds;
    private final Optional<Column> column;
    private final boolean everyState;
    private final boolean dueAgain;
    private final List<Predicate<Candidate>> checks;

    /**
     * Ids of sagas, which are in the order of reception.
     *
     * @param low the first one
     * @param high the one after the last one
     */
    record Bounds(Optional<String> low, Optional<String> high) {
        static final Bounds NONE = new Bounds(Optional.empty(), Optional.empty());
    }

    /**
     * What an index selects the sagas by.
     *
     * @param condition in SQL, with {@code :value} if there is a value
     */
    private record Column(String name, String condition, String value) {
        static Column of(String name, String value) {
            return new Column(name, name + " = :value", value);
        }
    }

    /** The columns that are checked in Java. */
    private record Candidate(
            String sagaId,
            String fileName,
            String documentId,
            SagaState state,
            String reason,
            String owner,
            WarningTally warnings) {}

    SagaSelection(SagaQuery query, Bounds bounds) {
        this(query, bounds, false);
    }

    /** @param dueAgain only sagas whose document is to be delivered again */
    SagaSelection(SagaQuery query, Bounds bounds, boolean dueAgain) {
        this.query = query;
        this.bounds = bounds;
        this.dueAgain = dueAgain;
        this.column = dueAgain ? Optional.empty() : column(query);
        this.everyState = query.states().equals(EnumSet.allOf(SagaState.class));
        this.checks = checks();
    }

    private static Optional<Column> column(SagaQuery query) {
        SagaFilter filter = query.filter();
        if (query.attention()) {
            return Optional.empty();
        }
        if (!filter.name().isEmpty() && !isPattern(filter.name())) {
            return Optional.of(Column.of(FILE_NAME, filter.name()));
        }
        return filter.reason()
                .map(reason -> Column.of(REASON, reason.name()))
                .or(() -> filter.warning().map(code -> Column.of(WARNING, code.name())))
                .or(() -> Optional.of(filter.owner())
                        .filter(owner -> !owner.isEmpty())
                        .map(owner -> Column.of(OWNER, owner)))
                .or(() -> filter.warned()
                        ? Optional.of(new Column(WARNING_COUNT, "warning_count > 0", ""))
                        : Optional.empty());
    }

    private static boolean isPattern(String name) {
        return name.contains("*");
    }

    private boolean isColumn(String name) {
        return column.filter(selected -> selected.name().equals(name)).isPresent();
    }

    /** The conditions that the column does not cover. */
    private List<Predicate<Candidate>> checks() {
        SagaFilter filter = query.filter();
        return Stream.<Optional<Predicate<Candidate>>>of(
                        Optional.of(normalized(query.text()))
                                .filter(text -> !text.isEmpty())
                                .map(text -> saga -> searchText(saga).contains(text)),
                        Optional.of(filter.name())
                                .filter(name -> !name.isEmpty() && !isColumn(FILE_NAME))
                                .map(SagaSelection::nameCheck),
                        filter.reason()
                                .filter(reason -> !isColumn(REASON))
                                .map(reason -> saga -> saga.reason().equals(reason.name())),
                        Optional.of(filter.owner())
                                .filter(owner -> !owner.isEmpty() && !isColumn(OWNER))
                                .map(owner -> saga -> saga.owner().equals(owner)),
                        filter.warning()
                                .filter(code -> !isColumn(WARNING))
                                .map(code -> saga -> saga.warnings().codes().contains(code.name())),
                        Optional.of(filter)
                                .filter(any -> any.warned() && any.warning().isEmpty() && !isColumn(WARNING_COUNT))
                                .map(any -> saga -> saga.warnings().count() > 0),
                        Optional.of(query.states())
                                .filter(states -> (isWithoutState() || dueAgain) && !everyState)
                                .map(states -> saga -> states.contains(saga.state())))
                .flatMap(Optional::stream)
                .toList();
    }

    /** Whether the index that selects the sagas does not have their states. */
    private boolean isWithoutState() {
        return isColumn(FILE_NAME) || isColumn(WARNING);
    }

    private static Predicate<Candidate> nameCheck(String name) {
        if (!isPattern(name)) {
            return saga -> saga.fileName().equals(name);
        }
        List<String> parts = List.of(normalized(name).split("\\*+", -1));
        return saga -> matches(normalized(saga.fileName()), parts);
    }

    /** The first place of each part is enough: a regular expression could try for hours. */
    private static boolean matches(String text, List<String> parts) {
        String last = parts.get(parts.size() - 1);
        if (!text.startsWith(parts.get(0))) {
            return false;
        }
        int from = parts.get(0).length();
        for (String part : parts.subList(1, parts.size() - 1)) {
            int at = text.indexOf(part, from);
            if (at < 0) {
                return false;
            }
            from = at + part.length();
        }
        return text.length() - last.length() >= from && text.endsWith(last);
    }

    /** Whether SQL alone selects the sagas, so that each row is one of them. */
    boolean isExact() {
        return checks.isEmpty();
    }

    /** Whether {@link #counts} counts what it selects. */
    boolean isCountable() {
        return isExact() && !isWithoutState();
    }

    /** The ids and what {@link #matches} needs, in the order of the query; at most {@code :rows}. */
    String rows() {
        return "SELECT " + COLUMNS + " FROM saga WHERE saga_id IN (" + ids() + ")" + attentionStates() + order()
                + " LIMIT :rows";
    }

    /** How many sagas there are in each state, at most {@code :rows} each. Only if {@link #isCountable}. */
    String counts() {
        if (query.attention()) {
            return "SELECT state, count(*) AS n FROM saga WHERE saga_id IN (" + ids() + ")" + attentionStates()
                    + " GROUP BY state";
        }
        return Stream.of(SagaState.values())
                .filter(query.states()::contains)
                .map(state -> "SELECT '" + state + "' AS state, count(*) AS n FROM (SELECT saga_id FROM saga WHERE "
                        + columnCondition() + "state = '" + state + "'"
                        + AccessCondition.onSaga(query.filter().access()) + range() + " LIMIT :rows) AS part")
                .collect(Collectors.joining(" UNION ALL "));
    }

    Map<String, Object> parameters(int rows) {
        Map<String, Object> values = new HashMap<>();
        values.put("rows", rows);
        values.put("from", query.from());
        values.put("states", query.states().stream().map(SagaState::name).toList());
        column.ifPresent(selected -> values.put("value", selected.value()));
        bounds.low().ifPresent(id -> values.put("low", id));
        bounds.high().ifPresent(id -> values.put("high", id));
        values.putAll(AccessCondition.parameters(query.filter().access()));
        return values;
    }

    boolean matches(ResultSet row) throws SQLException {
        Candidate saga = new Candidate(
                row.getString("saga_id"),
                row.getString("file_name"),
                JournalDatabase.text(row, "document_id"),
                SagaState.valueOf(row.getString("state")),
                JournalDatabase.text(row, "reason"),
                row.getString("owner"),
                WarningTally.of(row));
        return checks.stream().allMatch(check -> check.test(saga));
    }

    private String order() {
        return " ORDER BY saga_id " + (query.oldestFirst() ? "ASC" : "DESC");
    }

    private String range() {
        String from =
                query.from().isEmpty() ? "" : query.oldestFirst() ? " AND saga_id > :from" : " AND saga_id < :from";
        return from
                + (bounds.low().isPresent() ? " AND saga_id >= :low" : "")
                + (bounds.high().isPresent() ? " AND saga_id < :high" : "");
    }

    private String permitted(String part) {
        AccessLimit limit = query.filter().access();
        return part.contains(" FROM saga WHERE ")
                ? AccessCondition.onSaga(limit)
                : AccessCondition.onSagaOf(part.contains(" FROM cleanup ") ? "cleanup" : "warning", limit);
    }

    private String attentionStates() {
        return query.attention() && !everyState ? " AND state IN (:states)" : "";
    }

    private String columnCondition() {
        return column.map(selected -> selected.condition() + " AND ").orElse("");
    }

    /** Each part has a limit, so that an index returns its rows without a sort over all sagas. */
    private String ids() {
        // The states can exclude any number of sagas that need attention: then only the whole query has a limit.
        String limit = attentionStates().isEmpty() ? order() + " LIMIT :rows" : "";
        return parts().map(part -> "SELECT saga_id FROM (" + part + permitted(part) + range() + limit + ") AS part")
                .collect(Collectors.joining(" UNION "));
    }

    private Stream<String> parts() {
        if (dueAgain) {
            return Stream.of("SELECT saga_id FROM saga WHERE next_delivery_at IS NOT NULL"
                    + (query.attention() ? " AND saga_id IN (" + PARTIAL + ")" : ""));
        }
        if (query.attention()) {
            return ATTENTION.stream();
        }
        if (isColumn(FILE_NAME)) {
            return Stream.of("SELECT saga_id FROM saga WHERE file_name = :value");
        }
        if (isColumn(WARNING)) {
            return Stream.of("SELECT DISTINCT saga_id FROM warning WHERE code = :value");
        }
        if (everyState && column.isEmpty()) {
            return Stream.of("SELECT saga_id FROM saga WHERE 1 = 1");
        }
        return Stream.of(SagaState.values())
                .filter(query.states()::contains)
                .map(state -> "SELECT saga_id FROM saga WHERE " + columnCondition() + "state = '" + state + "'");
    }

    /** The text of a saga that is searched. The path of its source is confidential and therefore not included. */
    private static String searchText(Candidate saga) {
        String state = saga.state().name();
        return normalized(String.join(
                "\n",
                saga.fileName(),
                saga.sagaId(),
                saga.documentId(),
                state,
                state.replace('_', ' '),
                saga.reason(),
                saga.reason().replace('_', ' ')));
    }

    /** In Java, since databases differ in which letters they consider equal. */
    private static String normalized(String text) {
        return Normalizer.normalize(text.strip(), Normalizer.Form.NFC).toLowerCase(Locale.ROOT);
    }
}
