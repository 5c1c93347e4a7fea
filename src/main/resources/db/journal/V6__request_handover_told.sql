-- Who may ask for the same again asks for the saga of the request.
ALTER TABLE saga ADD COLUMN request TEXT;
CREATE INDEX saga_by_request ON saga (request);

-- An orderly stop hands a saga back to whoever comes next: no failure, so it does not count among the runs that failed.
ALTER TABLE saga ADD COLUMN handovers INTEGER NOT NULL DEFAULT 0;

-- An alert is told after it is journaled; one whose telling failed, or was cut short, is told again.
ALTER TABLE event ADD COLUMN told_at BIGINT;
UPDATE event SET told_at = at;
