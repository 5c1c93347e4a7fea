package dev.streamingsaga.ingest;

import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import dev.streamingsaga.annotation.PublicApi;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How an ingest ended: the line that {@code ingest --json} prints.
 *
 * @param stores what each store holds, queried after the end; a store that cannot be counted is absent
 */
@PublicApi
@JsonPropertyOrder({
    "file",
    "sagaId",
    "documentId",
    "status",
    "reason",
    "message",
    "sha256",
    "sizeBytes",
    "chunkCount",
    "durationMillis",
    "runs",
    "resumedBytes",
    "stores",
    "steps",
    "errors",
    "compensationErrors"
})
public record IngestResult(
        String file,
        String sagaId,
        @Nullable String documentId,
        String status,
        @Nullable String reason,
        @Nullable String message,
        @Nullable String sha256,
        @Nullable Long sizeBytes,
        @Nullable Integer chunkCount,
        long durationMillis,
        int runs,
        long resumedBytes,
        Map<String, Long> stores,
        List<StepResult> steps,
        List<String> errors,
        List<String> compensationErrors) {

    public record StepResult(String name, String state, long millis) {}
}
