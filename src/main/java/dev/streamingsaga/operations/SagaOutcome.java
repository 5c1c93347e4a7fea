package dev.streamingsaga.operations;

import dev.streamingsaga.ingest.IngestResult;
import dev.streamingsaga.journal.SagaRecord;
import java.util.Optional;

/**
 * How a saga has ended, if it has.
 *
 * @param saga as it was read last
 * @param result present if the saga has its outcome or is paused; empty while it runs
 */
public record SagaOutcome(SagaRecord saga, Optional<IngestResult> result) {}
