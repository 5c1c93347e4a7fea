package dev.streamingsaga.journal;

import dev.streamingsaga.access.AccessLimit;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.LongSupplier;

/**
 * Sums over ended sagas. What is summed up never changes after the end of a saga, so that each one is read once, some
 * minutes after its end, however often the sums are asked for. All are read again when sagas were removed, and from
 * time to time. Keeps one sum for each of the last hours and one for all others. Thread-safe.
 */
final class EndedSagas {
    static final long HOUR_MILLIS = Duration.ofHours(1).toMillis();

    /** Hours with a sum of their own. */
    static final int HOURS = 169;

    /** The clocks of nodes may differ, and a transaction may take a while. */
    static final long SETTLED_MILLIS = Duration.ofMinutes(5).toMillis();

    private static final long READ_AGAIN_MILLIS = Duration.ofMinutes(10).toMillis();

    /** Its columns are those of an index. */
    static final String SUMS = "SELECT finished_at / " + HOUR_MILLIS + " AS hour,"
            + " sum(CASE WHEN state = 'COMPLETED' THEN 1 ELSE 0 END) AS completed,"
            + " sum(CASE WHEN state = 'COMPLETED' THEN 0 ELSE 1 END) AS undone,"
            + " sum(CASE WHEN state = 'COMPLETED' THEN size_bytes ELSE 0 END) AS stored,"
            + " sum(resumed_bytes) AS resumed,"
            + " sum(CASE WHEN attempt > 1 THEN 1 ELSE 0 END) AS redeliveries,"
            + " sum(CASE WHEN warning_count > 0 THEN 1 ELSE 0 END) AS warned,"
            + " sum(CASE WHEN state <> 'COMPLETED' AND EXISTS (SELECT 1 FROM cleanup"
            + " WHERE cleanup.saga_id = saga.saga_id) THEN 1 ELSE 0 END) AS with_residue"
            + " FROM saga WHERE finished_at IS NOT NULL AND finished_at >= :from AND finished_at < :to";

    static final String BY_HOUR = " GROUP BY finished_at / " + HOUR_MILLIS;

    private final JournalDatabase db;
    private final AccessLimit limit;
    private final LongSupplier removed;
    private NavigableMap<Long, Sum> settled = new TreeMap<>();
    private Sum older = Sum.NONE;
    private long settledBefore = Long.MIN_VALUE;
    private long readAgainAt = Long.MIN_VALUE;
    private long removedBefore;

    /**
     * @param limit of the sagas that count
     * @param removed how many sagas were removed from the journal ever
     */
    EndedSagas(JournalDatabase db, AccessLimit limit, LongSupplier removed) {
        this.db = db;
        this.limit = limit;
        this.removed = removed;
    }

    /**
     * @param undone compensated, with or without residue
     * @param storedBytes of completed documents
     * @param warned sagas with warnings
     * @param withResidue sagas whose compensation could not remove everything at once
     */
    record Sum(
            long completed,
            long undone,
            long storedBytes,
            long resumedBytes,
            long redeliveries,
            long warned,
            long withResidue) {
        static final Sum NONE = new Sum(0, 0, 0, 0, 0, 0, 0);

        Sum plus(Sum other) {
            return new Sum(
                    completed + other.completed,
                    undone + other.undone,
                    storedBytes + other.storedBytes,
                    resumedBytes + other.resumedBytes,
                    redeliveries + other.redeliveries,
                    warned + other.warned,
                    withResidue + other.withResidue);
        }

        private static Sum of(ResultSet row) throws SQLException {
            return new Sum(
                    row.getLong("completed"),
                    row.getLong("undone"),
                    row.getLong("stored"),
                    row.getLong("resumed"),
                    row.getLong("redeliveries"),
                    row.getLong("warned"),
                    row.getLong("with_residue"));
        }
    }

    /** Over all ended sagas, read now. */
    synchronized Sum all() {
        settle();
        Sum sum = older;
        for (Sum hour : settled.values()) {
            sum = sum.plus(hour);
        }
        for (Sum hour : read(settledBefore, Long.MAX_VALUE).values()) {
            sum = sum.plus(hour);
        }
        return sum;
    }

    /**
     * The sums of each hour from this one on, by the number of the hour since the epoch; an hour without any is absent.
     *
     * @param hour one of the last {@value #HOURS}
     */
    synchronized NavigableMap<Long, Sum> hours(long hour) {
        settle();
        NavigableMap<Long, Sum> hours = new TreeMap<>(settled.tailMap(hour, true));
        read(Math.max(settledBefore, hour * HOUR_MILLIS), Long.MAX_VALUE)
                .forEach((of, sum) -> hours.merge(of, sum, Sum::plus));
        return hours;
    }

    private void settle() {
        long now = db.now();
        long removedNow = removed.getAsLong();
        if (now >= readAgainAt || removedNow != removedBefore) {
            removedBefore = removedNow;
            settled = new TreeMap<>();
            older = Sum.NONE;
            settledBefore = Long.MIN_VALUE;
            readAgainAt = now + READ_AGAIN_MILLIS;
        }
        long until = now - SETTLED_MILLIS;
        if (until > settledBefore) {
            read(settledBefore, until).forEach((hour, sum) -> settled.merge(hour, sum, Sum::plus));
            settledBefore = until;
            forgetHours(now / HOUR_MILLIS - HOURS);
        }
    }

    private void forgetHours(long before) {
        Map<Long, Sum> old = settled.headMap(before);
        for (Sum hour : old.values()) {
            older = older.plus(hour);
        }
        old.clear();
    }

    private Map<Long, Sum> read(long from, long to) {
        Map<Long, Sum> hours = new HashMap<>();
        db.sql
                .sql(SUMS + AccessCondition.onSaga(limit) + BY_HOUR)
                .params(AccessCondition.parameters(limit))
                .param("from", from)
                .param("to", to)
                .query((row, n) -> hours.put(row.getLong("hour"), Sum.of(row)))
                .list();
        return hours;
    }
}
