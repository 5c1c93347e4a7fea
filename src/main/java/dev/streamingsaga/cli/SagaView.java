package dev.streamingsaga.cli;

import dev.streamingsaga.journal.DeletionState;
import dev.streamingsaga.journal.Document;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.Waiting;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A saga in the JSON output of {@code list} and {@code status}.
 *
 * @param node the node that runs it; null if none does
 * @param needsNewerVersion whether a newer version began it, so that nodes of this version leave it alone
 * @param delivery the first saga of the document; all attempts to deliver it have the same
 * @param warningCount number of warnings about the text of its document
 * @param warningCodes codes of the warnings, each once
 * @param deletion state of the deletion of its document; null if it is not deleted
 * @param redelivery what follows a saga that was compensated for a transient reason; null: nothing
 */
record SagaView(
        String sagaId,
        String state,
        @Nullable String reason,
        @Nullable String message,
        String file,
        @Nullable String documentId,
        @Nullable String sha256,
        @Nullable Long sizeBytes,
        @Nullable Integer chunkCount,
        int runs,
        @Nullable String node,
        String receivedAt,
        @Nullable String finishedAt,
        @Nullable String waitsFor,
        boolean needsNewerVersion,
        String delivery,
        int attempt,
        @Nullable String redelivery,
        @Nullable String nextDeliveryAt,
        int warningCount,
        List<String> warningCodes,
        @Nullable String deletion) {

    static SagaView of(SagaRecord saga) {
        return of(saga, Optional.empty());
    }

    static SagaView of(SagaRecord saga, Optional<DeletionState> deletion) {
        return new SagaView(
                saga.sagaId(),
                saga.state().name(),
                saga.reason().map(Reason::name).orElse(null),
                saga.message().isEmpty() ? null : saga.message(),
                saga.source().toString(),
                saga.document().map(Document::documentId).orElse(null),
                saga.document().map(Document::sha256).orElse(null),
                saga.document().map(Document::sizeBytes).orElse(null),
                saga.document().map(Document::chunkCount).orElse(null),
                saga.lastRun(),
                saga.runningNode().orElse(null),
                saga.receivedAt().toString(),
                saga.finishedAt().map(Instant::toString).orElse(null),
                saga.waiting().map(Waiting::reason).orElse(null),
                saga.needsNewerVersion(),
                saga.delivery().id(),
                saga.delivery().attempt(),
                saga.delivery().redelivery().map(Enum::name).orElse(null),
                saga.delivery().isDue()
                        ? saga.delivery().next().map(Instant::toString).orElse(null)
                        : null,
                saga.warnings().count(),
                saga.warnings().codes(),
                deletion.map(DeletionState::name).orElse(null));
    }
}
