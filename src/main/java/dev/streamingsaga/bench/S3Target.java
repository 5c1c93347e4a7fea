package dev.streamingsaga.bench;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.embedded.EmbeddedS3;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3AsyncClient;

/** The S3 server of a benchmark: the embedded one in this process, or a bare sink in its own. */
final class S3Target implements AutoCloseable {
    static final String BUCKET = "streaming-saga";
    private static final long MEGABYTE = 1_000_000;

    private final URI endpoint;
    private final String accessKey;
    private final String secretKey;
    private final AutoCloseable server;

    private S3Target(URI endpoint, String accessKey, String secretKey, AutoCloseable server) {
        this.endpoint = endpoint;
        this.accessKey = accessKey;
        this.secretKey = secretKey;
        this.server = server;
    }

    static S3Target embedded(Path directory) throws IOException {
        EmbeddedS3 server = EmbeddedS3.start(directory);
        return new S3Target(server.endpoint(), server.accessKey(), server.secretKey(), server);
    }

    /** @param sizeBytes of all objects at a time */
    static S3Target sink(Path directory, long sizeBytes) throws IOException, InterruptedException {
        Files.createDirectories(directory);
        BenchProcess process = BenchProcess.start(
                directory.resolve("sink.out"),
                List.of("-Xmx" + (256 + 2 * sizeBytes / MEGABYTE) + "m", "-Dsun.net.httpserver.nodelay=true"),
                S3Sink.class.getName());
        try {
            return new S3Target(URI.create("http://127.0.0.1:" + process.line(S3Sink.PORT)), "bench", "bench", process);
        } catch (IOException | RuntimeException | InterruptedException e) {
            process.close();
            throw e;
        }
    }

    SagaConfig config(BenchSettings settings) {
        return settings.config(Map.of(
                "saga.s3.endpoint",
                endpoint.toString(),
                "saga.s3.access-key",
                accessKey,
                "saga.s3.secret-key",
                secretKey,
                "saga.s3.bucket",
                BUCKET));
    }

    /** The client that the documentation of Transfer Manager shows. */
    S3AsyncClient transferClient() {
        return S3AsyncClient.builder()
                .endpointOverride(endpoint)
                .credentialsProvider(StaticCredentialsProvider.create(AwsBasicCredentials.create(accessKey, secretKey)))
                .region(Region.US_EAST_1)
                .forcePathStyle(true)
                .multipartEnabled(true)
                .build();
    }

    /** Empties the bucket, so that the disk does not fill and runs do not affect each other. */
    static void empty(S3AsyncClient client) {
        client.listObjectsV2Paginator(r -> r.bucket(BUCKET))
                .subscribe(page -> page.contents()
                        .forEach(o -> client.deleteObject(d -> d.bucket(BUCKET).key(o.key()))
                                .join()))
                .join();
    }

    @Override
    public void close() throws IOException {
        try {
            server.close();
        } catch (IOException | RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IOException("the S3 server of the benchmark did not stop", e);
        }
    }
}
