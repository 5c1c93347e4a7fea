-- Files of drop folders whose saga has ended, looked at again until until_at: whoever still writes to one would
-- otherwise add bytes that are not stored. changed_nanos is -1 until the move is done.
-- alerts: 0 none yet, 1 it has changed, 2 it could not be moved back.
CREATE TABLE dropped_file (
  path           TEXT PRIMARY KEY,
  source         TEXT NOT NULL,
  folder         TEXT NOT NULL,
  saga_id        TEXT NOT NULL REFERENCES saga (saga_id),
  file_key       TEXT NOT NULL,
  size_bytes     BIGINT NOT NULL,
  modified_nanos BIGINT NOT NULL,
  changed_nanos  BIGINT NOT NULL,
  until_at       BIGINT NOT NULL,
  alerts         INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX dropped_file_by_folder ON dropped_file (folder, until_at);
CREATE INDEX dropped_file_by_saga ON dropped_file (saga_id);
