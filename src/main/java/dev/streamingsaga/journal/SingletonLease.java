package dev.streamingsaga.journal;

import java.util.HashMap;
import java.util.Map;

/**
 * Lets one node at a time do work that need not be done by all: whoever holds the lease of that name. A node that ends
 * without releasing it is followed by another one when the lease has expired. The work itself must be repeatable: a
 * node that was suspended may continue for a moment beside its successor. Thread-safe.
 */
public final class SingletonLease {
    private final JournalDatabase db;
    private final Leases leases;
    private final Map<String, Long> held = new HashMap<>();

    SingletonLease(JournalDatabase db, Leases leases) {
        this.db = db;
        this.leases = leases;
    }

    /** Whether this node holds the lease, or gets it now. It keeps it as long as it calls {@link #renew} in time. */
    public synchronized boolean hold(String name) {
        if (held.getOrDefault(name, 0L) > db.now()) {
            return true;
        }
        held.remove(name);
        long until = leases.endMillis();
        // Reading first: a write that is in vain would lock the row, from every node and all the time.
        if (isHeldByAnother(name) || !acquire(name, until)) {
            return false;
        }
        held.put(name, until);
        return true;
    }

    private boolean isHeldByAnother(String name) {
        return db.sql
                .sql("SELECT 1 FROM singleton_lease WHERE name = ? AND holder <> ? AND until_at >= ?")
                .params(name, leases.node(), db.now())
                .query(Integer.class)
                .optional()
                .isPresent();
    }

    private boolean acquire(String name, long until) {
        return db.sql
                        .sql("INSERT INTO singleton_lease (name, holder, until_at) VALUES (?, ?, ?)"
                                + " ON CONFLICT (name) DO UPDATE SET holder = excluded.holder,"
                                + " until_at = excluded.until_at"
                                + " WHERE singleton_lease.until_at < ? OR singleton_lease.holder = excluded.holder")
                        .params(name, leases.node(), until, db.now())
                        .update()
                == 1;
    }

    /** Renews what this node holds. Call it well within the lease. */
    public synchronized void renew() {
        if (held.isEmpty()) {
            return;
        }
        long until = leases.endMillis();
        int renewed = db.sql
                .sql("UPDATE singleton_lease SET until_at = :until WHERE holder = :holder AND name IN (:names)"
                        + " AND until_at > 0")
                .param("until", until)
                .param("holder", leases.node())
                .param("names", held.keySet())
                .update();
        if (renewed == held.size()) {
            held.replaceAll((name, former) -> until);
        } else {
            held.clear(); // another node has taken one over: hold asks again
        }
    }

    /** Another node may hold the lease at once. Does nothing if this node does not hold it. */
    public synchronized void release(String name) {
        if (held.remove(name) != null) {
            expire("name = ? AND holder = ?", name, leases.node());
        }
    }

    /** As {@link #release}, for all leases. */
    public synchronized void releaseAll() {
        if (!held.isEmpty()) {
            held.clear();
            expire("holder = ?", leases.node());
        }
    }

    /** Ends the leases of all other nodes. Only for a process that knows that no other one is running. */
    public void expireOthers() {
        expire("holder <> ?", leases.node());
    }

    private void expire(String condition, Object... values) {
        db.sql
                .sql("UPDATE singleton_lease SET until_at = 0 WHERE " + condition)
                .params(values)
                .update();
    }
}
