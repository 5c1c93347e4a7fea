-- What reading the text of a document came to, so that all its stores and a later run agree, whatever another reading of
-- the same bytes would give. segments: the number for each page, separated by commas; 3x5 stands for five pages of
-- three. cut_after: characters after which reading was stopped; null if it came to the end.
CREATE TABLE document_text (
  saga_id   TEXT PRIMARY KEY REFERENCES saga (saga_id),
  run       INTEGER NOT NULL,
  segments  TEXT NOT NULL,
  title     TEXT NOT NULL,
  author    TEXT NOT NULL,
  cut_after BIGINT
);
