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
 * Lists the objects below the configured prefix of a bucket, saga by saga. A bucket lists its keys in order, so memory
 * holds the totals of one saga and one page of keys, however many there are.
 */
public final class BucketInventory {
    /** The key after the prefix; all objects of a saga are directly in its folder. */
    private static final Pattern SHAPE =
            Pattern.compile("(?<document>[a-z0-9-]{1,128})/(?<saga>[a-z0-9-]{1,128})/(?<name>.+)");

    private static final Pattern NAME = Pattern.compile("[a-z0-9.-]+");

    private final S3Client s3;
    private final SagaConfig config;
    private final String bucket;
    private final String root;

    public BucketInventory(SagaConfig config, S3Client s3, BucketLocation location) {
        this.s3 = s3;
        this.config = config;
        this.bucket = location.bucket();
        this.root = location.prefix() + "/";
    }

    /**
     * The objects of one saga.
     *
     * @param newest when the newest of them was written
     * @param complete the manifest exists: the document is or was completed
     * @param mixed the folder also contains keys that this application never writes
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

        StoredSaga with(S3Object object, String name) {
            Instant written = object.lastModified();
            return new StoredSaga(
                    documentId,
                    sagaId,
                    keyPrefix,
                    objects + 1,
                    bytes + object.size(),
                    written.isAfter(newest) ? written : newest,
                    complete || name.equals(ChunkKeys.MANIFEST),
                    mixed);
        }

        StoredSaga withForeign() {
            return new StoredSaga(documentId, sagaId, keyPrefix, objects, bytes, newest, complete, true);
        }
    }

    /**
     * Reads all pages, each within {@code saga.s3.timeout}.
     *
     * @param foreign receives keys that belong to no saga
     */
    public void forEach(Consumer<StoredSaga> sagas, Consumer<String> foreign) {
        list(root, sagas, foreign);
    }

    /** The objects of one saga; empty if there are none. */
    public Optional<StoredSaga> find(String keyPrefix) {
        StoredSaga[] found = new StoredSaga[1];
        list(keyPrefix, each -> found[0] = each, key -> {});
        return Optional.ofNullable(found[0]);
    }

    private void list(String prefix, Consumer<StoredSaga> sagas, Consumer<String> foreign) {
        StoredSaga current = null;
        for (S3Object object : s3.listObjectsV2Paginator(request -> request.bucket(bucket)
                        .prefix(prefix)
                        .overrideConfiguration(
                                Bucket.limit(config.servers().s3().timeout())))
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
                current = new StoredSaga(
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

    /** Skips a folder that contains foreign keys only. */
    private static void emit(@Nullable StoredSaga saga, Consumer<StoredSaga> sagas) {
        if (saga != null && saga.objects() > 0) {
            sagas.accept(saga);
        }
    }
}
