-- Sagas that were archived and removed, so that totals stay true. size_bytes is that of completed sagas.
CREATE TABLE archived_total (
  state          TEXT NOT NULL,
  owner          TEXT NOT NULL,
  classification TEXT NOT NULL,
  sagas          BIGINT NOT NULL,
  size_bytes     BIGINT NOT NULL,
  resumed_bytes  BIGINT NOT NULL,
  redeliveries   BIGINT NOT NULL,
  with_residue   BIGINT NOT NULL,
  PRIMARY KEY (state, owner, classification)
);
-- Archived sagas that have a receipt: the check of receipts does not miss them. file: in the folder of archives.
CREATE TABLE archived_saga (
  saga_id          TEXT PRIMARY KEY,
  receipt_sequence BIGINT NOT NULL,
  archived_at      BIGINT NOT NULL,
  file             TEXT NOT NULL
);
-- Replaced versions, of all completed sagas.
CREATE INDEX saga_superseded ON saga (saga_id) WHERE superseded_by IS NOT NULL;
