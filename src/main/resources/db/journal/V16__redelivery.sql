-- A document whose saga was compensated for a transient reason is delivered again, as another saga.
-- endpoint: HTTP, DROP_FOLDER or JMS; null: the caller of the saga decides what to do after a failure.
-- delivery: the first saga of the document; all its sagas, the attempts, have it.
-- redelivery: null, AFTER_CLEANUP, DUE, STARTED, REPLACED, CANCELLED or GIVEN_UP.
-- next_delivery_at: when something is due; null if nothing is.
-- redelivery_request: the message that delivers the document again.
ALTER TABLE saga ADD COLUMN endpoint TEXT;
ALTER TABLE saga ADD COLUMN delivery TEXT;
ALTER TABLE saga ADD COLUMN attempt INTEGER NOT NULL DEFAULT 1;
ALTER TABLE saga ADD COLUMN transient_failure INTEGER NOT NULL DEFAULT 0;
ALTER TABLE saga ADD COLUMN redelivery TEXT;
ALTER TABLE saga ADD COLUMN next_delivery_at BIGINT;
ALTER TABLE saga ADD COLUMN redelivery_request TEXT;
CREATE INDEX saga_by_delivery ON saga (delivery) WHERE delivery IS NOT NULL;
CREATE INDEX saga_redelivery_due ON saga (next_delivery_at) WHERE next_delivery_at IS NOT NULL;
CREATE INDEX saga_by_redelivery_request ON saga (redelivery_request) WHERE redelivery_request IS NOT NULL;
CREATE INDEX saga_delivered_again ON saga (saga_id) WHERE attempt > 1;
