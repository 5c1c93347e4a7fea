package dev.streamingsaga.chunk;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import software.amazon.awssdk.core.ResponseInputStream;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;
import software.amazon.awssdk.services.s3.model.NoSuchKeyException;

/**
 * The object {@code receipt.jws} beside a manifest. Each method throws a {@link RuntimeException} of the S3 client if
 * the server refuses, or does not answer within {@code saga.s3.timeout}. Thread-safe.
 */
public final class ReceiptObjects {
    private static final int MAX_BYTES = 256 * 1024 * 1024;

    private final S3Client s3;
    private final Bucket bucket;
    private final Duration timeout;

    ReceiptObjects(S3Client s3, Bucket bucket, Duration timeout) {
        this.s3 = s3;
        this.bucket = bucket;
        this.timeout = timeout;
    }

    /**
     * Writes the object, in place of an earlier one.
     *
     * @param keyPrefix of the document, ending in a slash
     */
    public void write(String keyPrefix, String jws) {
        s3.putObject(
                request -> request.bucket(bucket.name())
                        .key(keyPrefix + ChunkKeys.RECEIPT)
                        .contentType("application/jose")
                        .overrideConfiguration(Bucket.limit(timeout)),
                RequestBody.fromString(jws, StandardCharsets.US_ASCII));
    }

    /** What the object has; empty if there is none. */
    public Optional<String> read(String keyPrefix) {
        String key = keyPrefix + ChunkKeys.RECEIPT;
        try (ResponseInputStream<GetObjectResponse> object = bucket.open(key)) {
            return Optional.of(new String(object.readNBytes(MAX_BYTES), StandardCharsets.US_ASCII));
        } catch (NoSuchKeyException e) {
            return Optional.empty();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + key + " from bucket " + bucket.name(), e);
        }
    }

    /** Removes the object; succeeds if there is none. */
    public void delete(String keyPrefix) {
        bucket.delete(keyPrefix + ChunkKeys.RECEIPT);
    }
}
