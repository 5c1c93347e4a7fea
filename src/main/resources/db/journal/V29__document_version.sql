-- Versions of documents. chain: what identifies the source whatever its content is: the path of a file; of a body its
-- sender and its name. number: from 1 in the order of reception; 0: replaced before its source had a chain. state:
-- STORED: its saga runs, failed, or has just completed; CURRENT: visible in every store; HIDING, KEPT: replaced, only the
-- bucket and the journal still have it; REMOVING, REMOVED: replaced and gone.
CREATE TABLE document_version (
  saga_id     TEXT PRIMARY KEY REFERENCES saga (saga_id),
  chain       TEXT NOT NULL,
  document_id TEXT NOT NULL,
  number      INTEGER NOT NULL,
  state       TEXT NOT NULL
);
CREATE UNIQUE INDEX document_version_number ON document_version (chain, number) WHERE number > 0;
CREATE INDEX document_version_live ON document_version (chain, number) WHERE state <> 'REMOVED';
CREATE INDEX document_version_of_document ON document_version (document_id, number);
CREATE INDEX document_version_outstanding ON document_version (saga_id) WHERE state IN ('HIDING','REMOVING');
CREATE INDEX document_version_kept ON document_version (saga_id) WHERE state IN ('HIDING','KEPT');
