-- A body that arrives in the bucket before its saga runs. The tail is what follows the last whole chunk that arrived.
-- completed_at: when the body was complete; null while it arrives, and for a body that was given up.
CREATE TABLE upload (
  saga_id         TEXT PRIMARY KEY REFERENCES saga (saga_id),
  resumable       INTEGER NOT NULL,
  length_bytes    BIGINT,
  expected_sha256 TEXT,
  metadata        TEXT NOT NULL,
  expires_at      BIGINT NOT NULL,
  tail_key        TEXT,
  tail_start      BIGINT,
  tail_bytes      BIGINT,
  tail_sha256     TEXT,
  completed_at    BIGINT
);
