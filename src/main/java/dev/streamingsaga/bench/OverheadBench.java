package dev.streamingsaga.bench;

import dev.streamingsaga.chunk.S3Clients;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.config.ServerConfig;
import dev.streamingsaga.digest.Digests;
import dev.streamingsaga.embedded.Application;
import dev.streamingsaga.source.SourceFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Consumer;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3AsyncClient;
import software.amazon.awssdk.services.s3.S3Client;

/**
 * Measures R2: a complete ingest, compared with the same upload without saga, journal, coordinator, verification and
 * stores: the same pass for the digests, then the same chunks by the same S3 client, as many at a time.
 */
public final class OverheadBench {
    private static final long MEGABYTE = 1_000_000;

    private final BenchSettings settings;
    private final Path directory;
    private final List<Integer> megabytes;
    private final Consumer<String> progress;

    /**
     * @param megabytes sizes of the files
     * @param progress receives progress messages
     */
    public OverheadBench(BenchSettings settings, List<Integer> megabytes, Consumer<String> progress) {
        this.settings = settings;
        this.directory = settings.directory();
        this.megabytes = List.copyOf(megabytes);
        this.progress = progress;
    }

    /** The ratios by size, such as {@code R2 10 MB}. */
    public Map<String, Ratio> run(int pairs) throws IOException, InterruptedException {
        Map<String, Ratio> ratios = new LinkedHashMap<>();
        try (S3Target server = S3Target.embedded(directory.resolve("s3"))) {
            SagaConfig config = server.config(settings);
            ServerConfig.S3 s3 = config.servers().s3();
            ExecutorService threads =
                    Executors.newFixedThreadPool(config.documents().chunk().parallelism());
            try (Application application = Application.start(config);
                    S3Client client =
                            S3Clients.create(s3, s3.endpoint().orElseThrow(), s3.accessKey(), s3.secretKey());
                    S3AsyncClient cleaner = server.transferClient()) {
                BareUpload bare = new BareUpload(
                        client, threads, config.documents().chunk().sizeBytes());
                for (int size : megabytes) {
                    String name = "R2 " + size + " MB";
                    Path original = BenchFiles.write(directory.resolve("original-" + size), size * MEGABYTE, size);
                    ratios.putAll(new Pairs(pairs, progress)
                            .measure(
                                    name,
                                    pair -> {
                                        Path file = Files.createLink(
                                                directory.resolve("run-" + size + "-" + pair + ".bin"), original);
                                        return Stopwatch.time(() -> BenchIngest.run(application, file));
                                    },
                                    pair -> Stopwatch.time(() -> bare.upload(original, "bare/" + pair + "/")),
                                    () -> S3Target.empty(cleaner))
                            .times(name));
                }
            } finally {
                threads.shutdownNow();
            }
        } finally {
            BenchFiles.delete(directory);
        }
        return ratios;
    }

    private record BareUpload(S3Client client, ExecutorService threads, long chunkSize) {
        void upload(Path file, String prefix) {
            Digests digests = SourceFile.digest(file, SourceFile.identity(file), chunkSize, done -> {}, () -> {});
            List<CompletableFuture<Void>> sent = new ArrayList<>();
            for (int i = 0; i < digests.chunkSha256().size(); i++) {
                int index = i;
                sent.add(CompletableFuture.runAsync(() -> put(file, prefix, index, digests), threads));
            }
            sent.forEach(CompletableFuture::join);
        }

        private void put(Path file, String prefix, int index, Digests digests) {
            long offset = index * chunkSize;
            long length = Math.min(chunkSize, digests.sizeBytes() - offset);
            String sha256 = Base64.getEncoder()
                    .encodeToString(
                            HexFormat.of().parseHex(digests.chunkSha256().get(index)));
            client.putObject(
                    put -> put.bucket(S3Target.BUCKET)
                            .key(prefix + index)
                            .contentLength(length)
                            .checksumSHA256(sha256),
                    RequestBody.fromContentProvider(
                            () -> open(file, offset, length), length, "application/octet-stream"));
        }

        private static FilePart open(Path file, long offset, long length) {
            try {
                return FilePart.open(file, offset, length);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
