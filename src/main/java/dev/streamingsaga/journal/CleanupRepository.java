package dev.streamingsaga.journal;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Residue that compensations could not remove. Entries are retried, then blocked, and never deleted. */
public final class CleanupRepository {
    private static final String WITH_DOCUMENT =
            "SELECT c.*, s.document_id FROM cleanup c JOIN saga s ON s.saga_id = c.saga_id ";

    /** Times are taken modulo a prime number, so that their sum is no overflow. */
    static final String FINGERPRINT = "SELECT count(*) AS entries,"
            + " sum(CASE WHEN state = 'BLOCKED' THEN 1 ELSE 0 END) AS blocked, sum(attempts) AS attempts,"
            + " sum(next_attempt_at % 1000000007) AS next, sum(created_at % 1000000007) AS created"
            + " FROM cleanup WHERE state IN ('PENDING','BLOCKED')";

    /** Entries of each state that {@link #count} counts. */
    static final int MAX_COUNTED = 100_000;

    private final JournalDatabase db;

    CleanupRepository(JournalDatabase db) {
        this.db = db;
    }

    /**
     * When residue is retried: after {@code firstDelay}, then after twice the previous delay each time, at most an
     * hour. After {@code maxAttempts} the entry is BLOCKED.
     */
    public record RetryPolicy(Duration firstDelay, int maxAttempts) {
        private static final Duration MAX_DELAY = Duration.ofHours(1);

        long delayMillis(int attempts) {
            return Math.min(MAX_DELAY.toMillis(), firstDelay.toMillis() << Math.min(attempts - 1, 20));
        }

        CleanupEntry.CleanupState state(int attempts) {
            return attempts >= maxAttempts ? CleanupEntry.CleanupState.BLOCKED : CleanupEntry.CleanupState.PENDING;
        }
    }

    /**
     * @param resource an object key, or {@code store:sagaId}
     * @param error why it could not be removed
     */
    public record Residue(String resource, String error) {}

    /**
     * Records one piece of residue. Another report of the same piece counts as another attempt, unless a person has
     * resolved it. A piece that was removed and reappears starts again with one attempt.
     *
     * @return the entry, if this attempt was the last one
     */
    Optional<CleanupEntry> record(String sagaId, String step, Residue residue, RetryPolicy policy) {
        String resource = residue.resource();
        String error = residue.error();
        return db.inTransaction(() -> {
            long now = db.now();
            Optional<CleanupEntry> known = find(sagaId, step, resource);
            if (known.filter(entry -> entry.state() == CleanupEntry.CleanupState.RESOLVED)
                    .isPresent()) {
                return Optional.empty();
            }
            int attempts = 1
                    + known.filter(entry -> entry.state().isOpen())
                            .map(CleanupEntry::attempts)
                            .orElse(0);
            long next = now + policy.delayMillis(attempts);
            if (known.isPresent()) {
                db.sql
                        .sql("UPDATE cleanup SET attempts = ?, last_error = ?, next_attempt_at = ?, state = ?,"
                                + " resolution = NULL"
                                + " WHERE saga_id = ? AND step = ? AND resource = ?")
                        .params(attempts, error, next, policy.state(attempts).name(), sagaId, step, resource)
                        .update();
            } else {
                db.sql
                        .sql("""
                        INSERT INTO cleanup (cleanup_id, saga_id, step, resource, state, attempts,
                          last_error, next_attempt_at, created_at)
                        VALUES (?, ?, ?, ?, ?, 1, ?, ?, ?)""")
                        .params(
                                Ids.next(),
                                sagaId,
                                step,
                                resource,
                                policy.state(1).name(),
                                error,
                                next,
                                now)
                        .update();
            }
            boolean wasBlocked = known.filter(entry -> entry.state() == CleanupEntry.CleanupState.BLOCKED)
                    .isPresent();
            return policy.state(attempts) == CleanupEntry.CleanupState.BLOCKED && !wasBlocked
                    ? find(sagaId, step, resource)
                    : Optional.empty();
        });
    }

    private Optional<CleanupEntry> find(String sagaId, String step, String resource) {
        return db.sql
                .sql(WITH_DOCUMENT + "WHERE c.saga_id = ? AND c.step = ? AND c.resource = ?")
                .params(sagaId, step, resource)
                .query(CleanupRepository::entry)
                .optional();
    }

