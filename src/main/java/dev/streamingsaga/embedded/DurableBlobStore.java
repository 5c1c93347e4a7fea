package dev.streamingsaga.embedded;

import dev.streamingsaga.datadir.Permissions;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.gaul.s3proxy.blobstore.BlobStore;
import org.gaul.s3proxy.blobstore.ForwardingBlobStore;
import org.gaul.s3proxy.blobstore.domain.MultipartUpload;
import org.gaul.s3proxy.checksum.FlexChecksum;
import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.services.s3.model.CompleteMultipartUploadRequest;
import software.amazon.awssdk.services.s3.model.CompleteMultipartUploadResponse;
import software.amazon.awssdk.services.s3.model.CreateBucketRequest;
import software.amazon.awssdk.services.s3.model.CreateBucketResponse;
import software.amazon.awssdk.services.s3.model.DeleteObjectRequest;
import software.amazon.awssdk.services.s3.model.DeleteObjectResponse;
import software.amazon.awssdk.services.s3.model.HeadObjectRequest;
import software.amazon.awssdk.services.s3.model.HeadObjectResponse;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Request;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Response;
import software.amazon.awssdk.services.s3.model.PutObjectRequest;
import software.amazon.awssdk.services.s3.model.PutObjectResponse;
import software.amazon.awssdk.services.s3.model.S3Exception;
import software.amazon.awssdk.services.s3.model.S3Object;

/**
 * Adds five guarantees to the filesystem store.
 *
 * <p>Durable: a write or removal is synced before it is acknowledged, first the file, then every directory above it.
 *
 * <p>Correct checksums: the filesystem store keeps the SHA-256 that it verified on arrival in an extended attribute,
 * and would report it even if the file has changed since. This class also stores the size and modification time of the
 * write. If they differ later, or if the file system has no extended attributes, it reports no checksum and lists no
 * entity tag, so that the client must read the bytes. Corruption that keeps the modification time is only found by
 * reading.
 *
 * <p>Private: files have mode 600 and folders 700, regardless of the umask and the access control list of a request.
 *
 * <p>Complete: a listing leaves out the drafts of objects that are being written, which the filesystem store lists
 * under names of their own.
 *
 * <p>A full disk causes 507 {@code InsufficientStorage} instead of 500.
 */
final class DurableBlobStore extends ForwardingBlobStore {
    private static final String STAMP = "streaming-saga.written";
    private static final long DRAIN_MAX_BYTES = 64L * 1024 * 1024;

    private final Path baseDir;

    DurableBlobStore(BlobStore store, Path baseDir) {
        super(store);
        this.baseDir = baseDir;
    }

    @Override
    public CreateBucketResponse createContainer(CreateBucketRequest request) {
        CreateBucketResponse response = super.createContainer(request);
        syncUp(baseDir.resolve(request.bucket()));
        return response;
    }

    @Override
    public PutObjectResponse putBlob(PutObjectRequest request, InputStream payload) {
        try {
            PutObjectResponse response = super.putBlob(request, payload);
            stampAndSync(file(request.bucket(), request.key()));
            return response;
        } catch (RuntimeException e) {
            drain(payload);
            throw translate(e);
        }
    }

    /**
     * Reads the rest of the body: a client that is still sending when the connection closes gets a broken pipe instead
     * of the response.
     */
    private static void drain(InputStream payload) {
        try {
            byte[] buffer = new byte[64 * 1024];
            long remaining = DRAIN_MAX_BYTES;
            for (int n = payload.read(buffer); n >= 0 && remaining > 0; n = payload.read(buffer)) {
                remaining -= n;
            }
        } catch (IOException | RuntimeException e) {
            // The client disconnected, or the body does not match its checksum: the rest does not matter.
        }
    }

    @Override
    public CompleteMultipartUploadResponse completeMultipartUpload(
            MultipartUpload upload, CompleteMultipartUploadRequest request) {
        try {
            CompleteMultipartUploadResponse response = super.completeMultipartUpload(upload, request);
            stampAndSync(file(request.bucket(), request.key()));
            return response;
        } catch (RuntimeException e) {
            throw translate(e);
        }
    }

