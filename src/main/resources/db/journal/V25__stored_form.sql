-- How a chunk is stored, when that differs from its bytes: journaled with each attempt, before it is sent. All null: the
-- object has the very bytes of the chunk. codec: none or zstd. encryption: none or the name of the format. stored_size
-- and stored_sha256 are those of the object in the bucket.
ALTER TABLE chunk ADD COLUMN codec TEXT;
ALTER TABLE chunk ADD COLUMN encryption TEXT;
ALTER TABLE chunk ADD COLUMN stored_size BIGINT;
ALTER TABLE chunk ADD COLUMN stored_sha256 TEXT;
