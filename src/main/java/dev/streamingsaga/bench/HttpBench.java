package dev.streamingsaga.bench;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.embedded.Application;
import dev.streamingsaga.journal.SagaState;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Measures HTTP: a large document by {@code PUT}, compared with the same by {@code ingest} in a running process; and
 * the rate at which 64 clients at a time store small documents, compared with the drop folder.
 */
public final class HttpBench {
    private static final int CLIENTS = 64;
    private static final int SMALL_BYTES = 1024;
    private static final int OK = 200;
    private static final long LIMIT_NANOS = TimeUnit.MINUTES.toNanos(20);

    private final BenchSettings settings;
    private final Path directory;
    private final long sizeBytes;
    private final int documents;
    private final Consumer<String> progress;
    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private int named;

    /**
     * @param documents small documents of each run
     * @param progress receives progress messages
     */
    public HttpBench(BenchSettings settings, long sizeBytes, int documents, Consumer<String> progress) {
        this.settings = settings;
        this.directory = settings.directory();
        this.sizeBytes = sizeBytes;
        this.documents = documents;
        this.progress = progress;
    }

    /** The ratios by name. */
    public Map<String, Ratio> run(int pairs) throws IOException, InterruptedException {
        Path folder = Files.createDirectories(directory.resolve("drop"));
        Path original = BenchFiles.write(directory.resolve("original.bin"), sizeBytes, 1);
        Map<String, Ratio> ratios = new LinkedHashMap<>();
        try (Application application = Application.serve(config(folder))) {
            ratios.putAll(new Pairs(pairs, progress)
                    .measure(
                            "HTTP large",
                            pair -> Stopwatch.time(
                                    () -> FilePut.send(application.address().orElseThrow(), original, name(pair))),
                            pair -> Stopwatch.time(() -> BenchIngest.run(application, link(original, pair))),
                            () -> {})
                    .times("HTTP large"));
            ratios.putAll(new Pairs(pairs, progress)
                    .measure(
                            "HTTP small",
                            pair -> Stopwatch.time(() -> putSmall(application)),
                            pair -> drop(application, folder),
                            () -> {})
                    .speeds("HTTP small"));
        } finally {
            BenchFiles.delete(directory);
        }
        return ratios;
    }

    private SagaConfig config(Path folder) {
        Map<String, String> more = new LinkedHashMap<>();
        more.put("saga.http.port", "0");
        more.put("saga.http.max-uploads", String.valueOf(CLIENTS));
        more.put("saga.http.max-sagas", String.valueOf(CLIENTS));
        more.put("saga.drop.dir", folder.toString());
        more.put("saga.drop.stable-for", "0s");
        more.put("saga.drop.interval", "100ms");
        more.put("saga.concurrency", "8");
        return settings.config(more);
    }

    private static String name(int pair) {
        return "large-" + pair + ".bin";
    }

    private Path link(Path original, int pair) throws IOException {
        return Files.createLink(directory.resolve(name(pair)), original);
    }

    private void put(Application application, BodyPublisher body, String name) throws IOException {
        URI base = application.address().orElseThrow();
        HttpRequest request = HttpRequest.newBuilder(base.resolve("api/documents/" + name))
                .header("Prefer", "wait=600")
                .PUT(body)
                .build();
        try {
            HttpResponse<String> answer = client.send(request, BodyHandlers.ofString());
            if (answer.statusCode() != OK || !answer.body().contains("\"COMPLETED\"")) {
                throw new IllegalStateException(
                        "the measured PUT was answered with " + answer.statusCode() + " " + answer.body());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    private void putSmall(Application application) throws IOException {
        int first = named;
        named += documents;
        ExecutorService threads = Executors.newFixedThreadPool(CLIENTS);
        try {
            List<Future<?>> sent = new ArrayList<>();
            for (int i = first; i < named; i++) {
                byte[] body = BenchFiles.bytes(SMALL_BYTES, i);
                String name = "small-" + i + ".bin";
                sent.add(threads.submit(() -> {
                    put(application, BodyPublishers.ofByteArray(body), name);
                    return null;
                }));
            }
            for (Future<?> each : sent) {
                each.get();
            }
        } catch (ExecutionException e) {
            throw new IOException("a small document was not stored", e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        } finally {
            threads.shutdownNow();
        }
    }

    private static long completed(Application application) {
        return application.operator().counts().in(SagaState.COMPLETED);
    }

    /** From the moment in which all files are in the folder until the last has left it. */
    private Ratio.Measurement drop(Application application, Path folder) throws IOException, InterruptedException {
        Path prepared = Files.createDirectories(directory.resolve("prepared"));
        int first = named;
        named += documents;
        for (int i = first; i < named; i++) {
            Files.write(prepared.resolve("small-" + i + ".bin"), BenchFiles.bytes(SMALL_BYTES, i));
        }
        long before = completed(application);
        Stopwatch stopwatch = new Stopwatch();
        long end = System.nanoTime() + LIMIT_NANOS;
        for (int i = first; i < named; i++) {
            String name = "small-" + i + ".bin";
            Files.move(prepared.resolve(name), folder.resolve(name));
        }
        while (completed(application) < before + documents) {
            if (System.nanoTime() > end) {
                throw new IllegalStateException("the drop folder did not store " + documents + " documents in time");
            }
            TimeUnit.MILLISECONDS.sleep(20);
        }
        return stopwatch.read();
    }
}
