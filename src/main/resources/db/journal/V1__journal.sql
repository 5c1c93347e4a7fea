-- Portable between SQLite and PostgreSQL. Times are milliseconds since the epoch, sizes bytes.
CREATE TABLE saga (
  saga_id        TEXT PRIMARY KEY,
  state          TEXT NOT NULL,
  reason         TEXT,
  message        TEXT,
  run            INTEGER NOT NULL,
  node           TEXT NOT NULL,
  lease_until    BIGINT NOT NULL,
  lra_id         TEXT,
  deadline_at    BIGINT NOT NULL,
  participants   TEXT NOT NULL,
  source         TEXT NOT NULL,
  file_name      TEXT NOT NULL,
  file_key       TEXT,
  size_bytes     BIGINT,
  modified_nanos BIGINT,
  changed_nanos  BIGINT,
  document_id    TEXT,
  sha256         TEXT,
  content_type   TEXT,
  chunk_count    INTEGER,
  chunk_size     BIGINT,
  bucket         TEXT,
  key_prefix     TEXT,
  owner          TEXT NOT NULL,
  classification TEXT NOT NULL,
  key_id         TEXT NOT NULL,
  resumed_bytes  BIGINT NOT NULL DEFAULT 0,
  received_at    BIGINT NOT NULL,
  updated_at     BIGINT NOT NULL,
  finished_at    BIGINT,
  published_at   BIGINT,
  superseded_by  TEXT,
  -- What a person asked for from outside the owning process: CANCEL, PAUSE or RESUME.
  wish           TEXT
);
CREATE INDEX saga_by_state ON saga (state, updated_at);
CREATE INDEX saga_by_document ON saga (document_id, state);

CREATE TABLE step (
  saga_id     TEXT NOT NULL REFERENCES saga (saga_id),
  name        TEXT NOT NULL,
  ordinal     INTEGER NOT NULL,
  state       TEXT NOT NULL,
  started_at  BIGINT,
  finished_at BIGINT,
  PRIMARY KEY (saga_id, name)
);

-- row_check covers what identifies the chunk; a row that no longer fits it is damaged.
CREATE TABLE chunk (
  saga_id     TEXT NOT NULL REFERENCES saga (saga_id),
  idx         INTEGER NOT NULL,
  byte_offset BIGINT NOT NULL,
  size_bytes  BIGINT NOT NULL,
  object_key  TEXT NOT NULL,
  sha256      TEXT NOT NULL,
  state       TEXT NOT NULL,
  attempts    INTEGER NOT NULL,
  row_check   TEXT NOT NULL,
  PRIMARY KEY (saga_id, idx)
);

-- One row for each piece that a compensation could not remove.
CREATE TABLE cleanup (
  cleanup_id      TEXT PRIMARY KEY,
  saga_id         TEXT NOT NULL REFERENCES saga (saga_id),
  step            TEXT NOT NULL,
  resource        TEXT NOT NULL,
  state           TEXT NOT NULL,
  attempts        INTEGER NOT NULL,
  last_error      TEXT NOT NULL,
  next_attempt_at BIGINT NOT NULL,
  created_at      BIGINT NOT NULL,
  resolution      TEXT,
  UNIQUE (saga_id, step, resource)
);

-- Which unfinished saga holds which source.
CREATE TABLE source_claim (
  source     TEXT PRIMARY KEY,
  saga_id    TEXT NOT NULL,
  claimed_at BIGINT NOT NULL
);

-- What happened, in order. kind: STATE, ERROR, COMPENSATION_ERROR, CRITICAL, ALERT, RESOLVED; detail is JSON where a report needs fields.
CREATE TABLE event (
  event_id TEXT PRIMARY KEY,
  saga_id  TEXT NOT NULL,
  at       BIGINT NOT NULL,
  kind     TEXT NOT NULL,
  step     TEXT,
  message  TEXT NOT NULL,
  detail   TEXT
);
CREATE INDEX event_by_saga ON event (saga_id, event_id);
CREATE INDEX event_by_kind ON event (kind, event_id);
