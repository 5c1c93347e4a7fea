package dev.streamingsaga.journal;

import dev.streamingsaga.access.AccessLimit;
import dev.streamingsaga.journal.SagaSelection.Bounds;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.springframework.jdbc.core.ResultSetExtractor;

/**
 * Lists and counts of sagas. However many there are, a page reads only as many index rows as it may return, or as it
 * may scan for conditions that no index covers.
 */
public final class SagaPages {
    /** Sagas that one page of a text search scans. */
    static final int MAX_SCANNED = 20_000;

    /** Sagas of each state that {@link #count} counts. */
    static final int MAX_COUNTED = 100_000;

    /** Of some: of two sagas that arrive together, the one with the later id may be received a little earlier. */
    static final String FIRST_RECEIVED = "SELECT saga_id FROM (SELECT saga_id FROM saga WHERE received_at >= :time"
            + " ORDER BY received_at, saga_id LIMIT 100) AS received ORDER BY saga_id LIMIT 1";

    /** A process works on it now, or did until it crashed. */
    private static final Set<SagaState> AT_WORK = Set.of(
            SagaState.UPLOADING,
            SagaState.VERIFYING,
            SagaState.PROCESSING,
            SagaState.COMPLETING,
            SagaState.COMPENSATING);

    private final JournalDatabase db;
    private final StatisticsRepository statistics;

    SagaPages(JournalDatabase db, StatisticsRepository statistics) {
        this.db = db;
        this.statistics = statistics;
    }

    /** How many sagas and open clean-up entries there are, read now. */
    public SagaCounts counts(AccessLimit limit) {
        Map<String, Object> values = AccessCondition.parameters(limit);
        StatisticsRepository.States states = statistics.states(limit);
        long attention = db.sql
                .sql("SELECT count(*) FROM (" + String.join(" UNION ", SagaSelection.ATTENTION)
                        + ") AS attention WHERE 1 = 1"
                        + AccessCondition.onSagaOf("attention", limit))
                .params(values)
                .query(Long.class)
                .single();
        return db.sql
                .sql("SELECT coalesce(sum(CASE WHEN state = 'PENDING' THEN 1 ELSE 0 END), 0) AS pending,"
                        + " coalesce(sum(CASE WHEN state = 'BLOCKED' THEN 1 ELSE 0 END), 0) AS blocked FROM cleanup"
                        + " WHERE state IN ('PENDING','BLOCKED')" + AccessCondition.onSagaOf("cleanup", limit))
                .params(values)
                .query((row, n) -> new SagaCounts(
                        states.sagas(), attention, states.warned(), row.getLong("pending"), row.getLong("blocked")))
                .single();
    }

    /**
     * How many sagas match, wherever the page begins. Counts at most {@value #MAX_COUNTED} sagas of each state, or
     * {@value #MAX_SCANNED} sagas if no index covers all conditions.
     */
    public SagaCount count(SagaQuery query) {
        return selection(query.next(""), false)
                .map(selection -> selection.isCountable() ? counted(selection) : scanned(selection))
                .orElse(new SagaCount(Map.of(), true));
    }

    private SagaCount counted(SagaSelection selection) {
        Map<SagaState, Long> sagas = new EnumMap<>(SagaState.class);
        db.sql
                .sql(selection.counts())
                .params(selection.parameters(MAX_COUNTED))
                .query((row, n) -> sagas.put(SagaState.valueOf(row.getString("state")), row.getLong("n")))
                .list();
        sagas.values().removeIf(n -> n == 0);
        return new SagaCount(Map.copyOf(sagas), sagas.values().stream().allMatch(n -> n < MAX_COUNTED));
    }

    private SagaCount scanned(SagaSelection selection) {
        return db.sql
                .sql(selection.rows())
                .params(selection.parameters(MAX_SCANNED))
                .query((ResultSetExtractor<SagaCount>) row -> {
                    Map<SagaState, Long> sagas = new EnumMap<>(SagaState.class);
                    int scanned = 0;
                    for (; row.next(); scanned++) {
                        if (selection.matches(row)) {
                            sagas.merge(SagaState.valueOf(row.getString("state")), 1L, Long::sum);
                        }
                    }
                    return new SagaCount(Map.copyOf(sagas), scanned < MAX_SCANNED);
                });
    }

    /** @param limit maximum number of sagas */
    public SagaPage page(SagaQuery query, int limit) {
        return page(query, false, limit);
    }

    /** As {@link #page}, only sagas whose document is to be delivered again. */
    public SagaPage dueAgain(SagaQuery query, int limit) {
        return page(query, true, limit);
    }

    private SagaPage page(SagaQuery query, boolean dueAgain, int limit) {
        return selection(query, dueAgain)
                .map(selection -> page(selection, limit, query.oldestFirst()))
                .orElse(new SagaPage(List.of(), Optional.empty()));
    }

    private SagaPage page(SagaSelection selection, int limit, boolean oldestFirst) {
        IdPage idPage = ids(selection, limit);
        return new SagaPage(records(idPage.ids(), oldestFirst), idPage.next());
    }

    private IdPage ids(SagaSelection selection, int limit) {
        int rows = selection.isExact() ? limit + 1 : MAX_SCANNED;
        return db.sql.sql(selection.rows()).params(selection.parameters(rows)).query((ResultSetExtractor<IdPage>)
                row -> readIds(row, selection, limit, rows));
    }

