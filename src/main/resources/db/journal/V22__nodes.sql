-- Nodes that run now. A row counts until its lease ends. settings: one line for each setting that all nodes must share,
-- with a fingerprint of its value.
CREATE TABLE node (
  name     TEXT PRIMARY KEY,
  until_at BIGINT NOT NULL,
  settings TEXT NOT NULL
);
-- Work that one node at a time does.
CREATE TABLE singleton_lease (
  name     TEXT PRIMARY KEY,
  holder   TEXT NOT NULL,
  until_at BIGINT NOT NULL
);
-- Metrics add up bytes: from indexes, whatever the number of sagas.
CREATE INDEX saga_stored ON saga (size_bytes) WHERE state = 'COMPLETED';
CREATE INDEX saga_resumed ON saga (resumed_bytes) WHERE resumed_bytes > 0;
