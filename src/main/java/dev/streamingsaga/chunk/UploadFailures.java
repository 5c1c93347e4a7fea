package dev.streamingsaga.chunk;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.digest.Sha256;
import dev.streamingsaga.journal.ChunkRow;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.outage.HostUnavailableException;
import dev.streamingsaga.outage.TransientFailures;
import dev.streamingsaga.source.SourceFile;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;
import java.util.Set;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.SdkException;

/**
 * Classifies a failed PUT: the source changed, the store is full or rejects permanently, or another attempt may
 * succeed.
 */
final class UploadFailures {
    private static final Set<String> FULL = Set.of(
            "InsufficientStorage", "InsufficientStorageSpace", "QuotaExceeded", "StorageFull", "XMinioStorageFull");
    private static final Set<String> LOCALLY_FULL = Set.of("No space left", "Disk quota exceeded");
    private static final Set<String> BAD_DIGEST =
            Set.of("BadDigest", "InvalidDigest", "XAmzContentSHA256Mismatch", "XAmzContentChecksumMismatch");

    private final SagaConfig config;

    UploadFailures(SagaConfig config) {
        this.config = config;
    }

    RuntimeException classify(ObjectPut put, Exception failure) {
        Optional<SagaException> known = find(failure, SagaException.class);
        if (known.isPresent()) {
            return known.get();
        }
        try {
            if (put.row().isPresent()) {
                put.checkSource();
            }
        } catch (SagaException e) {
            return e;
        }
        Optional<AwsServiceException> answer = find(failure, AwsServiceException.class);
        if (answer.isPresent()) {
            return classifyAnswer(put, answer.get());
        }
        boolean mayPass = find(failure, SdkException.class).isPresent()
                || find(failure, IOException.class).isPresent()
                || find(failure, HostUnavailableException.class).isPresent();
        return mayPass ? retryable(put, failure) : permanent(put, Reason.STORE_FAILED, failure);
    }

    private RuntimeException classifyAnswer(ObjectPut put, AwsServiceException answer) {
        String code = answer.awsErrorDetails() == null
                ? ""
                : String.valueOf(answer.awsErrorDetails().errorCode());
        if (answer.statusCode() == 507 || FULL.contains(code) || text(answer).contains("No space left")) {
            return permanent(put, Reason.STORAGE_FULL, answer);
        }
        if (BAD_DIGEST.contains(code)
                || (answer.statusCode() == 400 && text(answer).contains("checksum"))) {
            return put.row().filter(row -> differs(put, row)).isPresent()
                    ? SourceFile.modified(put.document().path())
                    : retryable(put, answer);
        }
        return TransientFailures.outage(answer).isPresent()
                ? retryable(put, answer)
                : permanent(put, Reason.STORE_FAILED, answer);
    }

    private RuntimeException retryable(ObjectPut put, Exception failure) {
        int attempts = config.documents().chunk().attempts();
        if (put.attempt() >= attempts) {
            return new SagaException(
                    isFinallyFull(failure) ? Reason.STORAGE_FULL : Reason.MAX_RETRIES_EXCEEDED,
                    cannotWrite(put, failure) + " after " + attempts + " attempts; compensating",
                    failure);
        }
        return new ChunkAttemptException(
                cannotWrite(put, failure) + " at attempt " + put.attempt() + " of " + attempts + "; next attempt in "
                        + config.documents().chunk().retryDelay().toMillis() + " ms",
                failure);
    }

    /** Whether this host has no room, and the saga does not wait until it has. */
    private boolean isFinallyFull(Exception failure) {
        return config.operation().patience().isOff()
                && find(failure, HostUnavailableException.class).isPresent()
                && find(failure, IOException.class)
                        .map(cause -> String.valueOf(cause.getMessage()))
                        .filter(text -> LOCALLY_FULL.stream().anyMatch(text::contains))
                        .isPresent();
    }

    private SagaException permanent(ObjectPut put, Reason reason, Exception failure) {
        return new SagaException(reason, cannotWrite(put, failure) + "; not retried; compensating", failure);
    }

    private String cannotWrite(ObjectPut put, Exception failure) {
        return "cannot write " + put + " to bucket " + put.document().bucket() + ": " + text(failure);
    }

    /** Whether the bytes of the chunk in the file differ from those before the upload. */
    private static boolean differs(ObjectPut put, ChunkRow row) {
        if (!put.document().hasFile()) {
            return false;
        }
        try (InputStream bytes = new FileRegion(put.document().path(), row.offset(), row.sizeBytes()).open()) {
            return !Sha256.of(bytes).equals(row.sha256());
        } catch (IOException e) {
            return true;
        }
    }

    static String text(Exception failure) {
        Throwable deepest = failure;
        while (!(deepest instanceof SdkException || deepest instanceof HostUnavailableException)
                && deepest.getCause() != null
                && deepest.getCause() != deepest) {
            deepest = deepest.getCause();
        }
        return String.valueOf(deepest.getMessage());
    }

    static <T extends Throwable> Optional<T> find(Throwable failure, Class<T> type) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (type.isInstance(cause)) {
                return Optional.of(type.cast(cause));
            }
        }
        return Optional.empty();
    }
}
