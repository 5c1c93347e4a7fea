package dev.streamingsaga.journal;

import dev.streamingsaga.audit.Actor;
import dev.streamingsaga.audit.AuditAction;
import dev.streamingsaga.audit.AuditLog;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.springframework.jdbc.core.ColumnMapRowMapper;
import org.springframework.jdbc.core.RowMapper;

/**
 * What retention removes from the journal after it has been archived: all of an ended saga, or the events of one whose
 * document still exists. Rows that were written since they were read stay.
 */
public final class ArchiveRepository {
    private static final Actor ACTOR = Actor.system("retention");
    private static final int MAX_IN_LIST = 500;

    /** Why a saga stays although it is old enough; empty: it may go. */
    private static final String KEPT = "CASE"
            + " WHEN EXISTS (SELECT 1 FROM cleanup c WHERE c.saga_id = saga.saga_id"
            + " AND c.state IN ('PENDING','BLOCKED')) THEN 'a clean-up entry is open'"
            + " WHEN saga.wish IS NOT NULL THEN 'a command is pending'"
            + " WHEN saga.next_delivery_at IS NOT NULL THEN 'its document is to be delivered again'"
            + " WHEN saga.delivery IS NOT NULL AND EXISTS (SELECT 1 FROM saga other"
            + " WHERE other.delivery = saga.delivery AND (other.next_delivery_at IS NOT NULL"
            + " OR other.state NOT IN " + SagaRepository.FINAL + ")) THEN 'another delivery of its document runs'"
            + " WHEN EXISTS (SELECT 1 FROM dropped_file f WHERE f.saga_id = saga.saga_id)"
            + " THEN 'its dropped file is watched'"
            + " WHEN EXISTS (SELECT 1 FROM event e WHERE e.saga_id = saga.saga_id AND " + EventRepository.NOT_DELIVERED
            + ") THEN 'an alert is not delivered yet'"
            + " WHEN EXISTS (SELECT 1 FROM document_key k WHERE k.saga_id = saga.saga_id"
            + " AND k.next_key_id IS NOT NULL) THEN 'its key is being rotated'"
            + " WHEN saga.state = 'COMPENSATED' AND " + SagaRepository.LATE_WRITES_POSSIBLE
            + " THEN 'the bucket is not checked for late writes yet'"
            + " WHEN NOT (saga." + SagaFormat.KNOWN + ") THEN 'a newer version of the program wrote it'"
            + " ELSE '' END";

    /** A completed saga with a document that is served, or kept as an older version. */
    private static final String LIVE = "saga.state = 'COMPLETED' AND saga.finished_at < :before"
            + " AND saga.published_at IS NOT NULL AND saga." + DeletionRepository.NOT_DELETED
            + " AND (saga.superseded_by IS NULL OR EXISTS (SELECT 1 FROM document_version v"
            + " WHERE v.saga_id = saga.saga_id AND v.state = 'KEPT'))"
            + " AND NOT EXISTS (SELECT 1 FROM event e WHERE e.saga_id = saga.saga_id AND "
            + EventRepository.NOT_DELIVERED + ")";

    /** Tables with rows of a saga, and the columns that are archived: no keys, no text of documents. */
    private static final Map<String, String> TABLES = tables();

    private static Map<String, String> tables() {
        Map<String, String> tables = new LinkedHashMap<>();
        tables.put("step", "* FROM step WHERE saga_id IN (:ids) ORDER BY saga_id, ordinal");
        tables.put("event", "* FROM event WHERE saga_id IN (:ids) ORDER BY saga_id, event_id");
        tables.put("chunk", "* FROM chunk WHERE saga_id IN (:ids) ORDER BY saga_id, idx");
        tables.put("cleanup", "* FROM cleanup WHERE saga_id IN (:ids) ORDER BY saga_id, cleanup_id");
        tables.put("warning", "* FROM warning WHERE saga_id IN (:ids) ORDER BY saga_id, ordinal");
        tables.put("document_text", "saga_id, run, segments, cut_after FROM document_text WHERE saga_id IN (:ids)");
        tables.put("uploads", "* FROM upload WHERE saga_id IN (:ids)");
        tables.put(
                "document_key",
                "saga_id, document_id, key_id, created_at, destroyed_at FROM document_key WHERE saga_id IN (:ids)");
        tables.put("document_version", "* FROM document_version WHERE saga_id IN (:ids)");
        tables.put(
                "receipt",
                "saga_id, sequence, kind, issued_at FROM receipt WHERE saga_id IN (:ids) ORDER BY saga_id, sequence");
        return Collections.unmodifiableMap(tables);
    }

