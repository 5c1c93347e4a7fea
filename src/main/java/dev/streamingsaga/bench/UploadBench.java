package dev.streamingsaga.bench;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.config.Settings;
import dev.streamingsaga.digest.Sha256;
import dev.streamingsaga.embedded.Application;
import dev.streamingsaga.embedded.EmbeddedS3;
import dev.streamingsaga.ingest.IngestResult;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3AsyncClient;
import software.amazon.awssdk.transfer.s3.S3TransferManager;

/**
 * Measures R1: a complete verified ingest, including all stores and the coordinator, against the baseline: a SHA-256
 * pass over the file and an upload by the AWS Transfer Manager for Java to the same S3 server. Runs pairs in the order
 * A B B A, after a warm-up pair.
 */
public final class UploadBench {
    private static final String BUCKET = "streaming-saga";

    private final Path directory;
    private final long sizeBytes;
    private final Consumer<String> progress;

    /**
     * @param directory deleted afterwards
     * @param progress receives progress messages
     */
    public UploadBench(Path directory, long sizeBytes, Consumer<String> progress) {
        this.directory = directory;
        this.sizeBytes = sizeBytes;
        this.progress = progress;
    }

    public Ratio run(int pairs) throws IOException {
        Path original = BenchFiles.write(directory.resolve("original.bin"), sizeBytes, 1);
        try (EmbeddedS3 server = EmbeddedS3.start(directory.resolve("s3"));
                Application application = Application.start(config(server));
                S3AsyncClient client = transferClient(server);
                S3TransferManager manager =
                        S3TransferManager.builder().s3Client(client).build()) {
            List<Ratio.Measurement> ours = new ArrayList<>();
            List<Ratio.Measurement> theirs = new ArrayList<>();
            for (int i = 0; i <= pairs; i++) {
                Path file = Files.createLink(directory.resolve("run-" + i + ".bin"), original);
                Stopwatch.Action mine = () -> ingest(application, file);
                Stopwatch.Action other = () -> upload(manager, file);
                boolean first = i % 2 == 0;
                Ratio.Measurement a = Stopwatch.time(first ? mine : other);
                Ratio.Measurement b = Stopwatch.time(first ? other : mine);
                if (i > 0) {
                    ours.add(first ? a : b);
                    theirs.add(first ? b : a);
                }
                progress.accept(String.format(
                        java.util.Locale.ROOT,
                        "pair %d of %d: ours %.2f s, theirs %.2f s%s",
                        i,
                        pairs,
                        (first ? a : b).seconds(),
                        (first ? b : a).seconds(),
                        i == 0 ? " (warm-up, not counted)" : ""));
                empty(client);
            }
            return Ratio.of(ours, theirs);
        } finally {
            BenchFiles.delete(directory);
        }
    }

    private SagaConfig config(EmbeddedS3 server) {
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("saga.data.dir", directory.resolve("data").toString());
        settings.put("saga.s3.endpoint", server.endpoint().toString());
        settings.put("saga.s3.access-key", server.accessKey());
        settings.put("saga.s3.secret-key", server.secretKey());
        settings.put("saga.s3.bucket", BUCKET);
        return Settings.parse(settings);
    }

    private static S3AsyncClient transferClient(EmbeddedS3 server) {
        return S3AsyncClient.builder()
                .endpointOverride(server.endpoint())
                .credentialsProvider(StaticCredentialsProvider.create(
                        AwsBasicCredentials.create(server.accessKey(), server.secretKey())))
                .region(Region.US_EAST_1)
                .forcePathStyle(true)
                .multipartEnabled(true)
                .build();
    }

    private static void ingest(Application application, Path file) {
        IngestResult result = application.bundle().operator().ingest(file);
        if (!result.status().equals("COMPLETED")) {
            throw new IllegalStateException("the measured ingest did not complete: " + result.message());
        }
    }

    private static void upload(S3TransferManager manager, Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            Sha256.of(in);
        }
        manager.uploadFile(u ->
                        u.source(file).putObjectRequest(p -> p.bucket(BUCKET).key("theirs/" + file.getFileName())))
                .completionFuture()
                .join();
    }

    /** Empties the bucket between pairs, so that the disk does not fill and runs do not affect each other. */
    private static void empty(S3AsyncClient client) {
        client.listObjectsV2Paginator(r -> r.bucket(BUCKET))
                .subscribe(page -> page.contents()
                        .forEach(o -> client.deleteObject(d -> d.bucket(BUCKET).key(o.key()))
                                .join()))
                .join();
    }
}
