package dev.streamingsaga.bench;

import dev.streamingsaga.digest.Sha256;
import dev.streamingsaga.embedded.Application;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Consumer;
import software.amazon.awssdk.services.s3.S3AsyncClient;
import software.amazon.awssdk.transfer.s3.S3TransferManager;

/**
 * Measures R1: a complete verified ingest, including all stores and the coordinator, against the baseline: a SHA-256
 * pass over the file and an upload by the AWS Transfer Manager for Java to the same S3 server. With the embedded
 * server, which shares the process of both sides, or with a bare sink in a process of its own ({@code R1-sink}).
 */
public final class UploadBench {
    private final BenchSettings settings;
    private final Path directory;
    private final long sizeBytes;
    private final Consumer<String> progress;

    /** @param progress receives progress messages */
    public UploadBench(BenchSettings settings, long sizeBytes, Consumer<String> progress) {
        this.settings = settings;
        this.directory = settings.directory();
        this.sizeBytes = sizeBytes;
        this.progress = progress;
    }

    /** With the embedded server. */
    public Map<String, Ratio> run(int pairs) throws IOException, InterruptedException {
        try (S3Target server = S3Target.embedded(directory.resolve("s3"))) {
            return measure("R1", server, pairs);
        } finally {
            BenchFiles.delete(directory);
        }
    }

    /** With the sink. */
    public Map<String, Ratio> runWithSink(int pairs) throws IOException, InterruptedException {
        try (S3Target server = S3Target.sink(directory.resolve("sink"), 2 * sizeBytes)) {
            return measure("R1-sink", server, pairs);
        } finally {
            BenchFiles.delete(directory);
        }
    }

    private Map<String, Ratio> measure(String name, S3Target server, int pairs)
            throws IOException, InterruptedException {
        Path original = BenchFiles.write(directory.resolve("original.bin"), sizeBytes, 1);
        try (Application application = Application.start(server.config(settings));
                S3AsyncClient client = server.transferClient();
                S3TransferManager manager =
                        S3TransferManager.builder().s3Client(client).build()) {
            return new Pairs(pairs, progress)
                    .measure(
                            name,
                            pair -> {
                                Path file = Files.createLink(directory.resolve("run-" + pair + ".bin"), original);
                                return Stopwatch.time(() -> BenchIngest.run(application, file));
                            },
                            pair -> Stopwatch.time(() -> upload(manager, original, "theirs/" + pair)),
                            () -> S3Target.empty(client))
                    .times(name);
        }
    }

    private static void upload(S3TransferManager manager, Path file, String key) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            Sha256.of(in);
        }
        manager.uploadFile(u -> u.source(file)
                        .putObjectRequest(p -> p.bucket(S3Target.BUCKET).key(key)))
                .completionFuture()
                .join();
    }
}