    @Override
    public DeleteObjectResponse removeBlob(DeleteObjectRequest request) {
        DeleteObjectResponse response = super.removeBlob(request);
        // The store also removes empty directories: sync the nearest one that still exists.
        Path directory =
                Objects.requireNonNull(file(request.bucket(), request.key()).getParent());
        while (!directory.equals(baseDir) && !Files.isDirectory(directory)) {
            directory = Objects.requireNonNull(directory.getParent());
        }
        sync(directory);
        return response;
    }

    @Override
    public HeadObjectResponse blobMetadata(HeadObjectRequest request) {
        HeadObjectResponse found = super.blobMetadata(request);
        if (!found.hasMetadata() || isAsWritten(file(request.bucket(), request.key()))) {
            return found;
        }
        Map<String, String> kept = found.metadata().entrySet().stream()
                .filter(entry -> !entry.getKey().startsWith(FlexChecksum.METADATA_PREFIX))
                .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
        return found.toBuilder().metadata(kept).build();
    }

    @Override
    public ListObjectsV2Response list(ListObjectsV2Request request) {
        ListObjectsV2Response found = super.list(request);
        return found.toBuilder()
                .contents(found.contents().stream()
                        .filter(each -> !BucketSweep.isHalfWritten(each.key()))
                        .map(each -> tagged(request.bucket(), each))
                        .toList())
                .build();
    }

    private S3Object tagged(String bucket, S3Object object) {
        return isAsWritten(file(bucket, object.key()))
                ? object
                : object.toBuilder().eTag(null).build();
    }

    private Path file(String container, String key) {
        Path path = baseDir.resolve(container).resolve(key).normalize();
        if (!path.startsWith(baseDir)) {
            throw new IllegalArgumentException("a key must not lead out of the bucket");
        }
        return path;
    }

    private void stampAndSync(Path file) {
        try {
            UserDefinedFileAttributeView view = Files.getFileAttributeView(file, UserDefinedFileAttributeView.class);
            if (view != null) {
                view.write(STAMP, ByteBuffer.wrap(stamp(file).getBytes(StandardCharsets.US_ASCII)));
            }
        } catch (IOException | UnsupportedOperationException e) {
            // No extended attributes: no checksum is stored either, and clients read the bytes.
        }
        syncUp(file);
    }

    private static boolean isAsWritten(Path file) {
        try {
            UserDefinedFileAttributeView view = Files.getFileAttributeView(file, UserDefinedFileAttributeView.class);
            if (view == null || !view.list().contains(STAMP)) {
                return false;
            }
            ByteBuffer value = ByteBuffer.allocate(view.size(STAMP));
            view.read(STAMP, value);
            return stamp(file).equals(new String(value.array(), StandardCharsets.US_ASCII));
        } catch (IOException | UnsupportedOperationException e) {
            return false;
        }
    }

    private static String stamp(Path file) throws IOException {
        BasicFileAttributes found = Files.readAttributes(file, BasicFileAttributes.class);
        return found.size() + ":" + found.lastModifiedTime().to(TimeUnit.NANOSECONDS);
    }

    private void syncUp(Path path) {
        for (Path each = path; each != null && each.startsWith(baseDir); each = each.getParent()) {
            restrict(each);
            sync(each);
        }
    }

    /** The filesystem store applies the umask, and an access control list of a request can widen the permissions. */
    private static void restrict(Path path) {
        try {
            Permissions.tighten(path);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot restrict " + path + " to its owner", e);
        }
    }

    private static void sync(Path path) {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            channel.force(true);
        } catch (NoSuchFileException e) {
            // Removed meanwhile by another request, which syncs the directory.
        } catch (IOException e) {
            throw new UncheckedIOException("cannot sync " + path, e);
        }
    }

    private static RuntimeException translate(RuntimeException e) {
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            String message = String.valueOf(cause.getMessage());
            if (cause instanceof IOException
                    && (message.contains("No space left on device") || message.contains("Disk quota exceeded"))) {
                return S3Exception.builder()
                        .statusCode(507)
                        .awsErrorDetails(AwsErrorDetails.builder()
                                .errorCode("InsufficientStorage")
                                .errorMessage("The disk of the object store is full")
                                .build())
                        .cause(e)
                        .build();
            }
        }
        return e;
    }
}
