-- Which journal this is. A bucket names the journal that owns it: another one's data is never taken for orphans.
CREATE TABLE journal_epoch (
  id    INTEGER PRIMARY KEY CHECK (id = 1),
  epoch TEXT NOT NULL
);
