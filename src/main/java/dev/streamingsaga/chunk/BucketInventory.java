package dev.streamingsaga.chunk;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.journal.BucketLocation;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.S3Object;

/**
 * What lies below our prefix in one bucket, saga by saga. A bucket lists its keys in order, so only one saga's figures
 * and one page of keys are held, however many there are.
 */
public final class BucketInventory {
    /** What comes after the prefix; each of a saga's objects lies directly in its folder. */
    private static final Pattern SHAPE =
            Pattern.compile("(?<document>[a-z0-9-]{1,128})/(?<saga>[a-z0-9-]{1,128})/(?<name>.+)");

    private static final Pattern NAME = Pattern.compile("[a-z0-9.-]+");

    private final S3Client s3;
    private final SagaConfig config;
    private final String bucket;
    private final String root;

    public BucketInventory(SagaConfig config, S3Client s3, BucketLocation place) {
        this.s3 = s3;
        this.config = config;
        this.bucket = place.bucket();
        this.root = place.prefix() + "/";
    }

    /**
     * The objects of one saga.
     *
     * @param newest when the youngest of them was written
     * @param complete its manifest is there: it is, or was, a completed document
     * @param mixed keys lie deeper in its folder that no saga of ours writes
     */
    public record StoredSaga(
            String documentId,
            String sagaId,
            String keyPrefix,
            long objects,
            long bytes,
            Instant newest,
            boolean complete,
            boolean mixed) {

        BucketInventory.StoredSaga with(S3Object object, String name) {
            Instant written = object.lastModified();
            return new BucketInventory.StoredSaga(
                    documentId,
                    sagaId,
                    keyPrefix,
                    objects + 1,
                    bytes + object.size(),
                    written.isAfter(newest) ? written : newest,
                    complete || name.equals(ChunkKeys.MANIFEST),
                    mixed);
        }

        BucketInventory.StoredSaga withForeign() {
            return new BucketInventory.StoredSaga(
                    documentId, sagaId, keyPrefix, objects, bytes, newest, complete, true);
        }
    }

    /**
     * Reads all pages, each within {@code saga.s3.timeout}.
     *
     * @param foreign keys that are none of a saga's
     */
    public void forEach(Consumer<BucketInventory.StoredSaga> sagas, Consumer<String> foreign) {
        list(root, sagas, foreign);
    }

    /** What one saga holds now; empty if nothing. */
    public Optional<BucketInventory.StoredSaga> find(String keyPrefix) {
        BucketInventory.StoredSaga[] found = new BucketInventory.StoredSaga[1];
        list(keyPrefix, each -> found[0] = each, key -> {});
        return Optional.ofNullable(found[0]);
    }

    private void list(String prefix, Consumer<BucketInventory.StoredSaga> sagas, Consumer<String> foreign) {
        BucketInventory.StoredSaga current = null;
        for (S3Object object : s3.listObjectsV2Paginator(request -> request.bucket(bucket)
                        .prefix(prefix)
                        .overrideConfiguration(Bucket.limit(config.s3().timeout())))
                .contents()) {
            String key = object.key();
            Matcher shape = SHAPE.matcher(key.substring(root.length()));
            if (!shape.matches()) {
                if (!key.equals(root + BucketOwner.NAME)) {
                    foreign.accept(key);
                }
                continue;
            }
            String folder = root + shape.group("document") + "/" + shape.group("saga") + "/";
            if (current == null || !current.keyPrefix().equals(folder)) {
                emit(current, sagas);
                current = new BucketInventory.StoredSaga(
                        shape.group("document"), shape.group("saga"), folder, 0, 0, Instant.EPOCH, false, false);
            }
            if (NAME.matcher(shape.group("name")).matches()) {
                current = current.with(object, shape.group("name"));
            } else {
                foreign.accept(key);
                current = current.withForeign();
            }
        }
        emit(current, sagas);
    }

    /** A folder that holds nothing but foreign keys is nobody's. */
    private static void emit(BucketInventory.@Nullable StoredSaga saga, Consumer<BucketInventory.StoredSaga> sagas) {
        if (saga != null && saga.objects() > 0) {
            sagas.accept(saga);
        }
    }
}
