-- The drop folder asks for the newest saga about a file; who may ask for the same again, for the saga of the request.
CREATE INDEX saga_by_source ON saga (source, saga_id);
ALTER TABLE saga ADD COLUMN request TEXT;
CREATE INDEX saga_by_request ON saga (request);
