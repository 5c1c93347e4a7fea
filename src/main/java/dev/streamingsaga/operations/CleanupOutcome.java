package dev.streamingsaga.operations;

import dev.streamingsaga.journal.CleanupEntry;
import dev.streamingsaga.journal.SagaRecord;
import java.util.List;

/**
 * A saga after an operation on one of its clean-up entries.
 *
 * @param open its entries that are still open
 */
public record CleanupOutcome(SagaRecord saga, List<CleanupEntry> open) {}
