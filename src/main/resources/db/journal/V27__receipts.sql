-- Signed statements about documents that were completed or deleted. Each names the hash of the one before it. kind:
-- COMPLETION or DELETION. jws: the signed statement. sha256: of the text in jws. copy: the signed statement that lies
-- beside the manifest, if it is not jws itself. copied_at: when that object was written; null: not yet.
CREATE TABLE receipt (
  sequence    BIGINT PRIMARY KEY,
  kind        TEXT NOT NULL,
  saga_id     TEXT NOT NULL,
  document_id TEXT NOT NULL,
  issued_at   BIGINT NOT NULL,
  key_id      TEXT NOT NULL,
  jws         TEXT NOT NULL,
  sha256      TEXT NOT NULL,
  copy        TEXT,
  copied_at   BIGINT,
  UNIQUE (saga_id, kind)
);
CREATE INDEX receipt_not_copied ON receipt (sequence) WHERE copied_at IS NULL;
-- The newest receipt, so that the removal of the last receipts is noticed.
CREATE TABLE receipt_head (
  id       INTEGER PRIMARY KEY,
  sequence BIGINT NOT NULL,
  sha256   TEXT NOT NULL
);
-- Public keys that receipts were signed with, as JSON Web Keys. None is ever removed.
CREATE TABLE receipt_key (
  key_id TEXT PRIMARY KEY,
  jwk    TEXT NOT NULL,
  since  BIGINT NOT NULL
);
ALTER TABLE saga ADD COLUMN receipt_sequence BIGINT;
-- Only completed sagas are ever published.
CREATE INDEX saga_without_receipt ON saga (saga_id)
  WHERE published_at IS NOT NULL AND superseded_by IS NULL AND receipt_sequence IS NULL;