    private final JournalDatabase db;
    private final AuditLog audit;

    ArchiveRepository(JournalDatabase db, AuditLog audit) {
        this.db = db;
        this.audit = audit;
    }

    /** Why a saga is not needed any more. */
    public enum Ended {
        COMPENSATED("saga.state = 'COMPENSATED' AND saga.saga_id < :bound AND saga.finished_at < :before"),
        /** All clean-up entries are closed. */
        PARTIALLY_COMPENSATED(
                "saga.state = 'PARTIALLY_COMPENSATED' AND saga.saga_id < :bound AND saga.finished_at < :before"),
        /** Its document was deleted, and nothing of it remains. */
        DELETED("saga.state = 'COMPLETED' AND saga.deletion_id IS NOT NULL AND EXISTS (SELECT 1 FROM deletion d"
                + " WHERE d.deletion_id = saga.deletion_id AND d.state = 'DELETED' AND d.finished_at < :before)"),
        /** A newer version replaced its document, and nothing of it remains. */
        REPLACED("saga.state = 'COMPLETED' AND saga.superseded_by IS NOT NULL AND saga.deletion_id IS NULL"
                + " AND saga.finished_at < :before AND NOT EXISTS (SELECT 1 FROM saga newer"
                + " WHERE newer.saga_id = saga.superseded_by"
                + " AND (newer.finished_at IS NULL OR newer.finished_at >= :before))"
                + " AND NOT EXISTS (SELECT 1 FROM document_version v WHERE v.saga_id = saga.saga_id"
                + " AND v.state <> 'REMOVED') AND NOT EXISTS (SELECT 1 FROM step s WHERE s.saga_id = saga.saga_id"
                + " AND s.name = '" + StoreNames.UPLOAD + "' AND s.state NOT IN ('COMPENSATED','RESIDUE'))");

        private final String condition;

        Ended(String condition) {
            this.condition = condition;
        }
    }

    /**
     * A saga that is old enough.
     *
     * @param kept why it stays all the same; empty if it may go
     */
    public record Candidate(String sagaId, int chunks, String kept) {}

    /**
     * Everything that is archived of a saga.
     *
     * @param tables rows by the name of their table, each by the name of its column
     */
    public record ArchivedSaga(String sagaId, Map<String, List<Map<String, Object>>> tables) {
        List<Map<String, Object>> rows(String table) {
            return tables.getOrDefault(table, List.of());
        }

        int count(String table) {
            return rows(table).size();
        }
    }

    /**
     * Sagas that ended before a time, in the order of their ids.
     *
     * @param after the last saga of the page before; empty for the first page
     */
    public List<Candidate> ended(Ended why, Instant before, String after, int limit) {
        return db.sql
                .sql("SELECT saga_id, coalesce(chunk_count, 0) AS chunks, " + KEPT + " AS kept FROM saga WHERE "
                        + why.condition + " AND saga.saga_id > :after ORDER BY saga.saga_id LIMIT :limit")
                .params(limits(before))
                .param("after", after)
                .param("limit", limit)
                .query((row, n) -> new Candidate(row.getString("saga_id"), row.getInt("chunks"), row.getString("kept")))
                .list();
    }

    private static Map<String, Object> limits(Instant before) {
        Map<String, Object> values = new HashMap<>();
        values.put("before", before.toEpochMilli());
        values.put("bound", Ids.first(before));
        return values;
    }

