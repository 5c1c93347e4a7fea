package dev.streamingsaga.api;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A saga in a list and in an event. Times are ISO-8601, sizes bytes; what is not known yet is null.
 *
 * @param needsAttention it waits for a person
 * @param visible its document can be found and read, which follows its completion in a moment
 * @param progress of the running step, if this process runs it
 */
record SagaSummary(
        String sagaId,
        String state,
        @Nullable String reason,
        @Nullable String message,
        String file,
        @Nullable String documentId,
        @Nullable String contentType,
        @Nullable String sha256,
        @Nullable Long sizeBytes,
        @Nullable Integer chunkCount,
        int chunksSent,
        long bytesSent,
        long resumedBytes,
        int run,
        @Nullable Progress progress,
        String receivedAt,
        String updatedAt,
        @Nullable String finishedAt,
        String deadlineAt,
        int openCleanups,
        boolean needsAttention,
        boolean visible) {

    /** @param unit bytes, pages or segments */
    record Progress(String step, long done, long total, String unit) {}

    /**
     * One saga's page.
     *
     * @param stores what each store holds, asked now; empty while the saga runs
     */
    record Detail(
            SagaSummary saga,
            List<String> participants,
            @Nullable String supersededBy,
            List<Step> steps,
            Chunks chunks,
            Map<String, Long> stores,
            List<String> errors,
            List<String> compensationErrors,
            List<CleanupView> cleanups,
            List<EventView> events) {}

    /**
     * @param millis that the last attempt took, whether it finished or was given up; 0 while it runs
     * @param finishedAt or given up
     * @param expected pieces that the store must hold now, where that is known
     * @param found pieces that it says it holds
     */
    record Step(
            String name,
            String state,
            long millis,
            @Nullable String startedAt,
            @Nullable String finishedAt,
            @Nullable Long expected,
            @Nullable Long found) {}

    /**
     * @param map one character for each chunk in order: . pending, > sending, s sent, v verified; empty for more than
     *     20,000
     */
    record Chunks(int total, int pending, int sending, int sent, int verified, int retried, String map) {}

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
