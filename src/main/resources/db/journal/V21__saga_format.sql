-- What a node must know to run a saga. A node leaves sagas of a greater format than its own to newer nodes.
ALTER TABLE saga ADD COLUMN format INTEGER NOT NULL DEFAULT 1;
