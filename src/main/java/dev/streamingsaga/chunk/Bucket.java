package dev.streamingsaga.chunk;

import dev.streamingsaga.digest.Sha256;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.awscore.AwsRequestOverrideConfiguration;
import software.amazon.awssdk.core.ResponseInputStream;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.ChecksumMode;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;
import software.amazon.awssdk.services.s3.model.HeadObjectResponse;
import software.amazon.awssdk.services.s3.model.NoSuchKeyException;
import software.amazon.awssdk.services.s3.model.S3Object;

/**
 * Requests to the bucket that {@code aws2-s3} does not support: it lists one page without reporting whether there are
 * more, its HEAD never requests the checksum, and neither accepts a timeout for a single request.
 */
final class Bucket {
    private final S3Client s3;
    private final String name;

    Bucket(S3Client s3, String name) {
        this.s3 = s3;
        this.name = name;
    }

    /** Returns the bucket of this name on the same server. */
    Bucket named(String other) {
        return other.equals(name) ? this : new Bucket(s3, other);
    }

    /** @param sha256 as the server reports it, lower-case hex; empty if it reports none for the whole object */
    record StoredObject(long sizeBytes, Optional<String> sha256) {}

    /**
     * @param sizeBytes -1 if the server does not report it
     * @param etag the object's entity tag, see {@link #etag}
     */
    record ListedObject(long sizeBytes, Optional<String> etag) {}

    /**
     * Parses the entity tag of a response header, without its quotes. Empty if there is none or it is weak, since
     * different bytes may share a weak tag.
     */
    static Optional<String> etag(@Nullable String header) {
        return Optional.ofNullable(header)
                .filter(tag -> !tag.startsWith("W/"))
                .map(tag -> tag.replace("\"", ""))
                .filter(tag -> !tag.isBlank());
    }

    String name() {
        return name;
    }

    /** Lists all objects below a prefix, by key; reads all pages, each within the timeout. */
    SortedMap<String, ListedObject> list(String prefix, Duration timeout) {
        SortedMap<String, ListedObject> found = new TreeMap<>();
        AwsRequestOverrideConfiguration limit = limit(timeout);
        for (S3Object each : s3.listObjectsV2Paginator(
                        request -> request.bucket(name).prefix(prefix).overrideConfiguration(limit))
                .contents()) {
            found.put(each.key(), new ListedObject(each.size() == null ? -1 : each.size(), etag(each.eTag())));
        }
        return found;
    }

    Optional<StoredObject> head(String key) {
        try {
            HeadObjectResponse head =
                    s3.headObject(request -> request.bucket(name).key(key).checksumMode(ChecksumMode.ENABLED));
            // The checksum of a multipart object covers the checksums of its parts ("…-3"), not the whole object.
            Optional<String> sha256 = Optional.ofNullable(head.checksumSHA256())
                    .filter(value -> !value.contains("-"))
                    .map(Sha256::hexOf);
            return Optional.of(new StoredObject(head.contentLength(), sha256));
        } catch (NoSuchKeyException e) {
            return Optional.empty();
        }
    }

    /** @throws NoSuchKeyException if there is no such object */
    ResponseInputStream<GetObjectResponse> open(String key) {
        return s3.getObject(request -> request.bucket(name).key(key));
    }

    /** Writes a small object; the server compares its SHA-256. */
    void put(String key, byte[] bytes) {
        s3.putObject(
                request ->
                        request.bucket(name).key(key).metadata(Map.of(ChecksumInterceptor.METADATA, Sha256.of(bytes))),
                RequestBody.fromBytes(bytes));
    }

    void delete(String key) {
        s3.deleteObject(request -> request.bucket(name).key(key));
    }

    static AwsRequestOverrideConfiguration limit(Duration timeout) {
        return AwsRequestOverrideConfiguration.builder().apiCallTimeout(timeout).build();
    }
}
