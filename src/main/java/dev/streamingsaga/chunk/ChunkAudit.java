package dev.streamingsaga.chunk;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.digest.Sha256;
import dev.streamingsaga.journal.ChunkRow;
import dev.streamingsaga.journal.Document;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.sealing.DamagedObjectException;
import dev.streamingsaga.sealing.DocumentSealing;
import dev.streamingsaga.sealing.Sealing;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.NoSuchKeyException;

/**
 * Compares the objects of a document in the bucket with the journal: key, size and SHA-256 of every chunk as the bucket
 * reports it (read back if it reports none), the manifest, and that there are no other objects. Reports all
 * differences. Sizes and digests are those of the objects, also of compressed and encrypted ones.
 */
public final class ChunkAudit {
    private static final int BUFFER_BYTES = 64 * 1024;

    private final SagaConfig config;
    private final S3Client s3;
    private final Sealing sealing;

    /** @param s3 closed by the caller */
    public ChunkAudit(SagaConfig config, S3Client s3, Sealing sealing) {
        this.config = config;
        this.s3 = s3;
        this.sealing = sealing;
    }

    public enum DifferenceKind {
        MISSING,
        DIFFERENT,
        EXTRA
    }

    /** @param chunk the journal row; empty for the manifest, an extra object, or the whole file */
    public record Difference(
            DifferenceKind kind, String key, Optional<ChunkRow> chunk, String expected, String found) {}

    /**
     * @param deep whether to read back every chunk and hash each chunk and the whole file
     * @throws RuntimeException (of the SDK, or an {@link UncheckedIOException}) if the bucket does not answer
     * @throws SagaException STORE_FAILED if the key of encrypted objects cannot be used
     */
    public List<Difference> compare(Document document, List<ChunkRow> rows, boolean deep) {
        Bucket bucket = new Bucket(s3, document.bucket());
        SortedMap<String, Bucket.ListedObject> listed =
                bucket.list(document.keyPrefix(), config.servers().s3().timeout());
        List<Difference> found = new ArrayList<>();
        MessageDigest whole = Sha256.digest();
        DocumentSealing objects = ChunkSealer.of(sealing, document);
        for (ChunkRow row : rows) {
            chunk(bucket, row, listed.remove(row.key()), objects, deep ? Optional.of(whole) : Optional.empty())
                    .ifPresent(found::add);
        }
        String sha256 = Sha256.hex(whole);
        if (deep && found.isEmpty() && !sha256.equals(document.sha256())) {
            found.add(new Difference(
                    DifferenceKind.DIFFERENT,
                    document.keyPrefix(),
                    Optional.empty(),
                    "SHA-256 " + document.sha256(),
                    "SHA-256 " + sha256));
        }
        manifest(document, rows, listed.remove(document.keyPrefix() + ChunkKeys.MANIFEST))
                .ifPresent(found::add);
        listed.remove(receiptKey(document)); // compared with the journal by whoever has it
        listed.forEach((key, object) -> found.add(new Difference(
                DifferenceKind.EXTRA, key, Optional.empty(), "no such object", object.sizeBytes() + " bytes")));
        return found;
    }

    /** @param whole gets the bytes of the chunk; empty: trust the checksum that the bucket reports */
    private static Optional<Difference> chunk(
            Bucket bucket,
            ChunkRow row,
            Bucket.ListedObject listed,
            DocumentSealing objects,
            Optional<MessageDigest> whole) {
        if (listed == null) {
            return Optional.of(difference(DifferenceKind.MISSING, row, "nothing"));
        }
        if (listed.sizeBytes() != row.storedSizeBytes()) {
            return Optional.of(difference(DifferenceKind.DIFFERENT, row, listed.sizeBytes() + " bytes"));
        }
        try {
            return (whole.isPresent() ? damage(bucket, row, objects, whole.get()) : reported(bucket, row))
                    .map(found -> difference(DifferenceKind.DIFFERENT, row, found));
        } catch (NoSuchKeyException e) {
            return Optional.of(difference(DifferenceKind.MISSING, row, "nothing"));
        }
    }

