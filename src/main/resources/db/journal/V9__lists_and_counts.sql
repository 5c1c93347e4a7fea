-- The next page of a state, what needs attention, and counts are read from indexes, whatever the number of sagas.
CREATE INDEX saga_by_state_and_id ON saga (state, saga_id);
-- Its columns are those of the condition, or SQLite takes saga_by_state_and_id, and with it every completed saga.
CREATE INDEX saga_unpublished ON saga (state, published_at, superseded_by, saga_id)
  WHERE state = 'COMPLETED' AND published_at IS NULL AND superseded_by IS NULL;
CREATE INDEX cleanup_by_state ON cleanup (state, saga_id);
-- When a step stopped that did not finish: its saga failed, was cancelled or paused.
ALTER TABLE step ADD COLUMN stopped_at BIGINT;
