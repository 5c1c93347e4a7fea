-- The data key of a saga's objects, wrapped by the key encryption key key_id (Base64). destroyed_at: the wrapped key has
-- been overwritten with an empty text. next_*: a rotation writes this one to the manifest, and to key_id and wrapped when
-- the manifest has it; next_key_id stays when the key is destroyed meanwhile, until the manifest is gone.
CREATE TABLE document_key (
  saga_id      TEXT PRIMARY KEY REFERENCES saga (saga_id),
  document_id  TEXT NOT NULL,
  key_id       TEXT NOT NULL,
  wrapped      TEXT NOT NULL,
  created_at   BIGINT NOT NULL,
  destroyed_at BIGINT,
  next_key_id  TEXT,
  next_wrapped TEXT
);
CREATE INDEX document_key_by_key ON document_key (key_id, saga_id) WHERE destroyed_at IS NULL;
CREATE INDEX document_key_in_rotation ON document_key (saga_id) WHERE next_key_id IS NOT NULL;
