-- When the bucket was asked for what arrived after a saga was undone, and what is known of attempts to turn a document visible.
ALTER TABLE saga ADD COLUMN swept_at BIGINT;
ALTER TABLE saga ADD COLUMN publish_attempts INTEGER NOT NULL DEFAULT 0;
ALTER TABLE saga ADD COLUMN publish_after BIGINT NOT NULL DEFAULT 0;
