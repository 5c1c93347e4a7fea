package dev.streamingsaga.deletion;

import dev.streamingsaga.journal.SagaRecord;
import java.util.Optional;

/**
 * Forbids the deletion of documents, for example while a legal hold is on them. Asked inside the journal's transaction
 * that would record the deletion: it may read the journal, and must have no side effects.
 */
@FunctionalInterface
public interface DeletionVeto {
    /**
     * @param version the COMPLETED saga that stored what would be deleted
     * @return why it must not be deleted, and until when or until what; empty if it may be
     */
    Optional<String> against(SagaRecord version);
}
