-- Legal holds, never removed. subject: DOCUMENT or OWNER; value: its id or name. released_at is null while it is in
-- force.
CREATE TABLE legal_hold (
  hold_id        TEXT PRIMARY KEY,
  subject        TEXT NOT NULL,
  value          TEXT NOT NULL,
  reason         TEXT NOT NULL,
  placed_by      TEXT NOT NULL,
  placed_at      BIGINT NOT NULL,
  released_by    TEXT,
  released_at    BIGINT,
  release_reason TEXT
);
CREATE INDEX legal_hold_in_force ON legal_hold (value, subject) WHERE released_at IS NULL;
-- What retention looks for: the oldest documents of a classification.
CREATE INDEX saga_by_age ON saga (classification, finished_at)
  WHERE state = 'COMPLETED' AND superseded_by IS NULL AND deletion_id IS NULL;
