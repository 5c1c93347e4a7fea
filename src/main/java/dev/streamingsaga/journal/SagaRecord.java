package dev.streamingsaga.journal;

import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * A saga as the journal knows it.
 *
 * @param message the failure in words; empty unless there is one
 * @param document empty before the step {@code start}
 * @param supersededBy the saga that stored the newer version of the document
 */
public record SagaRecord(
        String sagaId,
        SagaState state,
        Optional<Reason> reason,
        String message,
        int run,
        Optional<String> lraId,
        Instant deadline,
        List<String> participants,
        Path source,
        String fileName,
        Optional<Document> document,
        long resumedBytes,
        Instant receivedAt,
        Instant updatedAt,
        Optional<Instant> finishedAt,
        boolean published,
        Optional<String> supersededBy) {}