    /** Reads what is archived of these sagas, in their order. */
    public List<ArchivedSaga> read(Collection<String> sagaIds) {
        Map<String, Map<String, List<Map<String, Object>>>> found = new LinkedHashMap<>();
        sagaIds.forEach(id -> found.put(id, new LinkedHashMap<>()));
        add(found, "saga", "* FROM saga WHERE saga_id IN (:ids)", Map.of("ids", sagaIds));
        TABLES.forEach((table, columns) -> add(found, table, columns, Map.of("ids", sagaIds)));
        return archived(found);
    }

    private void add(
            Map<String, Map<String, List<Map<String, Object>>>> found,
            String table,
            String query,
            Map<String, Object> values) {
        db.sql
                .sql("SELECT " + query)
                .params(values)
                .query(withoutNulls())
                .list()
                .forEach(row -> found.getOrDefault(String.valueOf(row.get("saga_id")), new HashMap<>())
                        .computeIfAbsent(table, name -> new ArrayList<>())
                        .add(row));
    }

    private static List<ArchivedSaga> archived(Map<String, Map<String, List<Map<String, Object>>>> found) {
        return found.entrySet().stream()
                .filter(saga -> !saga.getValue().isEmpty())
                .map(saga -> new ArchivedSaga(saga.getKey(), saga.getValue()))
                .toList();
    }

    private static RowMapper<Map<String, Object>> withoutNulls() {
        ColumnMapRowMapper columns = new ColumnMapRowMapper();
        return (row, n) -> {
            Map<String, Object> values = new LinkedHashMap<>(columns.mapRow(row, n));
            values.values().removeIf(Objects::isNull);
            return values;
        };
    }

    /**
     * Removes sagas that are archived durably, in one transaction with an entry of the audit log. One that has changed
     * since it was read stays.
     *
     * @param file that has them, for the audit log
     * @return the ids of those that were removed
     */
    public Set<String> remove(Ended why, Instant before, List<ArchivedSaga> archived, String file) {
        return db.inTransaction(() -> {
            Set<String> ids = unchanged(why, before, archived);
            if (!ids.isEmpty()) {
                Map<String, Object> values = Map.of("ids", ids);
                count(values);
                rememberReceipts(values, file);
                update(
                        "DELETE FROM document_version WHERE saga_id IN (:ids) AND (state = 'STORED' OR number = 0)",
                        ids);
                update("DELETE FROM step WHERE saga_id IN (:ids)", ids);
                deleteEvents(ids, last(archived));
                update("DELETE FROM chunk WHERE saga_id IN (:ids)", ids);
                update("DELETE FROM cleanup WHERE saga_id IN (:ids)", ids);
                update("DELETE FROM warning WHERE saga_id IN (:ids)", ids);
                update("DELETE FROM document_text WHERE saga_id IN (:ids)", ids);
                update("DELETE FROM upload WHERE saga_id IN (:ids)", ids);
                update("DELETE FROM document_key WHERE saga_id IN (:ids)", ids);
                update("DELETE FROM saga WHERE saga_id IN (:ids)", ids);
                record("sagas", ids, file);
            }
            return ids;
        });
    }

    /** Locks the sagas, and returns those that may still go and have no more rows than were archived. */
    private Set<String> unchanged(Ended why, Instant before, List<ArchivedSaga> archived) {
        Set<String> ids = new LinkedHashSet<>(
                archived.stream().map(ArchivedSaga::sagaId).sorted().toList());
        ids.retainAll(Set.copyOf(db.sql
                .sql("SELECT saga_id FROM saga WHERE saga_id IN (:ids) AND " + why.condition + " AND " + KEPT + " = ''"
                        + " ORDER BY saga_id" + (db.forShare().isEmpty() ? "" : " FOR UPDATE"))
                .params(limits(before))
                .param("ids", ids)
                .query(String.class)
                .list()));
        if (!ids.isEmpty()) {
            for (String table : List.of("event", "cleanup")) {
                Map<String, Integer> counts = counts(table, ids);
                archived.stream()
                        .filter(saga -> counts.getOrDefault(saga.sagaId(), 0) != saga.count(table))
                        .forEach(saga -> ids.remove(saga.sagaId()));
            }
        }
        return ids;
    }

