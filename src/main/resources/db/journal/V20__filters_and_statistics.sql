-- The filters of lists, pages of clean-up entries, and sums for each hour are read from indexes, whatever the number of
-- sagas. The order of ids is the order of reception: within one value, an index returns a page without a sort.
CREATE INDEX saga_by_reason ON saga (reason, state, saga_id) WHERE reason IS NOT NULL;
CREATE INDEX saga_by_owner ON saga (owner, state, saga_id);
CREATE INDEX saga_by_name ON saga (file_name, saga_id);
CREATE INDEX saga_by_reception ON saga (received_at, saga_id);
CREATE INDEX saga_by_end ON saga (finished_at, state, size_bytes) WHERE finished_at IS NOT NULL;
CREATE INDEX cleanup_by_state_and_id ON cleanup (state, cleanup_id);
CREATE INDEX cleanup_by_step ON cleanup (step, state, cleanup_id);
-- No query uses it; saga_by_state_and_id answers all questions for a state.
DROP INDEX saga_by_state;