    /** The residue has been removed. */
    void done(String cleanupId) {
        set(cleanupId, CleanupEntry.CleanupState.DONE, "removed");
    }

    /** A person closed the entry; {@code resolution} says why. */
    void resolved(String cleanupId, String resolution) {
        set(cleanupId, CleanupEntry.CleanupState.RESOLVED, resolution);
    }

    private void set(String cleanupId, CleanupEntry.CleanupState state, String resolution) {
        db.sql
                .sql("UPDATE cleanup SET state = ?, resolution = ? WHERE cleanup_id = ?")
                .params(state.name(), resolution, cleanupId)
                .update();
    }

    /** What an operator requests for an entry from another process. */
    public enum CleanupCommand {
        RETRY,
        RESOLVE
    }

    /** @param reason the operator's reason for RESOLVE; empty otherwise */
    public record PendingCommand(CleanupEntry entry, CleanupRepository.CleanupCommand command, String reason) {}

    /** Requests a command. A process that runs the recovery on this journal executes it within about a second. */
    public void requestCommand(String cleanupId, CleanupRepository.CleanupCommand command, String reason) {
        db.sql
                .sql("UPDATE cleanup SET wish = ?, wish_why = ? WHERE cleanup_id = ?")
                .params(command.name(), reason, cleanupId)
                .update();
    }

    /** Requests a command for each of these entries, in one transaction. */
    public void requestCommands(Collection<String> cleanupIds, CleanupCommand command, String reason) {
        db.inTransaction(() -> cleanupIds.forEach(id -> requestCommand(id, command, reason)));
    }

    /** Whether a command has not been executed yet. */
    public boolean hasPendingCommand(String cleanupId) {
        return db.sql
                        .sql("SELECT count(*) FROM cleanup WHERE cleanup_id = ? AND wish IS NOT NULL")
                        .param(cleanupId)
                        .query(Integer.class)
                        .single()
                > 0;
    }

    public List<CleanupRepository.PendingCommand> pendingCommands() {
        return db.sql
                .sql(WITH_DOCUMENT + "WHERE c.wish IS NOT NULL AND s." + SagaFormat.KNOWN + " ORDER BY cleanup_id")
                .query((row, n) -> new CleanupRepository.PendingCommand(
                        entry(row, n),
                        CleanupRepository.CleanupCommand.valueOf(row.getString("wish")),
                        row.getString("wish_why")))
                .list();
    }

    public void clearCommand(String cleanupId) {
        db.sql
                .sql("UPDATE cleanup SET wish = NULL, wish_why = NULL WHERE cleanup_id = ?")
                .param(cleanupId)
                .update();
    }

    /** Entries whose next attempt is due, oldest first. */
    public List<CleanupEntry> due() {
        return db.sql
                .sql(WITH_DOCUMENT + "WHERE c.state = 'PENDING' AND c.next_attempt_at <= ? AND s." + SagaFormat.KNOWN
                        + " ORDER BY cleanup_id")
                .param(db.now())
                .query(CleanupRepository::entry)
                .list();
    }

    int open(String sagaId) {
        return db.sql
                .sql("SELECT count(*) FROM cleanup WHERE saga_id = ? AND state IN ('PENDING','BLOCKED')")
                .param(sagaId)
                .query(Integer.class)
                .single();
    }

    public Optional<CleanupEntry> find(String cleanupId) {
        return db.sql
                .sql(WITH_DOCUMENT + "WHERE cleanup_id = ?")
                .param(cleanupId)
                .query(CleanupRepository::entry)
                .optional();
    }

    public List<CleanupEntry> of(String sagaId) {
        return db.sql
                .sql(WITH_DOCUMENT + "WHERE c.saga_id = ? ORDER BY cleanup_id")
                .param(sagaId)
                .query(CleanupRepository::entry)
                .list();
    }

    /** Another text whenever an entry was opened, tried or closed. Reads an index of the open entries. */
    public String openFingerprint() {
        return db.sql
                .sql(FINGERPRINT)
                .query((row, n) -> row.getString("entries") + " " + row.getString("blocked") + " "
                        + row.getString("attempts") + " " + row.getString("next") + " " + row.getString("created"))
                .single();
    }

