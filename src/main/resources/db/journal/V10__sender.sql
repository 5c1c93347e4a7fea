-- Who sent the body that is a saga's source, and its name; null for a file on disk. It says so wherever the spool was
-- when the body came.
ALTER TABLE saga ADD COLUMN sender TEXT;
UPDATE saga SET sender = 'http:' WHERE source LIKE '%/spool/http/%';
UPDATE saga SET sender = 'jms:' WHERE source LIKE '%/spool/jms/%';
-- A PUT with a condition asks for the newest document of a sender under a name.
CREATE INDEX saga_by_sender ON saga (sender, file_name);
