package dev.streamingsaga.journal;

import java.util.UUID;

/**
 * Identifies the journal in a database by a random id, so that a journal that was lost and created again can be
 * distinguished from its predecessor.
 */
final class Epoch {
    private Epoch() {}

    static String of(JournalDatabase db) {
        db.sql
                .sql("INSERT INTO journal_epoch (id, epoch) VALUES (1, ?) ON CONFLICT (id) DO NOTHING")
                .param(UUID.randomUUID().toString())
                .update();
        return db.sql.sql("SELECT epoch FROM journal_epoch").query(String.class).single();
    }
}
