-- An orderly stop hands a saga back to whoever comes next: no failure, so it does not count among the runs that failed.
ALTER TABLE saga ADD COLUMN handovers INTEGER NOT NULL DEFAULT 0;
