-- What is missing or uncertain about the text of a document. The row of its saga has their number, and each code once,
-- in the order of the warnings, separated by commas.
CREATE TABLE warning (
  saga_id TEXT NOT NULL REFERENCES saga (saga_id),
  ordinal INTEGER NOT NULL,
  code    TEXT NOT NULL,
  place   TEXT NOT NULL,
  message TEXT NOT NULL,
  PRIMARY KEY (saga_id, ordinal)
);
-- The order of ids is the order of reception: an index returns a page of the list without a sort.
CREATE INDEX warning_by_code ON warning (code, saga_id);
ALTER TABLE saga ADD COLUMN warning_count INTEGER NOT NULL DEFAULT 0;
ALTER TABLE saga ADD COLUMN warning_codes TEXT NOT NULL DEFAULT '';
CREATE INDEX saga_with_warnings ON saga (state, saga_id) WHERE warning_count > 0;
