package dev.streamingsaga.journal;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;

/** The event table: each saga's history, in order. */
final class EventRows {
    private final JournalDatabase db;

    EventRows(JournalDatabase db) {
        this.db = db;
    }

    void append(String sagaId, Event.EventKind kind, String step, String message, String detail) {
        db.sql
                .sql(
                        "INSERT INTO event (event_id, saga_id, at, kind, step, message, detail) VALUES (?, ?, ?, ?, ?, ?, ?)")
                .params(Ids.next(), sagaId, db.now(), kind.name(), step, message, detail)
                .update();
    }

    List<Event> of(String sagaId) {
        return db.sql
                .sql("SELECT * FROM event WHERE saga_id = ? ORDER BY event_id")
                .param(sagaId)
                .query(EventRows::event)
                .list();
    }

    List<Event> of(Event.EventKind kind) {
        return db.sql
                .sql("SELECT * FROM event WHERE kind = ? ORDER BY event_id")
                .param(kind.name())
                .query(EventRows::event)
                .list();
    }

    /** Alerts with a detail, that is with an alert to deliver. */
    List<Event> undelivered(Instant before) {
        return db.sql
                .sql(
                        "SELECT * FROM event WHERE kind IN ('ALERT', 'CRITICAL') AND told_at IS NULL AND at <= ? AND detail <> '' ORDER BY event_id")
                .param(before.toEpochMilli())
                .query(EventRows::event)
                .list();
    }

    void delivered(String eventId) {
        db.sql
                .sql("UPDATE event SET told_at = ? WHERE event_id = ?")
                .params(db.now(), eventId)
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
