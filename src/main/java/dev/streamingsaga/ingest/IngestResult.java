package dev.streamingsaga.ingest;

import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import dev.streamingsaga.annotation.PublicApi;
import dev.streamingsaga.journal.Warning;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How an ingest ended: the line that {@code ingest --json} prints.
 *
 * @param stores what each store holds, queried after the end; a store that cannot be counted is absent
 * @param warnings what is missing or uncertain about the text of the document; most documents have none
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
    "compensationErrors",
    "warnings"
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
        List<String> compensationErrors,
        List<WarningResult> warnings) {

    /** An outcome of a version without warnings has none. */
    @SuppressWarnings("NullAway") // Jackson passes null for a field that is absent
    public IngestResult {
        warnings = warnings == null ? List.of() : List.copyOf(warnings);
    }

    /**
     * @param code name of a {@link dev.streamingsaga.journal.WarningCode}; a newer version may have added some
     * @param place where in the document, such as {@code page 3}; empty for all of it
     */
    public record WarningResult(String code, String place, String message) {
        public static WarningResult of(Warning warning) {
            return new WarningResult(warning.code().name(), warning.place(), warning.message());
        }
    }

    public record StepResult(String name, String state, long millis) {}
}
