package dev.streamingsaga.chunk;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.encryption.DataKey;
import dev.streamingsaga.journal.ChunkRow;
import dev.streamingsaga.journal.Document;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.sealing.DocumentSealing;
import dev.streamingsaga.sealing.Sealing;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import software.amazon.awssdk.awscore.AwsRequestOverrideConfiguration;
import software.amazon.awssdk.core.ResponseInputStream;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.BucketAlreadyOwnedByYouException;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;
import software.amazon.awssdk.services.s3.model.NoSuchBucketException;
import software.amazon.awssdk.services.s3.model.NoSuchKeyException;

/** Access to the bucket outside a saga: checks it, lists objects, and reassembles documents. Thread-safe. */
public final class ChunkStore {
    private static final String PROBE = ".writable";
    private static final int MANIFEST_MAX_BYTES = 64 * 1024 * 1024;

    private final S3Client s3;
    private final Bucket bucket;
    private final SagaConfig config;
    private final Sealing sealing;

    /** As below, without keys: encrypted documents cannot be read. */
    public ChunkStore(SagaConfig config, S3Client s3) {
        this(config, s3, Sealing.none());
    }

    /**
     * The configured bucket.
     *
     * @param s3 closed by the caller
     */
    public ChunkStore(SagaConfig config, S3Client s3, Sealing sealing) {
        this(config, s3, sealing, config.servers().s3().bucket());
    }

    private ChunkStore(SagaConfig config, S3Client s3, Sealing sealing, String bucket) {
        this.config = config;
        this.s3 = s3;
        this.sealing = sealing;
        this.bucket = new Bucket(s3, bucket);
    }

    /** Returns the store of the bucket that a document was written to, which may differ from the configured one. */
    public ChunkStore in(String name) {
        return new ChunkStore(config, s3, sealing, name);
    }

    /**
     * Checks that the bucket exists.
     *
     * @throws RuntimeException (of the SDK) if the bucket does not exist or the server does not respond in time
     */
    public void ping() {
        s3.headBucket(request -> request.bucket(bucket.name()));
    }

    /**
     * Checks the permissions to list and write: starts a multipart upload below the prefix and aborts it, which leaves
     * no object.
     *
     * @throws RuntimeException (of the SDK) if not, or if the server does not answer in time
     */
    public void pingAccess() {
        AwsRequestOverrideConfiguration limit =
                Bucket.limit(config.servers().s3().timeout());
        String prefix = config.documents().chunk().prefix() + "/";
        s3.listObjectsV2(request ->
                request.bucket(bucket.name()).prefix(prefix).maxKeys(1).overrideConfiguration(limit));
        String key = prefix + PROBE;
        String upload = s3.createMultipartUpload(
                        request -> request.bucket(bucket.name()).key(key).overrideConfiguration(limit))
                .uploadId();
        s3.abortMultipartUpload(request ->
                request.bucket(bucket.name()).key(key).uploadId(upload).overrideConfiguration(limit));
    }

    /** Creates the bucket if it does not exist. */
    public void ensureBucket() {
        try {
            ping();
        } catch (NoSuchBucketException missing) {
            try {
                s3.createBucket(request -> request.bucket(bucket.name()));
            } catch (BucketAlreadyOwnedByYouException e) {
                ping(); // another process created it first
            }
        }
    }

    /** Keys below a prefix, sorted. */
    public List<String> keys(String prefix) {
        return List.copyOf(bucket.list(prefix, config.servers().s3().timeout()).keySet());
    }

    /**
     * Deletes a manifest, if there is one.
     *
     * @param keyPrefix of the document, ending in a slash
     */
    public void deleteManifest(String keyPrefix) {
        bucket.delete(keyPrefix + ChunkKeys.MANIFEST);
    }

    /**
     * @param keyPrefix of the document, ending in a slash
     * @throws SagaException CHUNK_MISSING if there is no manifest, METADATA_CORRUPT if it is not valid, STORE_FAILED if
     *     it is encrypted and there are no keys
     */
    public Manifest manifest(String keyPrefix) {
        return stored(keyPrefix).manifest();
    }

    /** @param objects of the document */
    private record StoredManifest(Manifest manifest, DocumentSealing objects) {}

    private StoredManifest stored(String keyPrefix) {
        String key = keyPrefix + ChunkKeys.MANIFEST;
        byte[] json = manifestBytes(key);
        Optional<ManifestEnvelope> envelope = ManifestEnvelope.parse(json);
        if (envelope.isPresent()) {
            envelope.get().requirePlace(keyPrefix);
            DocumentSealing objects = envelope.get().objects(sealing, key);
            return new StoredManifest(envelope.get().open(objects, key), objects);
        }
        Manifest manifest = Manifest.parse(json, key);
        return new StoredManifest(
                manifest,
                sealing.of(
                        manifest.documentId(),
                        manifest.sagaId(),
                        manifest.chunks().size()));
    }

