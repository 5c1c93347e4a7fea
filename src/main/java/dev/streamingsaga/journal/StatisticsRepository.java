package dev.streamingsaga.journal;

import dev.streamingsaga.access.AccessLimit;
import dev.streamingsaga.journal.ArchiveRepository.ArchivedTotal;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Counts over all sagas. Their cost does not depend on the number of ended sagas. */
final class StatisticsRepository {
    private static final int MAX_LIMITS = 200;

    /** Each part repeats the condition of an index. */
    static final String SUMS = "SELECT (SELECT count(*) FROM saga WHERE state = 'COMPLETED' AND published_at IS NULL"
            + " AND superseded_by IS NULL) AS unpublished,"
            + " (SELECT count(*) FROM deletion WHERE state IN ('REQUESTED','HIDDEN','REMOVING','PARTIALLY_DELETED'))"
            + " AS unfinished_deletions";

    static final String OPEN_CLEANUPS = "SELECT sum(CASE WHEN state = 'PENDING' THEN 1 ELSE 0 END) AS pending,"
            + " sum(CASE WHEN state = 'BLOCKED' THEN 1 ELSE 0 END)"
            + " AS blocked, sum(CASE WHEN step = 'upload' THEN 1 ELSE 0 END) AS chunks,"
            + " min(created_at) AS oldest FROM cleanup"
            + " WHERE state IN ('PENDING','BLOCKED')";

    private final JournalDatabase db;
    private final ArchiveRepository archive;
    private final Deleted deleted;
    private final Map<AccessLimit, EndedSagas> ended = new LinkedHashMap<>();

    StatisticsRepository(JournalDatabase db, ArchiveRepository archive) {
        this.db = db;
        this.archive = archive;
        this.deleted = new Deleted(db);
    }

    private record Sums(long unpublished, long unfinishedDeletions) {}

    /** @param warned sagas with warnings */
    record States(Map<SagaState, Long> sagas, long warned, EndedSagas.Sum ended, long resumedBytes, long again) {}

    private record Unfinished(SagaState state, long sagas, long warned, long resumedBytes, long redeliveries) {}

    private synchronized EndedSagas ended(AccessLimit limit) {
        if (ended.size() == MAX_LIMITS && !ended.containsKey(limit)) {
            ended.remove(ended.keySet().iterator().next());
        }
        return ended.computeIfAbsent(limit, access -> new EndedSagas(db, access, archive::sagas));
    }

    /** How many sagas are in each state. */
    States states(AccessLimit limit) {
        EndedSagas.Sum sum = ended(limit).all();
        Map<SagaState, Long> sagas = new EnumMap<>(SagaState.class);
        List<Unfinished> unfinished = unfinished(limit);
        unfinished.forEach(row -> sagas.put(row.state(), row.sagas()));
        long partial = db.sql
                .sql("SELECT count(*) FROM saga WHERE state = 'PARTIALLY_COMPENSATED'" + AccessCondition.onSaga(limit))
                .params(AccessCondition.parameters(limit))
                .query(Long.class)
                .single();
        sagas.put(SagaState.COMPLETED, sum.completed());
        sagas.put(SagaState.PARTIALLY_COMPENSATED, partial);
        // A saga that became partially compensated after the sums were read counts next time.
        sagas.put(SagaState.COMPENSATED, Math.max(0, sum.undone() - partial));
        sagas.values().removeIf(n -> n == 0);
        return new States(
                Map.copyOf(sagas),
                sum.warned() + unfinished.stream().mapToLong(Unfinished::warned).sum(),
                sum,
                sum.resumedBytes()
                        + unfinished.stream()
                                .mapToLong(Unfinished::resumedBytes)
                                .sum(),
                sum.redeliveries()
                        + unfinished.stream()
                                .mapToLong(Unfinished::redeliveries)
                                .sum());
    }

    private List<Unfinished> unfinished(AccessLimit limit) {
        return db.sql
                .sql("SELECT state, count(*) AS sagas, sum(CASE WHEN warning_count > 0 THEN 1 ELSE 0 END) AS warned,"
                        + " sum(resumed_bytes) AS resumed, sum(CASE WHEN attempt > 1 THEN 1 ELSE 0 END) AS again"
                        + " FROM saga WHERE state IN " + SagaRepository.UNFINISHED + AccessCondition.onSaga(limit)
                        + " GROUP BY state")
                .params(AccessCondition.parameters(limit))
                .query((row, n) -> new Unfinished(
                        SagaState.valueOf(row.getString("state")),
                        row.getLong("sagas"),
                        row.getLong("warned"),
                        row.getLong("resumed"),
                        row.getLong("again")))
                .list();
    }

    /** Archived sagas included. */
    JournalStatistics read() {
        JournalStatistics all = present();
        for (ArchivedTotal archived : archive.totals()) {
            all = all.with(archived);
        }
        return all;
    }

    private JournalStatistics present() {
        States states = states(AccessLimit.NONE);
        Sums sums = db.sql
                .sql(SUMS)
                .query((row, n) -> new Sums(row.getLong("unpublished"), row.getLong("unfinished_deletions")))
                .single();
        long deletions = deleted.count();
        return db.sql
                .sql(OPEN_CLEANUPS)
                .query((row, n) -> statistics(states, sums, deletions, row))
                .single();
    }

    /** The sagas that ended at this time or later, hour by hour; an hour without any is absent. */
    List<HourlyTotal> hourly(Instant from, AccessLimit limit) {
        return ended(limit).hours(from.toEpochMilli() / EndedSagas.HOUR_MILLIS).entrySet().stream()
                .map(hour -> new HourlyTotal(
                        Instant.ofEpochMilli(hour.getKey() * EndedSagas.HOUR_MILLIS),
                        hour.getValue().completed(),
                        hour.getValue().storedBytes(),
                        hour.getValue().undone()))
                .toList();
    }

    private static JournalStatistics statistics(States states, Sums sums, long deletions, ResultSet row)
            throws SQLException {
        long oldest = row.getLong("oldest");
        return new JournalStatistics(
                states.sagas(),
                states.ended().storedBytes(),
                states.resumedBytes(),
                sums.unpublished(),
                states.ended().withResidue(),
                row.getLong("pending"),
                row.getLong("blocked"),
                row.getLong("chunks"),
                JournalDatabase.instant(oldest, oldest == 0),
                states.again(),
                deletions,
                sums.unfinishedDeletions());
    }

    /** Counts deletions, which are never removed: each is counted once. Thread-safe. */
    private static final class Deleted {
        private final JournalDatabase db;
        private String last = "";
        private long counted;

        Deleted(JournalDatabase db) {
            this.db = db;
        }

        synchronized long count() {
            db.sql
                    .sql("SELECT count(*) AS n, max(deletion_id) AS last FROM deletion WHERE deletion_id > ?"
                            + " AND requested_at < ?")
                    .params(last, db.now() - EndedSagas.SETTLED_MILLIS)
                    .query((row, n) -> add(row.getLong("n"), row.getString("last")))
                    .single();
            return counted
                    + db.sql
                            .sql("SELECT count(*) FROM deletion WHERE deletion_id > ?")
                            .param(last)
                            .query(Long.class)
                            .single();
        }

        private boolean add(long found, String newest) {
            counted += found;
            last = found == 0 ? last : newest;
            return true;
        }
    }
}
