-- The deletion of a document, and its tombstone afterwards; never removed. state: REQUESTED, HIDDEN, REMOVING, DELETED or
-- PARTIALLY_DELETED. file_name, sha256 and size_bytes are those of the newest version. node, run and lease_until: who
-- drives it; each run fences off the one before.
CREATE TABLE deletion (
  deletion_id     TEXT PRIMARY KEY,
  document_id     TEXT NOT NULL,
  file_name       TEXT NOT NULL,
  sha256          TEXT NOT NULL,
  size_bytes      BIGINT NOT NULL,
  reason          TEXT NOT NULL,
  requested_by    TEXT NOT NULL,
  requested_at    BIGINT NOT NULL,
  state           TEXT NOT NULL,
  node            TEXT NOT NULL,
  run             INTEGER NOT NULL,
  lease_until     BIGINT NOT NULL,
  attempts        INTEGER NOT NULL,
  next_attempt_at BIGINT NOT NULL,
  last_error      TEXT NOT NULL,
  finished_at     BIGINT
);
CREATE INDEX deletion_by_document ON deletion (document_id, deletion_id);
CREATE INDEX deletion_by_state ON deletion (state, deletion_id);
CREATE INDEX deletion_due ON deletion (next_attempt_at) WHERE state NOT IN ('DELETED','PARTIALLY_DELETED');
-- The versions of the document that the deletion removes. chunks_sha256: SHA-256 over the digests of the chunks in the
-- bucket, in order, as lower-case hexadecimal text without separators.
CREATE TABLE deleted_version (
  saga_id       TEXT PRIMARY KEY,
  deletion_id   TEXT NOT NULL REFERENCES deletion (deletion_id),
  sha256        TEXT NOT NULL,
  size_bytes    BIGINT NOT NULL,
  chunk_count   INTEGER NOT NULL,
  chunks_sha256 TEXT NOT NULL,
  key_destroyed INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX deleted_version_by_deletion ON deleted_version (deletion_id, saga_id);
-- Null: the document is not deleted. Otherwise it is visible nowhere any more, whatever the state of the deletion.
ALTER TABLE saga ADD COLUMN deletion_id TEXT;
CREATE INDEX saga_deleted ON saga (saga_id) WHERE deletion_id IS NOT NULL;
