-- What every process asks all the time is read from indexes that hold unfinished work only, whatever the number of sagas.
-- Each query repeats the condition of its index word by word: SQLite uses a partial index only then.
CREATE INDEX saga_unfinished ON saga (lease_until)
  WHERE state NOT IN ('COMPLETED','COMPENSATED','PARTIALLY_COMPENSATED');
CREATE INDEX saga_commanded ON saga (saga_id) WHERE wish IS NOT NULL;
CREATE INDEX saga_late_writes ON saga (finished_at) WHERE state = 'COMPENSATED' AND swept_at IS NULL;
CREATE INDEX cleanup_commanded ON cleanup (cleanup_id) WHERE wish IS NOT NULL;
CREATE INDEX cleanup_due ON cleanup (next_attempt_at) WHERE state = 'PENDING';
CREATE INDEX event_undelivered ON event (at) WHERE kind IN ('ALERT', 'CRITICAL') AND told_at IS NULL;
