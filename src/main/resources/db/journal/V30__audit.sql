-- Who did what, when, to which document. Append-only: each entry's hash covers the entry and the hash of the one before.
CREATE TABLE audit_entry (
  seq           BIGINT PRIMARY KEY,
  at            BIGINT NOT NULL,
  actor_kind    TEXT NOT NULL,
  actor         TEXT NOT NULL,
  action        TEXT NOT NULL,
  document_id   TEXT NOT NULL,
  saga_id       TEXT NOT NULL,
  node          TEXT NOT NULL,
  details       TEXT NOT NULL,
  previous_hash TEXT NOT NULL,
  hash          TEXT NOT NULL
);
CREATE INDEX audit_by_document ON audit_entry (document_id, seq) WHERE document_id <> '';
CREATE INDEX audit_by_actor ON audit_entry (actor, seq);
CREATE INDEX audit_by_action ON audit_entry (action, seq);
CREATE INDEX audit_by_time ON audit_entry (at, seq);
-- The end of the chain, which a writer locks, and its beginning: entries up to archived_seq were archived and removed.
-- exported_seq: the last entry that was sent to the operator's route; -1 if there was never such a route.
CREATE TABLE audit_head (
  id            INTEGER PRIMARY KEY CHECK (id = 1),
  seq           BIGINT NOT NULL,
  hash          TEXT NOT NULL,
  archived_seq  BIGINT NOT NULL,
  archived_hash TEXT NOT NULL,
  exported_seq  BIGINT NOT NULL
);
INSERT INTO audit_head (id, seq, hash, archived_seq, archived_hash, exported_seq)
VALUES (1, 0, '0000000000000000000000000000000000000000000000000000000000000000',
        0, '0000000000000000000000000000000000000000000000000000000000000000', -1);
-- Counts for somebody who may see documents of some owners only.
CREATE INDEX saga_by_access ON saga (classification, owner, state);
