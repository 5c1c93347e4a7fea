package dev.streamingsaga.journal;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.springframework.jdbc.core.ResultSetExtractor;

/**
 * Lists and counts of sagas. However many there are, a page reads only as many index rows as it may return, or as it
 * may scan for a text.
 */
public final class SagaPages {
    /** Sagas that one page of a text search scans. */
    static final int MAX_SCANNED = 20_000;

    private static final String PARTIAL = "SELECT saga_id FROM saga WHERE state = 'PARTIALLY_COMPENSATED'";
    private static final String PAUSED = "SELECT saga_id FROM saga WHERE state = 'PAUSED'";
    private static final String BLOCKED = "SELECT DISTINCT saga_id FROM cleanup WHERE state = 'BLOCKED'";
    private static final String INVISIBLE =
            "SELECT saga_id FROM saga WHERE state = 'COMPLETED' AND published_at IS NULL"
                    + " AND superseded_by IS NULL AND publish_attempts > 0";
    /** {@link SagaRecord#needsAttention} as SQL. */
    private static final List<String> ATTENTION = List.of(PARTIAL, PAUSED, BLOCKED, INVISIBLE);

    /** A process works on it now, or did until it crashed. */
    private static final Set<SagaState> AT_WORK = Set.of(
            SagaState.UPLOADING,
            SagaState.VERIFYING,
            SagaState.PROCESSING,
            SagaState.COMPLETING,
            SagaState.COMPENSATING);

    private final JournalDatabase db;

    SagaPages(JournalDatabase db) {
        this.db = db;
    }

    /** How many sagas and open clean-up entries there are, read now; one pass over an index. */
    public SagaCounts counts() {
        Map<SagaState, Long> sagas = new EnumMap<>(SagaState.class);
        db.sql
                .sql("SELECT state, count(*) AS n FROM saga GROUP BY state")
                .query((row, n) -> sagas.put(SagaState.valueOf(row.getString("state")), row.getLong("n")))
                .list();
        long attention = db.sql
                .sql("SELECT count(*) FROM (" + String.join(" UNION ", ATTENTION) + ") AS attention")
                .query(Long.class)
                .single();
        return db.sql
                .sql("SELECT sum(CASE WHEN state = 'PENDING' THEN 1 ELSE 0 END) AS pending,"
                        + " sum(CASE WHEN state = 'BLOCKED' THEN 1 ELSE 0 END) AS blocked FROM cleanup"
                        + " WHERE state IN ('PENDING','BLOCKED')")
                .query((row, n) ->
                        new SagaCounts(Map.copyOf(sagas), attention, row.getLong("pending"), row.getLong("blocked")))
                .single();
    }

    /** @param limit maximum number of sagas */
    public SagaPage page(SagaQuery query, int limit) {
        if (query.states().isEmpty()) {
            return new SagaPage(List.of(), Optional.empty());
        }
        int rows = query.text().isBlank() ? limit + 1 : MAX_SCANNED;
        String order = " ORDER BY saga_id " + (query.oldestFirst() ? "ASC" : "DESC");
        String sql =
                "SELECT saga_id, file_name, document_id, state, reason FROM saga WHERE saga_id IN (" + ids(query, order)
                        + ")" + (isEveryState(query) ? "" : " AND state IN (:states)") + order + " LIMIT :rows";
        IdPage idPage = db.sql
                .sql(sql)
                .param("from", query.from())
                .param("rows", rows)
                .param("states", query.states().stream().map(SagaState::name).toList())
                .query((ResultSetExtractor<IdPage>) row -> readIds(row, normalized(query.text()), limit, rows));
        return new SagaPage(records(idPage.ids(), query.oldestFirst()), idPage.next());
    }

    /** Each part has a limit, so that an index returns its rows without a sort over all sagas. */
    private static String ids(SagaQuery query, String order) {
        String from =
                query.from().isEmpty() ? "" : query.oldestFirst() ? " AND saga_id > :from" : " AND saga_id < :from";
        // The state filter can exclude any number of sagas that need attention: then only the whole query has a limit.
        String limit = query.attention() && !isEveryState(query) ? "" : order + " LIMIT :rows";
        return parts(query).stream()
                .map(part -> "SELECT saga_id FROM (" + part + from + limit + ") AS part")
                .collect(Collectors.joining(" UNION "));
    }

    private static List<String> parts(SagaQuery query) {
        if (query.attention()) {
            return ATTENTION;
        }
        return isEveryState(query)
                ? List.of("SELECT saga_id FROM saga WHERE 1 = 1")
                : query.states().stream()
                        .map(state -> "SELECT saga_id FROM saga WHERE state = '" + state.name() + "'")
                        .toList();
    }

    private static boolean isEveryState(SagaQuery query) {
        return query.states().equals(EnumSet.allOf(SagaState.class));
    }

    private record IdPage(List<String> ids, Optional<String> next) {}

    private static IdPage readIds(ResultSet row, String needle, int limit, int rows) throws SQLException {
        List<String> ids = new ArrayList<>();
        String last = "";
        int scanned = 0;
        while (row.next()) {
            if (ids.size() == limit) {
                return new IdPage(ids, Optional.of(last));
            }
            last = row.getString("saga_id");
            scanned++;
            if (needle.isEmpty() || searchText(row).contains(needle)) {
                ids.add(last);
            }
        }
        return new IdPage(ids, scanned == rows ? Optional.of(last) : Optional.empty());
    }

    /** The text of a saga that is searched. The path of its source is confidential and therefore not included. */
    private static String searchText(ResultSet row) throws SQLException {
        String state = row.getString("state");
        String reason = JournalDatabase.text(row, "reason");
        return normalized(String.join(
                "\n",
                row.getString("file_name"),
                row.getString("saga_id"),
                JournalDatabase.text(row, "document_id"),
                state,
                state.replace('_', ' '),
                reason,
                reason.replace('_', ' ')));
    }

    /** In Java, since databases differ in which letters they consider equal. */
    private static String normalized(String text) {
        return Normalizer.normalize(text.strip(), Normalizer.Form.NFC).toLowerCase(Locale.ROOT);
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
     */
    public Set<SagaRecord> watched(int limit) {
        Set<SagaRecord> sagas = new HashSet<>(page(SagaQuery.ALL, limit).sagas());
        sagas.addAll(page(SagaQuery.ALL.in(AT_WORK).after(""), limit).sagas());
        sagas.addAll(page(SagaQuery.ALL.in(Set.of(SagaState.RECEIVED)).after(""), limit)
                .sagas());
        sagas.addAll(page(SagaQuery.ALL.needingAttention(), limit).sagas());
        return sagas;
    }
}
