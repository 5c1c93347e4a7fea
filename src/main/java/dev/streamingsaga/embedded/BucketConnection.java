package dev.streamingsaga.embedded;

import dev.streamingsaga.chunk.ChunkStore;
import dev.streamingsaga.chunk.S3Clients;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.config.ServerConfig;
import dev.streamingsaga.config.UnavailableException;
import java.net.URI;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.s3.S3Client;

/**
 * The configured bucket, on an external server or on the embedded one. {@link #close} also stops the embedded server.
 */
public final class BucketConnection implements AutoCloseable {
    private final AutoCloseable server;
    private final S3Client client;
    private final ChunkStore chunks;

    private BucketConnection(AutoCloseable server, S3Client client, ChunkStore chunks) {
        this.server = server;
        this.client = client;
        this.chunks = chunks;
    }

    /**
     * Opens the bucket for writing, and creates it if it does not exist.
     *
     * @throws UnavailableException if the server does not respond or denies access
     */
    public static BucketConnection open(SagaConfig config) {
        BucketConnection connection = connect(config, false);
        try {
            connection.chunks.ensureBucket();
            return connection;
        } catch (SdkException e) {
            connection.close();
            throw new UnavailableException(
                    "bucket " + config.servers().s3().bucket() + " at "
                            + config.servers()
                                    .s3()
                                    .endpoint()
                                    .map(URI::toString)
                                    .orElse("the embedded server")
                            + " cannot be used: " + e.getMessage(),
                    e);
        }
    }

    /** Opens the bucket for reading only; works while another process writes. */
    public static BucketConnection openReadOnly(SagaConfig config) {
        return connect(config, true);
    }

    private static BucketConnection connect(SagaConfig config, boolean readOnly) {
        ServerConfig.S3 s3 = config.servers().s3();
        if (s3.endpoint().isPresent()) {
            S3Client client = S3Clients.create(s3, s3.endpoint().get(), s3.accessKey(), s3.secretKey());
            return new BucketConnection(() -> {}, client, new ChunkStore(config, client));
        }
        EmbeddedS3 server = readOnly ? EmbeddedS3.startReadOnly(config.dataDir()) : EmbeddedS3.start(config.dataDir());
        S3Client client = S3Clients.create(s3, server.endpoint(), server.accessKey(), server.secretKey());
        return new BucketConnection(server, client, new ChunkStore(config, client));
    }

    public S3Client client() {
        return client;
    }

    public ChunkStore chunks() {
        return chunks;
    }

    @Override
    public void close() {
        client.close();
        try {
            server.close();
        } catch (Exception e) {
            throw new UnavailableException("the embedded S3 server did not stop: " + e.getMessage(), e);
        }
    }
}
