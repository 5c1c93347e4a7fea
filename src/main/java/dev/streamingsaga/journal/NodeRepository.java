package dev.streamingsaga.journal;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** The nodes that use this journal now, and fingerprints of the settings that they must share. */
public final class NodeRepository {
    private static final Duration FORGOTTEN_AFTER = Duration.ofDays(1);

    private final JournalDatabase db;
    private final Leases leases;
    private volatile boolean joined;

    NodeRepository(JournalDatabase db, Leases leases) {
        this.db = db;
        this.leases = leases;
    }

    /** @param setting a key that the node has with another value */
    public record SettingConflict(String node, String setting) {}

    /**
     * Registers this node until its lease ends, see {@link #renew}, unless another node runs with other settings.
     *
     * @param settings fingerprints by key; a key that only one of two nodes has is no conflict
     * @return why this node must not run
     */
    public Optional<SettingConflict> join(Map<String, String> settings) {
        db.sql
                .sql("INSERT INTO node (name, until_at, settings) VALUES (?, ?, ?) ON CONFLICT (name)"
                        + " DO UPDATE SET until_at = excluded.until_at, settings = excluded.settings")
                .params(leases.node(), leases.endMillis(), text(settings))
                .update();
        // Only now: of two that start together, one at least sees the other.
        Optional<SettingConflict> conflict = conflict(settings);
        if (conflict.isPresent()) {
            remove();
        } else {
            joined = true;
            forget();
        }
        return conflict;
    }

    private Optional<SettingConflict> conflict(Map<String, String> settings) {
        return db
                .sql
                .sql("SELECT name, settings FROM node WHERE name <> ? AND until_at >= ? ORDER BY name")
                .params(leases.node(), db.now())
                .query((row, n) -> Map.entry(row.getString("name"), row.getString("settings")))
                .list()
                .stream()
                .flatMap(other -> other.getValue()
                        .lines()
                        .filter(line -> differs(line, settings))
                        .map(line -> new SettingConflict(other.getKey(), line.substring(0, line.lastIndexOf('=')))))
                .findFirst();
    }

    private static boolean differs(String line, Map<String, String> settings) {
        int split = line.lastIndexOf('=');
        String ours = split < 0 ? null : settings.get(line.substring(0, split));
        return ours != null && !ours.equals(line.substring(split + 1));
    }

    private static String text(Map<String, String> settings) {
        return new TreeMap<>(settings)
                .entrySet().stream()
                        .map(entry -> entry.getKey() + "=" + entry.getValue())
                        .collect(Collectors.joining("\n"));
    }

    /** Extends the registration. Call it well within the lease. */
    public void renew() {
        if (joined) {
            db.sql
                    .sql("UPDATE node SET until_at = ? WHERE name = ?")
                    .params(leases.endMillis(), leases.node())
                    .update();
        }
    }

    /** Ends the registration: this node does no more work. */
    public void leave() {
        if (joined) {
            joined = false;
            remove();
        }
    }

    private void remove() {
        db.sql.sql("DELETE FROM node WHERE name = ?").param(leases.node()).update();
    }

    /** Nodes that were killed leave their row. */
    private void forget() {
        db.sql
                .sql("DELETE FROM node WHERE until_at < ?")
                .param(db.now() - FORGOTTEN_AFTER.toMillis())
                .update();
    }
}
