package dev.streamingsaga.journal;

import dev.streamingsaga.access.AccessLimit;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** Counts over all sagas. Each is one pass over the sagas or the clean-up entries, never over chunks. */
final class StatisticsRepository {
    private static final long HOUR_MILLIS = Duration.ofHours(1).toMillis();

    private static final String TOTALS = "SELECT finished_at / " + HOUR_MILLIS + " AS hour,"
            + " sum(CASE WHEN state = 'COMPLETED' THEN 1 ELSE 0 END) AS completed,"
            + " sum(CASE WHEN state = 'COMPLETED' THEN size_bytes ELSE 0 END) AS bytes,"
            + " sum(CASE WHEN state = 'COMPLETED' THEN 0 ELSE 1 END) AS compensated"
            + " FROM saga WHERE finished_at >= :from";

    private static final String BY_HOUR = " GROUP BY finished_at / " + HOUR_MILLIS + " ORDER BY hour";

    static final String HOURLY = TOTALS + BY_HOUR;

    private final JournalDatabase db;

    StatisticsRepository(JournalDatabase db) {
        this.db = db;
    }

    /** Each part repeats the condition of a partial index, so that it reads no row of the table. */
    static final String SUMS = "SELECT (SELECT sum(size_bytes) FROM saga WHERE state = 'COMPLETED') AS stored,"
            + " (SELECT sum(resumed_bytes) FROM saga WHERE resumed_bytes > 0) AS resumed,"
            + " (SELECT count(*) FROM saga WHERE state = 'COMPLETED' AND published_at IS NULL"
            + " AND superseded_by IS NULL) AS unpublished,"
            + " (SELECT count(*) FROM saga WHERE attempt > 1) AS redeliveries,"
            + " (SELECT count(*) FROM deletion) AS deletions,"
            + " (SELECT count(*) FROM deletion WHERE state IN ('REQUESTED','HIDDEN','REMOVING','PARTIALLY_DELETED'))"
            + " AS unfinished_deletions";

    private record Sums(
            long storedBytes,
            long resumedBytes,
            long unpublished,
            long redeliveries,
            long deletions,
            long unfinishedDeletions) {}

    JournalStatistics read() {
        Map<SagaState, Long> sagas = new EnumMap<>(SagaState.class);
        db.sql
                .sql("SELECT state, count(*) AS sagas FROM saga GROUP BY state")
                .query((row, n) -> sagas.put(SagaState.valueOf(row.getString("state")), row.getLong("sagas")))
                .list();
        Sums sums = db.sql
                .sql(SUMS)
                .query((row, n) -> new Sums(
                        row.getLong("stored"),
                        row.getLong("resumed"),
                        row.getLong("unpublished"),
                        row.getLong("redeliveries"),
                        row.getLong("deletions"),
                        row.getLong("unfinished_deletions")))
                .single();
        long withResidue = db.sql
                .sql("SELECT count(DISTINCT c.saga_id) FROM cleanup c JOIN saga s ON s.saga_id = c.saga_id"
                        + " WHERE s.state IN ('COMPENSATED','PARTIALLY_COMPENSATED')")
                .query(Long.class)
                .single();
        return db.sql
                .sql("SELECT sum(CASE WHEN state = 'PENDING' THEN 1 ELSE 0 END) AS pending,"
                        + " sum(CASE WHEN state = 'BLOCKED' THEN 1 ELSE 0 END)"
                        + " AS blocked, sum(CASE WHEN step = 'upload' THEN 1 ELSE 0 END) AS chunks,"
                        + " min(created_at) AS oldest FROM cleanup"
                        + " WHERE state IN ('PENDING','BLOCKED')")
                .query((row, n) -> statistics(sagas, sums, withResidue, row))
                .single();
    }

    /** The sagas that ended at this time or later, hour by hour; an hour without any is absent. */
    List<HourlyTotal> hourly(Instant from, AccessLimit limit) {
        return db.sql
                .sql(TOTALS + AccessCondition.onSaga(limit) + BY_HOUR)
                .params(AccessCondition.parameters(limit))
                .param("from", from.toEpochMilli())
                .query((row, n) -> new HourlyTotal(
                        Instant.ofEpochMilli(row.getLong("hour") * HOUR_MILLIS),
                        row.getLong("completed"),
                        row.getLong("bytes"),
                        row.getLong("compensated")))
                .list();
    }

    private static JournalStatistics statistics(Map<SagaState, Long> sagas, Sums sums, long withResidue, ResultSet row)
            throws SQLException {
        long oldest = row.getLong("oldest");
        return new JournalStatistics(
                Map.copyOf(sagas),
                sums.storedBytes(),
                sums.resumedBytes(),
                sums.unpublished(),
                withResidue,
                row.getLong("pending"),
                row.getLong("blocked"),
                row.getLong("chunks"),
                JournalDatabase.instant(oldest, oldest == 0),
                sums.redeliveries(),
                sums.deletions(),
                sums.unfinishedDeletions());
    }
}
