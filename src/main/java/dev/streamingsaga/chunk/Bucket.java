package dev.streamingsaga.chunk;

import java.time.Duration;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import software.amazon.awssdk.awscore.AwsRequestOverrideConfiguration;
import software.amazon.awssdk.core.ResponseInputStream;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.ChecksumMode;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;
import software.amazon.awssdk.services.s3.model.HeadObjectResponse;
import software.amazon.awssdk.services.s3.model.NoSuchKeyException;
import software.amazon.awssdk.services.s3.model.S3Object;

/**
 * Questions to the bucket that {@code aws2-s3} cannot put: it lists one page without saying whether there are more, its HEAD
 * never asks for the checksum, and neither takes a time-out of its own.
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
    record Stored(long sizeBytes, Optional<String> sha256) {}

    String name() {
        return name;
    }

    /** Keys and sizes below a prefix; all pages, each within the time-out. */
    SortedMap<String, Long> list(String prefix, Duration timeout) {
        SortedMap<String, Long> found = new TreeMap<>();
        AwsRequestOverrideConfiguration limit = limit(timeout);
        for (S3Object each : s3.listObjectsV2Paginator(
                        request -> request.bucket(name).prefix(prefix).overrideConfiguration(limit))
                .contents()) {
            found.put(each.key(), each.size());
        }
        return found;
    }

    Optional<Stored> head(String key) {
        try {
            HeadObjectResponse head =
                    s3.headObject(request -> request.bucket(name).key(key).checksumMode(ChecksumMode.ENABLED));
            // A multipart object's checksum is one of its parts' checksums ("…-3"): no word about the whole.
            Optional<String> sha256 = Optional.ofNullable(head.checksumSHA256())
                    .filter(value -> !value.contains("-"))
                    .map(Sha256::hexOf);
            return Optional.of(new Stored(head.contentLength(), sha256));
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
