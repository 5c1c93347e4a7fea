package dev.streamingsaga.test;

import dev.streamingsaga.ingest.IngestResult;
import dev.streamingsaga.journal.Ids;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.SagaState;
import dev.streamingsaga.journal.WarningCode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Builds an {@link IngestResult} as a saga would return it. Set only the values that the test reads: by default a
 * completed result has a document id, a digest, no bytes and no chunks, and a compensated one has no document.
 * Components that later versions add to the record get defaults here.
 */
public final class IngestResultBuilder {
    private static final String EMPTY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    private final String file;
    private final SagaState status;
    private final @Nullable Reason reason;
    private final @Nullable String message;
    private final Map<String, Long> stores = new LinkedHashMap<>();
    private final List<IngestResult.StepResult> steps = new ArrayList<>();
    private final List<String> errors = new ArrayList<>();
    private final List<String> compensationErrors = new ArrayList<>();
    private final List<IngestResult.WarningResult> warnings = new ArrayList<>();
    private String sagaId = Ids.next();
    private @Nullable String documentId;
    private @Nullable String sha256;
    private @Nullable Long sizeBytes;
    private @Nullable Integer chunkCount;
    private Duration duration = Duration.ZERO;
    private int runs = 1;
    private long resumedBytes;

    private IngestResultBuilder(String file, SagaState status, @Nullable Reason reason, @Nullable String message) {
        this.file = file;
        this.status = status;
        this.reason = reason;
        this.message = message;
    }

    public static IngestResultBuilder completed(String file) {
        return new IngestResultBuilder(file, SagaState.COMPLETED, null, null)
                .document(Ids.document(file, EMPTY_SHA256), EMPTY_SHA256, 0, 0);
    }

    /** Compensated: no store holds any of the document. */
    public static IngestResultBuilder compensated(String file, Reason reason, String message) {
        return new IngestResultBuilder(file, SagaState.COMPENSATED, reason, message).error(message);
    }

    /** Partially compensated: some stored data remains until a clean-up. */
    public static IngestResultBuilder partiallyCompensated(String file, Reason reason, String message) {
        return new IngestResultBuilder(file, SagaState.PARTIALLY_COMPENSATED, reason, message)
                .error(message)
                .compensationError("cannot remove all stored data of " + file);
    }

    public IngestResultBuilder sagaId(String id) {
        this.sagaId = id;
        return this;
    }

    /** @param contentSha256 64 lower-case hex digits */
    public IngestResultBuilder document(String id, String contentSha256, long bytes, int chunks) {
        this.documentId = id;
        this.sha256 = contentSha256;
        this.sizeBytes = bytes;
        this.chunkCount = chunks;
        return this;
    }

    public IngestResultBuilder duration(Duration time) {
        this.duration = time;
        return this;
    }

    /** @param bytes that a resumed run did not send again */
    public IngestResultBuilder runs(int count, long bytes) {
        this.runs = count;
        this.resumedBytes = bytes;
        return this;
    }

    /** The number of items in a store: chunks ({@code upload}), records, vectors, nodes or rows. */
    public IngestResultBuilder store(String name, long count) {
        stores.put(name, count);
        return this;
    }

    public IngestResultBuilder step(String name, String state, Duration time) {
        steps.add(new IngestResult.StepResult(name, state, time.toMillis()));
        return this;
    }

    public IngestResultBuilder error(String text) {
        errors.add(text);
        return this;
    }

    public IngestResultBuilder compensationError(String text) {
        compensationErrors.add(text);
        return this;
    }

    /** @param place where in the document; empty for all of it */
    public IngestResultBuilder warning(WarningCode code, String place, String text) {
        warnings.add(new IngestResult.WarningResult(code.name(), place, text));
        return this;
    }

    public IngestResult build() {
        return new IngestResult(
                file,
                sagaId,
                documentId,
                status.name(),
                reason == null ? null : reason.name(),
                message,
                sha256,
                sizeBytes,
                chunkCount,
                duration.toMillis(),
                runs,
                resumedBytes,
                new LinkedHashMap<>(stores),
                List.copyOf(steps),
                List.copyOf(errors),
                List.copyOf(compensationErrors),
                List.copyOf(warnings));
    }
}
