package dev.streamingsaga.chunk;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.journal.DocumentFacts;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.camel.CamelContext;
import org.apache.camel.FluentProducerTemplate;
import org.apache.camel.component.aws2.s3.AWS2S3Constants;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.services.s3.model.DeleteObjectRequest;

/**
 * Deletes everything below the prefix of a saga, then lists it again. Deletes the keys that the bucket lists and those
 * that the caller knows; tries each one even if others fail, for at most {@code saga.compensation.step-timeout}.
 * Deleting an object that does not exist succeeds. Stops at the first request if the server is unreachable.
 *
 * <p>The bucket must not be versioned: a versioned bucket responds as if the object were gone.
 */
final class CompensateUpload {
    private static final Logger LOG = LoggerFactory.getLogger(CompensateUpload.class);

    private final SagaConfig config;
    private final Bucket configured;
    private final Parallel parallel;
    private final FluentProducerTemplate deletes;

    CompensateUpload(SagaConfig config, Bucket bucket, Parallel parallel, CamelContext context) {
        this.config = config;
        this.configured = bucket;
        this.parallel = parallel;
        this.deletes = context.createFluentProducerTemplate();
    }

    /**
     * @param keys keys that still exist or whose state is unknown; contains the prefix itself, ending in a slash, if
     *     the bucket could not be listed; empty: everything is deleted
     * @param error the error of the last request that failed; empty if none failed
     */
    record Remainder(List<String> keys, Optional<String> error) {}

    /**
     * @param facts {@code sagaId}, {@code documentId}, optional {@code bucket}, {@code keyPrefix} and {@code keys} (the
     *     journal's)
     */
    Remainder compensate(Map<?, ?> facts) {
        AtomicReference<String> error = new AtomicReference<>();
        List<String> keys = compensate(facts, error);
        return new Remainder(keys, Optional.ofNullable(error.get()));
    }

    private List<String> compensate(Map<?, ?> facts, AtomicReference<String> error) {
        Bucket bucket = configured.named(SagaPrefix.bucket(config, facts));
        String prefix = SagaPrefix.of(config, facts);
        Instant deadline = Instant.now().plus(config.operation().compensation().stepTimeout());
        NavigableSet<String> keys = known(prefix, facts);
        Listing before = list(bucket, prefix, deadline, error);
        keys.addAll(before.keys());
        NavigableSet<String> removed = new TreeSet<>();
        if (before.reachable()) {
            delete(bucket, keys, removed, deadline, error);
        }
        Listing after = before.reachable() ? list(bucket, prefix, deadline, error) : before;
        if (after.complete()) {
            return List.copyOf(after.keys());
        }
        keys.removeAll(removed);
        if (!before.complete()) {
            keys.add(prefix);
        }
        return List.copyOf(keys);
    }

    private static NavigableSet<String> known(String prefix, Map<?, ?> facts) {
        NavigableSet<String> keys = new TreeSet<>();
        if (facts.get(DocumentFacts.KEYS) instanceof Collection<?> listed) {
            listed.stream()
                    .map(Object::toString)
                    .filter(key -> key.startsWith(prefix))
                    .forEach(keys::add);
        }
        return keys;
    }

    /**
     * @param complete whether the bucket was listed
     * @param reachable whether the server may answer other requests
     */
    private record Listing(Set<String> keys, boolean complete, boolean reachable) {}

    private Listing list(Bucket bucket, String prefix, Instant deadline, AtomicReference<String> error) {
        try {
            return new Listing(bucket.list(prefix, remaining(deadline)).keySet(), true, true);
        } catch (RuntimeException e) {
            boolean reachable = UploadFailures.find(e, SdkClientException.class).isEmpty();
            error.set("cannot list: " + e.getMessage());
            LOG.warn(
                    "cannot list {} in bucket {}: {}; objects below it count as residue",
                    prefix,
                    bucket.name(),
                    e.getMessage());
            return new Listing(Set.of(), false, reachable);
        }
    }

    private void delete(
            Bucket bucket, Set<String> keys, Set<String> removed, Instant deadline, AtomicReference<String> error) {
        AtomicBoolean unreachable = new AtomicBoolean();
        parallel.forEach(keys, key -> {
            if (unreachable.get() || Instant.now().isAfter(deadline)) {
                return;
            }
            Optional<Exception> failure = delete(bucket, key, deadline);
            if (failure.isEmpty()) {
                synchronized (removed) {
                    removed.add(key);
                }
            } else {
                unreachable.compareAndSet(
                        false,
                        UploadFailures.find(failure.get(), SdkClientException.class)
                                .isPresent());
                error.set("cannot delete: " + UploadFailures.text(failure.get()));
                LOG.warn(
                        "cannot delete {} in bucket {}: {}; it counts as residue if it still exists",
                        key,
                        bucket.name(),
                        failure.get().getMessage());
            }
        });
    }

    /** Uses {@code pojoRequest}, since only a request object can have a timeout. */
    private Optional<Exception> delete(Bucket bucket, String key, Instant deadline) {
        DeleteObjectRequest request = DeleteObjectRequest.builder()
                .bucket(bucket.name())
                .key(key)
                .overrideConfiguration(Bucket.limit(remaining(deadline)))
                .build();
        return Optional.ofNullable(deletes.withBody(request)
                .withHeader(AWS2S3Constants.KEY, key) // the component needs it here as well
                .withHeader(AWS2S3Constants.OVERRIDE_BUCKET_NAME, bucket.name())
                .to(ChunkRoutes.s3(config, "operation=deleteObject&pojoRequest=true"))
                .send()
                .getException());
    }

    private Duration remaining(Instant deadline) {
        Duration remaining = Duration.between(Instant.now(), deadline);
        Duration limit = config.servers().s3().timeout();
        Duration shorter = remaining.compareTo(limit) < 0 ? remaining : limit;
        // The SDK requires a positive timeout; a request that starts at the deadline ends at once.
        return shorter.compareTo(Duration.ofMillis(1)) < 0 ? Duration.ofMillis(1) : shorter;
    }
}