    private static Difference difference(DifferenceKind kind, ChunkRow row, String found) {
        return new Difference(
                kind,
                row.key(),
                Optional.of(row),
                row.storedSizeBytes() + " bytes, SHA-256 " + row.storedSha256(),
                found);
    }

    /** What the bucket reports instead of the journaled SHA-256 of the object. */
    private static Optional<String> reported(Bucket bucket, ChunkRow row) {
        String stored = bucket.head(row.key())
                .flatMap(Bucket.StoredObject::sha256)
                .orElseGet(() -> {
                    MessageDigest digest = Sha256.digest();
                    read(bucket, OrderedRead.Expected.stored(row), List.of(digest));
                    return Sha256.hex(digest);
                });
        return stored.equals(row.storedSha256())
                ? Optional.empty()
                : Optional.of(row.storedSizeBytes() + " bytes, SHA-256 " + stored);
    }

    /** What the object holds instead of the bytes of the chunk. */
    private static Optional<String> damage(Bucket bucket, ChunkRow row, DocumentSealing objects, MessageDigest whole) {
        MessageDigest digest = Sha256.digest();
        try {
            read(bucket, OrderedRead.Expected.of(row, objects), List.of(digest, whole));
        } catch (DamagedObjectException e) {
            return Optional.of("an object that " + e.getMessage());
        }
        String sha256 = Sha256.hex(digest);
        return sha256.equals(row.sha256())
                ? Optional.empty()
                : Optional.of(row.sizeBytes() + " bytes, SHA-256 " + sha256);
    }

    private static void read(Bucket bucket, OrderedRead.Expected expected, List<MessageDigest> digests) {
        byte[] buffer = new byte[BUFFER_BYTES];
        try {
            DecodedObject object = DecodedObject.of(expected, bucket.open(expected.key()));
            boolean complete = false;
            try {
                for (int n = object.bytes().read(buffer);
                        n >= 0;
                        n = object.bytes().read(buffer)) {
                    for (MessageDigest digest : digests) {
                        digest.update(buffer, 0, n);
                    }
                }
                complete = true;
            } finally {
                if (complete) {
                    object.close();
                } else {
                    object.abort();
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + expected.key() + " back from bucket " + bucket.name(), e);
        }
    }

    private Optional<Difference> manifest(Document document, List<ChunkRow> rows, Bucket.ListedObject listed) {
        String key = document.keyPrefix() + ChunkKeys.MANIFEST;
        String expected = "the journal's " + rows.size() + " chunks, SHA-256 " + document.sha256();
        if (listed == null) {
            return Optional.of(new Difference(DifferenceKind.MISSING, key, Optional.empty(), expected, "nothing"));
        }
        Optional<String> difference;
        try {
            Manifest stored =
                    new ChunkStore(config, s3, sealing).in(document.bucket()).manifest(document.keyPrefix());
            difference = stored.describesSame(Manifest.of(document, rows, List.of()))
                    ? Optional.empty()
                    : Optional.of(stored.chunks().size() + " chunks, SHA-256 " + stored.sha256()
                            + ", different from the journal");
        } catch (SagaException e) {
            if (e.reason() == Reason.STORE_FAILED) {
                throw e; // the key is not available: nothing is known about the manifest
            }
            difference = Optional.of("no manifest: " + e.getMessage());
        }
        return difference.map(
                found -> new Difference(DifferenceKind.DIFFERENT, key, Optional.empty(), expected, found));
    }

    /** The key of a document's receipt, which is there if it has one. */
    public static String receiptKey(Document document) {
        return document.keyPrefix() + ChunkKeys.RECEIPT;
    }

    /** Whether a key is that of a manifest. */
    public static boolean isManifest(String key) {
        return key.endsWith("/" + ChunkKeys.MANIFEST);
    }

    /** Whether a key is that of a receipt. */
    public static boolean isReceipt(String key) {
        return key.endsWith("/" + ChunkKeys.RECEIPT);
    }
}
