-- source_key says what a saga's source is, whichever node holds it: the path of a file; for a body its endpoint and its
-- name in the spool, which is made of sender, document name and digest. source_host: whose disk holds the source.
-- host_alerted_at: when an alert said that this host is away.
ALTER TABLE saga ADD COLUMN source_key TEXT;
ALTER TABLE saga ADD COLUMN source_host TEXT;
ALTER TABLE saga ADD COLUMN host_alerted_at BIGINT;
-- rtrim() leaves the folder, with its last slash.
UPDATE saga SET source_key = CASE
  WHEN sender LIKE 'http:%' AND source LIKE '%/spool/http/%'
    THEN 'http:' || substr(source, length(rtrim(source, replace(source, '/', ''))) + 1)
  WHEN sender LIKE 'jms:%' AND source LIKE '%/spool/jms/%'
    THEN 'jms:' || substr(source, length(rtrim(source, replace(source, '/', ''))) + 1)
  ELSE source END;
-- Two nodes may hold the same body: the first claim stays.
INSERT INTO source_claim (source, saga_id, claimed_at)
  SELECT saga.source_key, saga.saga_id, source_claim.claimed_at FROM source_claim
    JOIN saga ON saga.saga_id = source_claim.saga_id WHERE saga.source_key <> source_claim.source
  ON CONFLICT (source) DO NOTHING;
-- The newest saga about a source, and the document with this content.
CREATE INDEX saga_by_source_key ON saga (source_key, saga_id);
CREATE INDEX saga_by_content ON saga (source_key, sha256);
-- Rows of a process of the former version, until a newer one starts.
CREATE INDEX saga_without_source_key ON saga (saga_id) WHERE source_key IS NULL;
DROP INDEX saga_by_source;
-- The sagas of a host that is away, and the alerts about it.
CREATE INDEX saga_by_source_host ON saga (source_host, saga_id)
  WHERE state NOT IN ('COMPLETED','COMPENSATED','PARTIALLY_COMPENSATED');
CREATE INDEX saga_host_alerted ON saga (source_host) WHERE host_alerted_at IS NOT NULL;
