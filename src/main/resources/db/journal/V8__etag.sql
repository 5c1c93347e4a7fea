-- The entity tag that the bucket answered a chunk with: one listing then tells whether it still holds that very object.
ALTER TABLE chunk ADD COLUMN etag TEXT;
