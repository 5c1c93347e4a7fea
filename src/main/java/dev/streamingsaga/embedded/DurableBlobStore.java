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
 * What the filesystem store leaves open.
 *
 * <p>Durable: an object, and a removal, is synced before it is acknowledged, file first, then every directory above it.
 *
 * <p>Honest about checksums: the store keeps the SHA-256 that it checked on arrival in an extended attribute and would
 * report it whatever the file holds by now. Size and modification time at the time of writing are kept beside it; once
 * they differ, or on a file system without extended attributes, no checksum is reported, nor an entity tag when it is
 * listed, and the client has to read the bytes. Bits that rot without touching the modification time are only found by
 * reading.
 *
 * <p>Private: files have mode 600 and folders 700, whatever the umask and the access control list of a request.
 *
 * <p>A full disk is answered with 507 {@code InsufficientStorage} instead of 500.
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
            settle(file(request.bucket(), request.key()));
            return response;
        } catch (RuntimeException e) {
            drain(payload);
            throw fullOr(e);
        }
    }

    /** A client that is still sending when the connection closes sees a broken pipe instead of the answer. */
    private static void drain(InputStream payload) {
        try {
            byte[] buffer = new byte[64 * 1024];
            long left = DRAIN_MAX_BYTES;
            for (int n = payload.read(buffer); n >= 0 && left > 0; n = payload.read(buffer)) {
                left -= n;
            }
        } catch (IOException | RuntimeException e) {
            // It hung up, or the body does not fit its checksum: nobody waits for the rest.
        }
    }

    @Override
    public CompleteMultipartUploadResponse completeMultipartUpload(
            MultipartUpload upload, CompleteMultipartUploadRequest request) {
        try {
            CompleteMultipartUploadResponse response = super.completeMultipartUpload(upload, request);
            settle(file(request.bucket(), request.key()));
            return response;
        } catch (RuntimeException e) {
            throw fullOr(e);
        }
    }

    @Override
    public DeleteObjectResponse removeBlob(DeleteObjectRequest request) {
        DeleteObjectResponse response = super.removeBlob(request);
        // Emptied directories went with it: the removal is recorded in the nearest one that is left.
        Path left = Objects.requireNonNull(file(request.bucket(), request.key()).getParent());
        while (!left.equals(baseDir) && !Files.isDirectory(left)) {
            left = Objects.requireNonNull(left.getParent());
        }
        sync(left);
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

    private void settle(Path file) {
        try {
            UserDefinedFileAttributeView view = Files.getFileAttributeView(file, UserDefinedFileAttributeView.class);
            if (view != null) {
                view.write(STAMP, ByteBuffer.wrap(stamp(file).getBytes(StandardCharsets.US_ASCII)));
            }
        } catch (IOException | UnsupportedOperationException e) {
            // No extended attributes here: then no checksum is kept either, and clients read back.
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

    /** The store makes files and folders as the umask says, and lets an access control list open them. */
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
            // Removed meanwhile by another request, which syncs what is left.
        } catch (IOException e) {
            throw new UncheckedIOException("cannot sync " + path, e);
        }
    }

    private static RuntimeException fullOr(RuntimeException e) {
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
