package dev.streamingsaga.chunk;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.digest.Sha256;
import dev.streamingsaga.journal.ChunkRow;
import dev.streamingsaga.journal.Document;
import dev.streamingsaga.journal.SagaException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import software.amazon.awssdk.core.ResponseInputStream;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;
import software.amazon.awssdk.services.s3.model.NoSuchKeyException;

/**
 * Compares the objects of a document in the bucket with the journal: key, size and SHA-256 of every chunk as the bucket
 * reports it (read back if it reports none), the manifest, and that there are no other objects. Reports all
 * differences.
 */
public final class ChunkAudit {
    private static final int BUFFER_BYTES = 64 * 1024;

    private final SagaConfig config;
    private final S3Client s3;

    /** @param s3 closed by the caller */
    public ChunkAudit(SagaConfig config, S3Client s3) {
        this.config = config;
        this.s3 = s3;
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
     */
    public List<Difference> compare(Document document, List<ChunkRow> rows, boolean deep) {
        Bucket bucket = new Bucket(s3, document.bucket());
        SortedMap<String, Bucket.ListedObject> listed =
                bucket.list(document.keyPrefix(), config.servers().s3().timeout());
        List<Difference> found = new ArrayList<>();
        MessageDigest whole = Sha256.digest();
        for (ChunkRow row : rows) {
            chunk(bucket, row, listed.remove(row.key()), deep ? Optional.of(whole) : Optional.empty())
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
        listed.forEach((key, object) -> found.add(new Difference(
                DifferenceKind.EXTRA, key, Optional.empty(), "no such object", object.sizeBytes() + " bytes")));
        return found;
    }

    private static Optional<Difference> chunk(
            Bucket bucket, ChunkRow row, Bucket.ListedObject listed, Optional<MessageDigest> whole) {
        String expected = row.sizeBytes() + " bytes, SHA-256 " + row.sha256();
        if (listed == null) {
            return Optional.of(
                    new Difference(DifferenceKind.MISSING, row.key(), Optional.of(row), expected, "nothing"));
        }
        if (listed.sizeBytes() != row.sizeBytes()) {
            return Optional.of(new Difference(
                    DifferenceKind.DIFFERENT, row.key(), Optional.of(row), expected, listed.sizeBytes() + " bytes"));
        }
        Optional<String> sha256 =
                whole.isPresent() ? Optional.empty() : bucket.head(row.key()).flatMap(Bucket.StoredObject::sha256);
        try {
            String stored = sha256.isPresent() ? sha256.get() : read(bucket, row.key(), whole);
            return stored.equals(row.sha256())
                    ? Optional.empty()
                    : Optional.of(new Difference(
                            DifferenceKind.DIFFERENT,
                            row.key(),
                            Optional.of(row),
                            expected,
                            row.sizeBytes() + " bytes, SHA-256 " + stored));
        } catch (NoSuchKeyException e) {
            return Optional.of(
                    new Difference(DifferenceKind.MISSING, row.key(), Optional.of(row), expected, "nothing"));
        }
    }

    private static String read(Bucket bucket, String key, Optional<MessageDigest> whole) {
        MessageDigest digest = Sha256.digest();
        byte[] buffer = new byte[BUFFER_BYTES];
        try (ResponseInputStream<GetObjectResponse> bytes = bucket.open(key)) {
            for (int n = bytes.read(buffer); n >= 0; n = bytes.read(buffer)) {
                digest.update(buffer, 0, n);
                if (whole.isPresent()) {
                    whole.get().update(buffer, 0, n);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + key + " back from bucket " + bucket.name(), e);
        }
        return Sha256.hex(digest);
    }

    private Optional<Difference> manifest(Document document, List<ChunkRow> rows, Bucket.ListedObject listed) {
        String key = document.keyPrefix() + ChunkKeys.MANIFEST;
        String expected = "the journal's " + rows.size() + " chunks, SHA-256 " + document.sha256();
        if (listed == null) {
            return Optional.of(new Difference(DifferenceKind.MISSING, key, Optional.empty(), expected, "nothing"));
        }
        Optional<String> difference;
        try {
            Manifest stored = new ChunkStore(config, s3).in(document.bucket()).manifest(document.keyPrefix());
            difference = stored.describesSame(Manifest.of(document, rows, List.of()))
                    ? Optional.empty()
                    : Optional.of(stored.chunks().size() + " chunks, SHA-256 " + stored.sha256()
                            + ", different from the journal");
        } catch (SagaException e) {
            difference = Optional.of("no manifest: " + e.getMessage());
        }
        return difference.map(
                found -> new Difference(DifferenceKind.DIFFERENT, key, Optional.empty(), expected, found));
    }

    /** Whether a key is that of a manifest. */
    public static boolean isManifest(String key) {
        return key.endsWith("/" + ChunkKeys.MANIFEST);
    }
}
