-- The drop folder asks for the newest saga about a file.
CREATE INDEX saga_by_source ON saga (source, saga_id);