    /** Empty if no saga can match. */
    private Optional<SagaSelection> selection(SagaQuery query, boolean dueAgain) {
        SagaFilter filter = query.filter();
        Optional<String> low = filter.receivedFrom().flatMap(this::firstReceived);
        if (query.states().isEmpty() || filter.receivedFrom().isPresent() && low.isEmpty()) {
            return Optional.empty();
        }
        Optional<String> high = filter.receivedBefore().flatMap(this::firstReceived);
        return Optional.of(new SagaSelection(query, new Bounds(low, high), dueAgain));
    }

    private Optional<String> firstReceived(Instant time) {
        return db.sql
                .sql(FIRST_RECEIVED)
                .param("time", time.toEpochMilli())
                .query(String.class)
                .optional();
    }

    private record IdPage(List<String> ids, Optional<String> next) {}

    private static IdPage readIds(ResultSet row, SagaSelection selection, int limit, int rows) throws SQLException {
        List<String> ids = new ArrayList<>();
        String last = "";
        int scanned = 0;
        while (row.next()) {
            if (ids.size() == limit) {
                return new IdPage(ids, Optional.of(last));
            }
            last = row.getString("saga_id");
            scanned++;
            if (selection.matches(row)) {
                ids.add(last);
            }
        }
        return new IdPage(ids, scanned == rows ? Optional.of(last) : Optional.empty());
    }

    private List<SagaRecord> records(List<String> ids, boolean oldestFirst) {
        if (ids.isEmpty()) {
            return List.of();
        }
        Comparator<SagaRecord> order = Comparator.comparing(SagaRecord::sagaId);
        return db
                .sql
                .sql("SELECT * FROM saga WHERE saga_id IN (:ids)")
                .param("ids", ids)
                .query(SagaRepository::saga)
                .list()
                .stream()
                .sorted(oldestFirst ? order : order.reversed())
                .toList();
    }

    /**
     * The sagas to monitor: the newest, those in progress, the first of those that wait, and the newest that need
     * attention. At most {@code 4 * limit}, in no particular order.
     *
     * @param known records of an earlier call, by saga; those of ended sagas are returned again if they still hold
     */
    public Set<SagaRecord> watched(int limit, AccessLimit access, Map<String, SagaRecord> known) {
        SagaQuery all = SagaQuery.ALL.within(access);
        Set<String> ids = new HashSet<>(ids(all, limit));
        ids.addAll(ids(all.in(AT_WORK).after(""), limit));
        ids.addAll(ids(all.in(Set.of(SagaState.RECEIVED)).after(""), limit));
        ids.addAll(ids(all.needingAttention(), limit));
        Set<SagaRecord> sagas = unchanged(ids, known);
        sagas.forEach(saga -> ids.remove(saga.sagaId()));
        sagas.addAll(records(List.copyOf(ids), true));
        return sagas;
    }

    private List<String> ids(SagaQuery query, int limit) {
        return selection(query, false)
                .map(selection -> ids(selection, limit).ids())
                .orElse(List.of());
    }

    /** Reads only what can change after the end of a saga, which is much less than its row. */
    private Set<SagaRecord> unchanged(Set<String> ids, Map<String, SagaRecord> known) {
        List<String> ended = ids.stream()
                .filter(id -> known.containsKey(id) && known.get(id).state().isFinal())
                .toList();
        Set<SagaRecord> unchanged = new HashSet<>();
        if (!ended.isEmpty()) {
            db.sql.sql(EndedSaga.SELECT).param("ids", ended).query((ResultSet row) -> {
                SagaRecord before = known.get(row.getString("saga_id"));
                if (before != null && EndedSaga.of(row).equals(EndedSaga.of(before))) {
                    unchanged.add(before);
                }
            });
        }
        return unchanged;
    }

    /** What can change of an ended saga. */
    private record EndedSaga(
            SagaState state,
            long updatedAt,
            boolean published,
            int publishAttempts,
            Optional<String> supersededBy,
            String redelivery,
            long nextDeliveryAt,
            int warnings) {
        static final String SELECT = "SELECT saga_id, state, updated_at, published_at, publish_attempts, superseded_by,"
                + " redelivery, next_delivery_at, warning_count FROM saga WHERE saga_id IN (:ids)";

        static EndedSaga of(ResultSet row) throws SQLException {
            return new EndedSaga(
                    SagaState.valueOf(row.getString("state")),
                    row.getLong("updated_at"),
                    row.getObject("published_at") != null,
                    row.getInt("publish_attempts"),
                    Optional.ofNullable(row.getString("superseded_by")),
                    JournalDatabase.text(row, "redelivery"),
                    row.getLong("next_delivery_at"),
                    row.getInt("warning_count"));
        }

        static EndedSaga of(SagaRecord saga) {
            return new EndedSaga(
                    saga.state(),
                    saga.updatedAt().toEpochMilli(),
                    saga.published(),
                    saga.publishAttempts(),
                    saga.supersededBy(),
                    saga.delivery().redelivery().map(Enum::name).orElse(""),
                    saga.delivery().next().map(Instant::toEpochMilli).orElse(0L),
                    saga.warnings().count());
        }
    }
}