    private Map<String, Integer> counts(String table, Set<String> ids) {
        Map<String, Integer> counts = new HashMap<>();
        if (!ids.isEmpty()) {
            db.sql
                    .sql("SELECT saga_id, count(*) AS found FROM " + table
                            + " WHERE saga_id IN (:ids) GROUP BY saga_id")
                    .param("ids", ids)
                    .query((ResultSet row, int n) -> counts.put(row.getString("saga_id"), row.getInt("found")))
                    .list();
        }
        return counts;
    }

    private static String last(List<ArchivedSaga> archived) {
        return archived.stream()
                .flatMap(ArchiveRepository::eventIds)
                .max(String::compareTo)
                .orElse("");
    }

    private void deleteEvents(Set<String> ids, String last) {
        db.sql
                .sql("DELETE FROM event WHERE saga_id IN (:ids) AND event_id <= :last")
                .param("ids", ids)
                .param("last", last)
                .update();
    }

    private void update(String statement, Set<String> ids) {
        db.sql.sql(statement).param("ids", ids).update();
    }

    private void count(Map<String, Object> values) {
        db.sql
                .sql("INSERT INTO archived_total (state, owner, classification, sagas, size_bytes, resumed_bytes,"
                        + " redeliveries, with_residue) SELECT state, owner, classification, count(*),"
                        + " coalesce(sum(CASE WHEN state = 'COMPLETED' THEN size_bytes ELSE 0 END), 0),"
                        + " coalesce(sum(resumed_bytes), 0), sum(CASE WHEN attempt > 1 THEN 1 ELSE 0 END),"
                        + " sum(CASE WHEN state <> 'COMPLETED' AND EXISTS (SELECT 1 FROM cleanup c"
                        + " WHERE c.saga_id = saga.saga_id) THEN 1 ELSE 0 END) FROM saga WHERE saga_id IN (:ids)"
                        + " GROUP BY state, owner, classification ON CONFLICT (state, owner, classification)"
                        + " DO UPDATE SET sagas = archived_total.sagas + excluded.sagas,"
                        + " size_bytes = archived_total.size_bytes + excluded.size_bytes,"
                        + " resumed_bytes = archived_total.resumed_bytes + excluded.resumed_bytes,"
                        + " redeliveries = archived_total.redeliveries + excluded.redeliveries,"
                        + " with_residue = archived_total.with_residue + excluded.with_residue")
                .params(values)
                .update();
    }

    private void rememberReceipts(Map<String, Object> values, String file) {
        db.sql
                .sql("INSERT INTO archived_saga (saga_id, receipt_sequence, archived_at, file)"
                        + " SELECT saga_id, max(sequence), :now, :file FROM receipt WHERE saga_id IN (:ids)"
                        + " GROUP BY saga_id ON CONFLICT (saga_id) DO NOTHING")
                .params(values)
                .param("now", db.now())
                .param("file", file)
                .update();
    }

    private void record(String what, Set<String> ids, String file) {
        List<String> sorted = ids.stream().sorted().toList();
        audit.record(
                ACTOR,
                AuditAction.RETENTION,
                null,
                null,
                Map.of(
                        "rule",
                        "journal",
                        what,
                        Integer.toString(sorted.size()),
                        "first",
                        sorted.get(0),
                        "last",
                        sorted.get(sorted.size() - 1),
                        "file",
                        file));
    }

    /**
     * A page of sagas whose document exists and whose events are older than a time.
     *
     * @param last the last event that was looked at; empty if there are no more
     */
    public record HistoryPage(List<String> sagaIds, String last) {}

    /** @param after {@link HistoryPage#last} of the page before; empty for the first page */
    public HistoryPage histories(Instant before, String after, int limit) {
        Set<String> sagas = new LinkedHashSet<>();
        List<String> events = db.sql
                .sql("SELECT event_id, saga_id FROM event WHERE kind = 'STATE' AND event_id > :after"
                        + " AND event_id < :bound ORDER BY event_id LIMIT :limit")
                .params(limits(before))
                .param("after", after)
                .param("limit", limit)
                .query((row, n) -> {
                    sagas.add(row.getString("saga_id"));
                    return row.getString("event_id");
                })
                .list();
        return new HistoryPage(
                sagas.isEmpty() ? List.of() : live(before, sagas),
                events.size() < limit ? "" : events.get(events.size() - 1));
    }