    /**
     * Replaces the wrapped data key in an encrypted manifest, unless it has this one; the data key and everything else
     * stay the same. The caller makes sure that nothing else writes the manifest meanwhile.
     *
     * @return false if the manifest is not encrypted
     * @throws SagaException CHUNK_MISSING if there is no manifest
     */
    public boolean rewrapManifest(String keyPrefix, DataKey.Wrapped wrapped) {
        String key = keyPrefix + ChunkKeys.MANIFEST;
        Optional<ManifestEnvelope> envelope = ManifestEnvelope.parse(manifestBytes(key));
        envelope.filter(found -> !found.hasKey(wrapped))
                .ifPresent(found -> bucket.put(key, found.rewrapped(wrapped).json()));
        return envelope.isPresent();
    }

    private byte[] manifestBytes(String key) {
        try (ResponseInputStream<GetObjectResponse> json = bucket.open(key)) {
            byte[] bytes = json.readNBytes(MANIFEST_MAX_BYTES + 1);
            if (bytes.length > MANIFEST_MAX_BYTES) {
                json.abort();
                throw new SagaException(
                        Reason.METADATA_CORRUPT, key + " is larger than any manifest; nothing was read");
            }
            return bytes;
        } catch (NoSuchKeyException e) {
            throw new SagaException(
                    Reason.CHUNK_MISSING,
                    "bucket " + bucket.name() + " has no " + key + "; the document was not completed there",
                    e);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + key + " from bucket " + bucket.name(), e);
        }
    }

    /** The receipts beside the manifests of this bucket. */
    public ReceiptObjects receipts() {
        return new ReceiptObjects(s3, bucket, config.servers().s3().timeout());
    }

    /**
     * Writes a document to a stream and checks each chunk and the whole file on the way. If it throws, discard what was
     * written.
     *
     * @throws SagaException CHUNK_MISSING, SIZE_MISMATCH, CHUNK_CORRUPT, HASH_MISMATCH, METADATA_CORRUPT or
     *     STORE_FAILED
     * @throws IOException if the connection to the bucket breaks in the middle of a chunk, or the target cannot be
     *     written
     */
    public FetchResult fetch(String keyPrefix, OutputStream target) throws IOException {
        return fetch(stored(keyPrefix), keyPrefix, target);
    }

    private FetchResult fetch(StoredManifest stored, String keyPrefix, OutputStream target) throws IOException {
        Manifest manifest = stored.manifest();
        List<OrderedRead.Expected> chunks = manifest.rows(keyPrefix).stream()
                .map(row -> OrderedRead.Expected.of(row, stored.objects()))
                .toList();
        String sha256 = new OrderedRead(bucket).read(chunks, target, () -> {});
        if (!sha256.equals(manifest.sha256())) {
            throw new SagaException(
                    Reason.HASH_MISMATCH,
                    keyPrefix + " in bucket " + bucket.name() + " has SHA-256 " + sha256 + " instead of "
                            + manifest.sha256() + "; discard what was written");
        }
        return new FetchResult(
                manifest.documentId(),
                manifest.sagaId(),
                manifest.fileName(),
                manifest.sizeBytes(),
                sha256,
                chunks.size());
    }

    /**
     * Returns a range of a document as a stream that checks its bytes against the digests of the chunks. The last bytes
     * of a damaged or truncated chunk are never returned: reading fails with an {@link IOException} before the range is
     * complete.
     *
     * @param rows journal rows of the whole document
     * @param document that they belong to
     * @param from first byte, from 0
     * @param length at least 1
     */
    public InputStream content(Document document, List<ChunkRow> rows, long from, long length) {
        return new VerifiedContent(bucket, rows, ChunkSealer.of(sealing, document), from, length);
    }

    /**
     * Fetches a document of the journal to a file. The manifest must describe that very document: whoever may write to
     * the bucket could replace it and its chunks. Writes a temporary file next to the target, syncs it, and renames it
     * after all checks. On failure an existing target is unchanged.
     *
     * @throws SagaException as {@link #fetch(String, OutputStream)}
     */
    public FetchResult fetch(Document document, Path target) throws IOException {
        StoredManifest stored = stored(document.keyPrefix());
        requireSame(document, stored.manifest());
        Path absolute = target.toAbsolutePath();
        Path temporary = Files.createTempFile(absolute.getParent(), ".fetch-", ".part");
        try {
            FetchResult result;
            try (FileChannel file = FileChannel.open(temporary, StandardOpenOption.WRITE);
                    OutputStream out = Channels.newOutputStream(file)) {
                result = fetch(stored, document.keyPrefix(), out);
                file.force(true);
            }
            Files.move(temporary, absolute, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            return result;
        } finally {
            Files.deleteIfExists(temporary);
        }
    }

    private void requireSame(Document document, Manifest manifest) {
        if (!manifest.sagaId().equals(document.sagaId())
                || !manifest.documentId().equals(document.documentId())
                || manifest.sizeBytes() != document.sizeBytes()
                || !manifest.sha256().equals(document.sha256())) {
            throw new SagaException(
                    Reason.METADATA_CORRUPT,
                    document.keyPrefix() + ChunkKeys.MANIFEST + " in bucket " + bucket.name()
                            + " describes another document than the journal: " + manifest.sizeBytes()
                            + " bytes with SHA-256 " + manifest.sha256() + " instead of " + document.sizeBytes()
                            + " with " + document.sha256() + "; nothing was written. Was the object replaced?"
                            + " verify compares the chunks with the journal");
        }
    }
}
