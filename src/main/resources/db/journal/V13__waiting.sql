-- Why an unfinished saga does not go on: it waits for a dependency that is down.
ALTER TABLE saga ADD COLUMN waiting_for TEXT;
ALTER TABLE saga ADD COLUMN waiting_since BIGINT;
ALTER TABLE saga ADD COLUMN next_attempt_at BIGINT;
