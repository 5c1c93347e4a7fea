package dev.streamingsaga.api;

import dev.streamingsaga.ingest.IngestResult;
import dev.streamingsaga.operations.DeletionView;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The view of a saga in lists and events. Times are ISO-8601, sizes are bytes. Unknown values are null.
 *
 * @param owner the owner for the security record, known from reception on
 * @param needsAttention whether it waits for a person
 * @param visible whether its document can be found and read, which follows shortly after completion
 * @param waiting why it does not continue; null if it does
 * @param delivery which attempt to deliver its document it is; null for the only one
 * @param node the node that runs it; null if none does
 * @param needsNewerVersion whether a newer version began it, so that nodes of this version leave it alone
 * @param warningCount number of warnings about the text of its document
 * @param warningCodes codes of the warnings, each once
 * @param deletion state of the deletion of its document; null if it is not deleted
 * @param progress progress of the running step, if this process runs the saga
 */
record SagaSummary(
        String sagaId,
        String state,
        @Nullable String reason,
        @Nullable String message,
        String file,
        @Nullable String documentId,
        @Nullable String contentType,
        String owner,
        @Nullable String sha256,
        @Nullable Long sizeBytes,
        @Nullable Integer chunkCount,
        int chunksSent,
        long bytesSent,
        long resumedBytes,
        int run,
        @Nullable String node,
        @Nullable ProgressView progress,
        String receivedAt,
        String updatedAt,
        @Nullable String finishedAt,
        String deadlineAt,
        int openCleanups,
        boolean needsAttention,
        boolean visible,
        @Nullable WaitingView waiting,
        @Nullable WaitingForView waitingFor,
        boolean needsNewerVersion,
        @Nullable DeliveryView delivery,
        int warningCount,
        List<String> warningCodes,
        @Nullable String deletion) {

    /**
     * @param attempt 1 for the first saga of the document
     * @param of attempts at most, as configured now
     * @param redelivery what follows a saga that was compensated for a transient reason; null: nothing
     * @param nextAt when the document is delivered again; null if it is not, or not before residue is removed
     * @param latest the newest attempt; null in lists
     * @param attempts all attempts, the first one first; empty in lists
     */
    record DeliveryView(
            int attempt,
            int of,
            @Nullable String redelivery,
            @Nullable String nextAt,
            @Nullable String latest,
            List<AttemptView> attempts) {}

    record AttemptView(
            String sagaId,
            int attempt,
            String state,
            @Nullable String reason,
            String receivedAt,
            @Nullable String finishedAt) {}

    /** @param reason begins with "waits for" */
    record WaitingView(String reason, String since, String nextAttemptAt) {}

    /** @param what the dependency or {@code source host NODE} */
    record WaitingForView(String what, String since, String nextTryAt) {}

    /** @param unit bytes, pages or segments */
    record ProgressView(String step, long done, long total, String unit) {}

    /**
     * The detail view of a saga.
     *
     * @param deletion of its document; null if it is not deleted
     * @param stores number of items in each store, counted now; empty while the saga runs
     */
    record Detail(
            SagaSummary saga,
            List<String> participants,
            @Nullable String supersededBy,
            @Nullable DeliveryView delivery,
            @Nullable DeletionView deletion,
            List<StepView> steps,
            Chunks chunks,
            Map<String, Long> stores,
            List<String> errors,
            List<String> compensationErrors,
            List<IngestResult.WarningResult> warnings,
            List<CleanupView> cleanups,
            List<EventView> events,
            ReceiptOperations.@Nullable ReceiptView receipt) {}

    /**
     * @param millis duration of the last attempt, whether it finished or was aborted; 0 while it runs
     * @param finishedAt when the last attempt finished or was aborted
     * @param expected number of items that the store must hold now; null if unknown
     * @param found number of items that the store reports; null if unknown
     */
    record StepView(
            String name,
            String state,
            long millis,
            @Nullable String startedAt,
            @Nullable String finishedAt,
            @Nullable Long expected,
            @Nullable Long found) {}

    /**
     * @param storedBytes size of the objects of chunks whose upload has begun
     * @param compressed number of chunks that are stored compressed; {@code encrypted} likewise
     * @param map one character for each chunk in order: . pending, > sending, s sent, v verified; empty for more than
     *     20,000 chunks
     */
    record Chunks(
            int total,
            int pending,
            int sending,
            int sent,
            int verified,
            int retried,
            long storedBytes,
            int compressed,
            int encrypted,
            String map) {}

    record EventView(String at, String kind, String step, String message) {}

    record CleanupView(
            String id,
            String sagaId,
            String documentId,
            String step,
            String resource,
            String status,
            int attempts,
            String lastError,
            String nextAttemptAt,
            String createdAt,
            String resolution) {}
}
