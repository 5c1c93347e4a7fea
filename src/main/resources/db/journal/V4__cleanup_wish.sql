-- What a person asked for from outside the process that cleans up: RETRY or RESOLVE, and why.
ALTER TABLE cleanup ADD COLUMN wish TEXT;
ALTER TABLE cleanup ADD COLUMN wish_why TEXT;
