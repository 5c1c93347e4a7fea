-- How many pieces a store said it was given, so that what it holds later can be compared; unknown for a store that does not say.
ALTER TABLE step ADD COLUMN expected BIGINT;
