-- Sums over ended sagas are read from one index, from the time on up to which they are known already.
CREATE INDEX saga_ended ON saga (finished_at, state, size_bytes, resumed_bytes, attempt, warning_count, saga_id)
  WHERE finished_at IS NOT NULL;
DROP INDEX saga_by_end;
DROP INDEX saga_stored;
DROP INDEX saga_resumed;
DROP INDEX saga_delivered_again;
-- Open clean-up entries: counted, and compared with those that the reports show, without a look at the closed ones.
CREATE INDEX cleanup_open ON cleanup (state, step, created_at, attempts, next_attempt_at)
  WHERE state IN ('PENDING','BLOCKED');
-- Deletions that ended a short while ago may need a receipt.
CREATE INDEX deletion_ended ON deletion (finished_at) WHERE finished_at IS NOT NULL;
-- Without statistics SQLite prefers an index that returns rows in order, and then reads all sagas of a state. With the
-- order as its last column, or with the columns of the condition, the right index wins.
DROP INDEX saga_by_document;
CREATE INDEX saga_by_document ON saga (document_id, state, saga_id);
DROP INDEX saga_by_sender;
CREATE INDEX saga_by_sender ON saga (sender, file_name, saga_id);
CREATE INDEX saga_unfinished_by_sender ON saga (sender, file_name)
  WHERE state NOT IN ('COMPLETED','COMPENSATED','PARTIALLY_COMPENSATED');
DROP INDEX saga_late_writes;
CREATE INDEX saga_late_writes ON saga (state, swept_at, saga_id) WHERE state = 'COMPENSATED' AND swept_at IS NULL;
DROP INDEX cleanup_due;
CREATE INDEX cleanup_due ON cleanup (state, next_attempt_at) WHERE state = 'PENDING';
DROP INDEX event_undelivered;
CREATE INDEX event_undelivered ON event (kind, told_at, event_id)
  WHERE kind IN ('ALERT', 'CRITICAL') AND told_at IS NULL;
