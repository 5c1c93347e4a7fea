package dev.streamingsaga.operations;

import dev.streamingsaga.journal.CleanupEntry;
import dev.streamingsaga.journal.Event;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.StepRecord;
import java.util.List;

/**
 * A saga with all that the journal has of it.
 *
 * @param steps in the order in which they run
 * @param events its history, oldest first
 * @param cleanups including closed ones
 */
public record SagaStatus(SagaRecord saga, List<StepRecord> steps, List<Event> events, List<CleanupEntry> cleanups) {}