    /** Every open entry, oldest first. */
    public List<CleanupEntry> open() {
        return db.sql
                .sql(WITH_DOCUMENT + "WHERE c.state IN ('PENDING','BLOCKED') ORDER BY cleanup_id")
                .query(CleanupRepository::entry)
                .list();
    }

    /** @param limit maximum number of entries */
    public CleanupPage page(CleanupQuery query, int limit) {
        if (query.states().isEmpty()) {
            return new CleanupPage(List.of(), Optional.empty());
        }
        List<CleanupEntry> entries = db.sql
                .sql(WITH_DOCUMENT + "WHERE c.cleanup_id IN (" + ids(query) + ") ORDER BY cleanup_id LIMIT :rows")
                .params(parameters(query, limit + 1))
                .query(CleanupRepository::entry)
                .list();
        if (entries.size() <= limit) {
            return new CleanupPage(entries, Optional.empty());
        }
        List<CleanupEntry> page = entries.subList(0, limit);
        return new CleanupPage(
                List.copyOf(page), Optional.of(page.get(limit - 1).cleanupId()));
    }

    /** How many entries match, wherever the page begins; {@value #MAX_COUNTED} of each state at most. */
    public long count(CleanupQuery query) {
        if (query.states().isEmpty()) {
            return 0;
        }
        return db.sql
                .sql("SELECT count(*) FROM (" + ids(query.after("")) + ") AS found")
                .params(parameters(query, MAX_COUNTED))
                .query(Long.class)
                .single();
    }

    private static Map<String, Object> parameters(CleanupQuery query, int rows) {
        Map<String, Object> values = AccessCondition.parameters(query.access());
        values.putAll(Map.of("rows", rows, "from", query.from(), "step", query.step()));
        return values;
    }

    /** Each state has a limit, so that an index returns its rows without a sort over all entries. */
    static String ids(CleanupQuery query) {
        String step = query.step().isEmpty() ? "" : "step = :step AND ";
        String from = query.from().isEmpty() ? "" : " AND cleanup_id > :from";
        String permitted = AccessCondition.onSagaOf("cleanup", query.access());
        return Stream.of(CleanupEntry.CleanupState.values())
                .filter(query.states()::contains)
                .map(state -> "SELECT cleanup_id FROM (SELECT cleanup_id FROM cleanup WHERE " + step + "state = '"
                        + state + "'" + from + permitted + " ORDER BY cleanup_id LIMIT :rows) AS part")
                .collect(Collectors.joining(" UNION ALL "));
    }

    /** How many open entries these sagas have; a saga without open entries is absent. */
    public Map<String, OpenCleanups> openOf(Collection<String> sagaIds) {
        Map<String, OpenCleanups> open = new HashMap<>();
        if (!sagaIds.isEmpty()) {
            db.sql
                    .sql("SELECT saga_id, sum(CASE WHEN state = 'PENDING' THEN 1 ELSE 0 END) AS pending,"
                            + " sum(CASE WHEN state = 'BLOCKED' THEN 1 ELSE 0 END)"
                            + " AS blocked FROM cleanup WHERE saga_id IN (:ids)"
                            + " AND state IN ('PENDING','BLOCKED') GROUP BY saga_id")
                    .param("ids", sagaIds)
                    .query((row, n) -> open.put(
                            row.getString("saga_id"), new OpenCleanups(row.getInt("pending"), row.getInt("blocked"))))
                    .list();
        }
        return open;
    }

    /** Every entry, closed ones included, oldest first. */
    public List<CleanupEntry> all() {
        return db.sql
                .sql(WITH_DOCUMENT + "ORDER BY cleanup_id")
                .query(CleanupRepository::entry)
                .list();
    }

    private static CleanupEntry entry(ResultSet row, int n) throws SQLException {
        String document = row.getString("document_id");
        String resolution = row.getString("resolution");
        return new CleanupEntry(
                row.getString("cleanup_id"),
                row.getString("saga_id"),
                document == null ? "" : document,
                row.getString("step"),
                row.getString("resource"),
                CleanupEntry.CleanupState.valueOf(row.getString("state")),
                row.getInt("attempts"),
                row.getString("last_error"),
                Instant.ofEpochMilli(row.getLong("next_attempt_at")),
                Instant.ofEpochMilli(row.getLong("created_at")),
                resolution == null ? "" : resolution);
    }
}
