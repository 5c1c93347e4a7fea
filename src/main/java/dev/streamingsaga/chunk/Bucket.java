package dev.streamingsaga.chunk;

import java.time.Duration;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.awscore.AwsRequestOverrideConfiguration;
import software.amazon.awssdk.core.ResponseInputStream;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.ChecksumMode;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;
import software.amazon.awssdk.services.s3.model.HeadObjectResponse;
import software.amazon.awssdk.services.s3.model.NoSuchKeyException;
import software.amazon.awssdk.services.s3.model.S3Object;

/**
 * Questions to the bucket that {@code aws2-s3} cannot put: it lists one page without saying whether there are more, its
 * HEAD never asks for the checksum, and neither takes a time-out of its own.
 */
final class Bucket {
    private final S3Client s3;
    private final String name;

    Bucket(S3Client s3, String name) {
        this.s3 = s3;
        this.name = name;
    }

    /** The same server's bucket of this name. */
    Bucket named(String other) {
        return other.equals(name) ? this : new Bucket(s3, other);
    }

    /** @param sha256 as the server reports it, lower-case hex; empty if it reports none for the whole object */
    record StoredObject(long sizeBytes, Optional<String> sha256) {}

    /**
     * @param sizeBytes -1 if the server does not say
     * @param etag the object's entity tag, see {@link #etag}
     */
    record ListedObject(long sizeBytes, Optional<String> etag) {}

    /**
     * An entity tag as servers write it, without its quotes; empty if there is none, or a weak one, which different
     * bytes may share.
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

    /** What lies below a prefix, by key; all pages, each within the time-out. */
    SortedMap<String, Bucket.ListedObject> list(String prefix, Duration timeout) {
        SortedMap<String, Bucket.ListedObject> found = new TreeMap<>();
        AwsRequestOverrideConfiguration limit = limit(timeout);
        for (S3Object each : s3.listObjectsV2Paginator(
                        request -> request.bucket(name).prefix(prefix).overrideConfiguration(limit))
                .contents()) {
            found.put(each.key(), new Bucket.ListedObject(each.size() == null ? -1 : each.size(), etag(each.eTag())));
        }
        return found;
    }

    Optional<Bucket.StoredObject> head(String key) {
        try {
            HeadObjectResponse head =
                    s3.headObject(request -> request.bucket(name).key(key).checksumMode(ChecksumMode.ENABLED));
            // A multipart object's checksum is one of its parts' checksums ("…-3"): no word about the whole.
            Optional<String> sha256 = Optional.ofNullable(head.checksumSHA256())
                    .filter(value -> !value.contains("-"))
                    .map(Sha256::hexOf);
            return Optional.of(new Bucket.StoredObject(head.contentLength(), sha256));
        } catch (NoSuchKeyException e) {
            return Optional.empty();
        }
    }

    /** @throws NoSuchKeyException if there is no such object */
    ResponseInputStream<GetObjectResponse> open(String key) {
        return s3.getObject(request -> request.bucket(name).key(key));
    }

    static AwsRequestOverrideConfiguration limit(Duration timeout) {
        return AwsRequestOverrideConfiguration.builder().apiCallTimeout(timeout).build();
    }
}
