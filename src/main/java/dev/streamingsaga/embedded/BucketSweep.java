package dev.streamingsaga.embedded;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.gaul.s3proxy.blobstore.BlobStore;
import org.gaul.s3proxy.blobstore.domain.MultipartUpload;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.services.s3.model.CreateMultipartUploadRequest;

/**
 * Removes what a killed server left: half-written {@code <key>-<uuid>} files, which the server would list as objects,
 * and open multipart uploads. Deletes only names that this project writes.
 */
final class BucketSweep {
    private static final Logger LOG = LoggerFactory.getLogger(BucketSweep.class);
    private static final Pattern HALF_WRITTEN =
            Pattern.compile("(chunk-\\d{6}|tail-\\d{12}|manifest\\.json|receipt\\.jws|\\.owner\\.json)"
                    + "-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}");

    private final Path baseDir;
    private final BlobStore store;

    BucketSweep(Path baseDir, BlobStore store) {
        this.baseDir = baseDir;
        this.store = store;
    }

    /** Whether a file is the draft of an object: a write that is in progress, or that a killed process left. */
    static boolean isHalfWritten(String name) {
        return HALF_WRITTEN.matcher(name.substring(name.lastIndexOf('/') + 1)).matches();
    }

    void run() throws IOException {
        try (Stream<Path> found = Files.walk(baseDir)) {
            List<Path> halfWritten = found.filter(path -> isHalfWritten(path.toString()))
                    .filter(Files::isRegularFile)
                    .toList();
            for (Path path : halfWritten) {
                Files.deleteIfExists(path);
            }
            if (!halfWritten.isEmpty()) {
                LOG.info(
                        "removed {} half-written objects that a killed process left in {}",
                        halfWritten.size(),
                        baseDir);
            }
        }
        store.list().buckets().forEach(bucket -> abortUploads(bucket.name()));
    }

    private void abortUploads(String bucket) {
        store.listMultipartUploads(bucket)
                .forEach(open -> store.abortMultipartUpload(new MultipartUpload(
                        open.uploadId(),
                        CreateMultipartUploadRequest.builder()
                                .bucket(bucket)
                                .key(open.key())
                                .build())));
    }
}
