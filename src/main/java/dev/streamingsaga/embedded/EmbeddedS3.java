package dev.streamingsaga.embedded;

import dev.streamingsaga.datadir.Permissions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.function.UnaryOperator;
import org.gaul.s3proxy.S3Proxy;
import org.gaul.s3proxy.auth.AuthenticationType;
import org.gaul.s3proxy.blobstore.BlobStore;
import org.gaul.s3proxy.nio2blob.FilesystemNio2BlobStore;

/**
 * An S3 server on 127.0.0.1 that keeps objects as files in {@code DATA/bucket/}. It acknowledges an object after its
 * bytes and its directory entries are synced. The key pair is generated once and kept in {@code DATA/s3.credentials},
 * mode 600; requests without its signature are refused. The server reports the SHA-256 of an object only if its file is
 * unchanged since the write, see {@link DurableBlobStore}.
 */
public final class EmbeddedS3 implements AutoCloseable {
    private static final int THREADS = 32;
    private static final long STOP_TIMEOUT_MILLIS = 5_000;

    private final S3Proxy server;
    private final Credentials credentials;

    private EmbeddedS3(S3Proxy server, Credentials credentials) {
        this.server = server;
        this.credentials = credentials;
    }

    /**
     * Starts as the owner of the directory, and first removes half-written files of a killed process. The caller holds
     * the lock on the data directory.
     */
    public static EmbeddedS3 start(Path dataDir) {
        return start(dataDir, true, store -> store);
    }

    /** Starts read-only while another process uses the same directory: removes nothing and refuses every write. */
    public static EmbeddedS3 startReadOnly(Path dataDir) {
        return start(dataDir, false, ReadOnlyStore::new);
    }

    static EmbeddedS3 start(Path dataDir, boolean sweep, UnaryOperator<BlobStore> around) {
        Path bucket = dataDir.toAbsolutePath().normalize().resolve("bucket");
        try {
            Permissions.folder(bucket);
            Credentials credentials = Credentials.in(dataDir.resolve("s3.credentials"), "saga" + Credentials.random(8));
            // The server resolves multipart parts against the base directory: it must be absolute.
            BlobStore store = new DurableBlobStore(new FilesystemNio2BlobStore(bucket.toString()), bucket);
            if (sweep) {
                new BucketSweep(bucket, store).run();
            }
            S3Proxy server = S3Proxy.builder()
                    .blobStore(around.apply(store))
                    .endpoint(URI.create("http://127.0.0.1:0"))
                    .awsAuthentication(AuthenticationType.AWS_V4, credentials.name(), credentials.secret())
                    .ignoreUnknownHeaders(true)
                    .jettyMaxThreads(THREADS)
                    .stopTimeout(STOP_TIMEOUT_MILLIS)
                    .build();
            SignedRequestsOnly.protect(server);
            server.start();
            return new EmbeddedS3(server, credentials);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot start the embedded S3 server on " + bucket, e);
        } catch (Exception e) {
            throw new IllegalStateException("cannot start the embedded S3 server on " + bucket, e);
        }
    }

    public URI endpoint() {
        return URI.create("http://127.0.0.1:" + server.getPort());
    }

    public String accessKey() {
        return credentials.name();
    }

    public String secretKey() {
        return credentials.secret();
    }

    /** Waits up to 5 s for requests in progress. */
    @Override
    public void close() {
        try {
            server.stop();
        } catch (Exception e) {
            throw new IllegalStateException("the embedded S3 server did not stop cleanly", e);
        }
    }
}