    private List<String> live(Instant before, Set<String> sagas) {
        return db.sql
                .sql("SELECT saga_id FROM saga WHERE saga_id IN (:ids) AND " + LIVE + " ORDER BY saga_id")
                .param("ids", sagas)
                .param("before", before.toEpochMilli())
                .query(String.class)
                .list();
    }

    /** Reads the events of these sagas that are older than a time. */
    public List<ArchivedSaga> readHistories(Instant before, Collection<String> sagaIds) {
        Map<String, Map<String, List<Map<String, Object>>>> found = new LinkedHashMap<>();
        sagaIds.forEach(id -> found.put(id, new LinkedHashMap<>()));
        add(
                found,
                "event",
                "* FROM event WHERE saga_id IN (:ids) AND event_id < :bound ORDER BY saga_id, event_id",
                Map.of("ids", sagaIds, "bound", Ids.first(before)));
        return archived(found);
    }

    /**
     * Removes events that are archived durably, as {@link #remove} does.
     *
     * @return the ids of their sagas
     */
    public Set<String> removeHistories(Instant before, List<ArchivedSaga> archived, String file) {
        return db.inTransaction(() -> {
            Set<String> ids = new LinkedHashSet<>(live(
                    before,
                    Set.copyOf(archived.stream().map(ArchivedSaga::sagaId).toList())));
            if (!ids.isEmpty()) {
                deleteEvents(archived.stream()
                        .filter(saga -> ids.contains(saga.sagaId()))
                        .flatMap(ArchiveRepository::eventIds)
                        .toList());
                record("histories", ids, file);
            }
            return ids;
        });
    }

    private static Stream<String> eventIds(ArchivedSaga saga) {
        return saga.rows("event").stream().map(event -> String.valueOf(event.get("event_id")));
    }

    private void deleteEvents(List<String> eventIds) {
        for (int from = 0; from < eventIds.size(); from += MAX_IN_LIST) {
            db.sql
                    .sql("DELETE FROM event WHERE event_id IN (:ids)")
                    .param("ids", eventIds.subList(from, Math.min(eventIds.size(), from + MAX_IN_LIST)))
                    .update();
        }
    }

    /** Whether the saga was archived and removed; known only of sagas with a receipt. */
    public boolean contains(String sagaId) {
        return db.sql
                .sql("SELECT 1 FROM archived_saga WHERE saga_id = ?")
                .param(sagaId)
                .query(Integer.class)
                .optional()
                .isPresent();
    }

    /** How many sagas were archived and removed. */
    long sagas() {
        return db.sql
                .sql("SELECT COALESCE(sum(sagas), 0) FROM archived_total")
                .query(Long.class)
                .single();
    }

    /** The sagas that were archived. */
    public List<ArchivedTotal> totals() {
        return db.sql
                .sql("SELECT state, sum(sagas) AS sagas, sum(size_bytes) AS size_bytes,"
                        + " sum(resumed_bytes) AS resumed_bytes, sum(redeliveries) AS redeliveries,"
                        + " sum(with_residue) AS with_residue FROM archived_total GROUP BY state")
                .query(ArchiveRepository::total)
                .list();
    }

    /**
     * Counts of archived sagas in one state.
     *
     * @param bytes of completed documents
     */
    public record ArchivedTotal(
            SagaState state, long sagas, long bytes, long resumedBytes, long redeliveries, long withResidue) {}

    private static ArchivedTotal total(ResultSet row, int n) throws SQLException {
        return new ArchivedTotal(
                SagaState.valueOf(row.getString("state")),
                row.getLong("sagas"),
                row.getLong("size_bytes"),
                row.getLong("resumed_bytes"),
                row.getLong("redeliveries"),
                row.getLong("with_residue"));
    }
}
