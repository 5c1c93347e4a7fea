package dev.streamingsaga.journal;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** The event table: each saga's history, in order. */
public final class EventRepository {
    /** An alert that is not delivered yet. */
    static final String NOT_DELIVERED = "kind IN ('ALERT', 'CRITICAL') AND told_at IS NULL AND detail <> ''";

    static final String UNDELIVERED = "SELECT * FROM event WHERE " + NOT_DELIVERED + " AND at <= ? ORDER BY event_id";

    private final JournalDatabase db;

    EventRepository(JournalDatabase db) {
        this.db = db;
    }

    /** Appends to the saga's history. */
    public void append(String sagaId, Event.EventKind kind, String step, String message, String detail) {
        db.sql
                .sql("INSERT INTO event (event_id, saga_id, at, kind, step, message, detail)"
                        + " VALUES (?, ?, ?, ?, ?, ?, ?)")
                .params(Ids.next(), sagaId, db.now(), kind.name(), step, message, detail)
                .update();
    }

    /** The saga's history, oldest first. */
    public List<Event> of(String sagaId) {
        return db.sql
                .sql("SELECT * FROM event WHERE saga_id = ? ORDER BY event_id")
                .param(sagaId)
                .query(EventRepository::event)
                .list();
    }

    /** All events of a kind, oldest first. */
    public List<Event> of(Event.EventKind kind) {
        return db.sql
                .sql("SELECT * FROM event WHERE kind = ? ORDER BY event_id")
                .param(kind.name())
                .query(EventRepository::event)
                .list();
    }

    /**
     * Events of a kind after this one, oldest first.
     *
     * @param eventId empty: from the first on
     */
    public List<Event> after(Event.EventKind kind, String eventId, int limit) {
        return db.sql
                .sql("SELECT * FROM event WHERE kind = ? AND event_id > ? ORDER BY event_id LIMIT ?")
                .params(kind.name(), eventId, limit)
                .query(EventRepository::event)
                .list();
    }

    public Optional<Event> find(String eventId) {
        return db.sql
                .sql("SELECT * FROM event WHERE event_id = ?")
                .param(eventId)
                .query(EventRepository::event)
                .optional();
    }

    /**
     * Alerts that were journaled by this time and are not delivered yet, oldest first. Their detail is the alert as
     * JSON.
     */
    public List<Event> undelivered(Instant before) {
        return db.sql
                .sql(UNDELIVERED)
                .param(before.toEpochMilli())
                .query(EventRepository::event)
                .list();
    }

    /** Records that the alert was delivered; it is not delivered again. */
    public void delivered(Event alert) {
        db.sql
                .sql("UPDATE event SET told_at = ? WHERE event_id = ?")
                .params(db.now(), alert.eventId())
                .update();
    }

    private static Event event(ResultSet row, int n) throws SQLException {
        return new Event(
                row.getString("event_id"),
                row.getString("saga_id"),
                Instant.ofEpochMilli(row.getLong("at")),
                Event.EventKind.valueOf(row.getString("kind")),
                JournalDatabase.text(row, "step"),
                row.getString("message"),
                JournalDatabase.text(row, "detail"));
    }
}
