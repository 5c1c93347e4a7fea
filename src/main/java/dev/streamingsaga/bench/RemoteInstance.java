package dev.streamingsaga.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A running instance in a process of its own, and its HTTP API. */
final class RemoteInstance implements AutoCloseable {
    private static final Duration LIMIT = Duration.ofMinutes(3);
    private static final String ADDRESS = "HTTP API and page: ";

    private final BenchProcess process;
    private final HttpClient client = HttpClient.newHttpClient();
    private final URI address;
    private final Ratio.Measurement start;

    private RemoteInstance(BenchProcess process, URI address, Ratio.Measurement start) {
        this.process = process;
        this.address = address;
        this.start = start;
    }

    /** Waits until it serves requests. */
    static RemoteInstance start(Path output, List<String> arguments) throws IOException, InterruptedException {
        Files.deleteIfExists(output);
        long began = System.nanoTime();
        BenchProcess process = BenchProcess.start(output, arguments.toArray(String[]::new));
        try {
            while (System.nanoTime() - began < LIMIT.toNanos()) {
                if (!process.isAlive()) {
                    throw new IllegalStateException("the measured instance did not start: " + Files.readString(output));
                }
                List<String> lines = Files.readAllLines(output);
                if (lines.stream().anyMatch(line -> line.startsWith("running in "))) {
                    Ratio.Measurement start =
                            new Ratio.Measurement((System.nanoTime() - began) / 1e9, process.cpuSeconds());
                    return new RemoteInstance(process, address(lines), start);
                }
                TimeUnit.MILLISECONDS.sleep(5);
            }
            throw new IllegalStateException("the measured instance did not start within " + LIMIT);
        } catch (IOException | InterruptedException | RuntimeException e) {
            process.close();
            throw e;
        }
    }

    private static URI address(List<String> output) {
        return output.stream()
                .filter(line -> line.startsWith(ADDRESS))
                .map(line -> URI.create(line.substring(ADDRESS.length()).strip()))
                .findFirst()
                .orElseThrow();
    }

    Ratio.Measurement startTime() {
        return start;
    }

    BenchProcess process() {
        return process;
    }

    JsonNode get(String path) throws IOException, InterruptedException {
        return send("GET", path, "");
    }

    /** @param body empty: without one */
    JsonNode send(String method, String path, String body) throws IOException, InterruptedException {
        HttpResponse<String> response = client.send(
                request(path)
                        .method(method, body.isEmpty() ? BodyPublishers.noBody() : BodyPublishers.ofString(body))
                        .header("Prefer", "wait=60")
                        .build(),
                BodyHandlers.ofString());
        if (response.statusCode() / 100 != 2) {
            throw new IllegalStateException(
                    method + " " + path + " answered " + response.statusCode() + ": " + response.body());
        }
        String text = response.body();
        return text.startsWith("{") || text.startsWith("[")
                ? new ObjectMapper().readTree(text)
                : new ObjectMapper().createObjectNode();
    }

    /** What an open page receives, until it is closed. */
    InputStream events() throws IOException, InterruptedException {
        InputStream events = client.send(request("/api/events").build(), BodyHandlers.ofInputStream())
                .body();
        Thread reader = new Thread(() -> drain(events), "bench-events");
        reader.setDaemon(true);
        reader.start();
        return events;
    }

    private static void drain(InputStream events) {
        try (events) {
            events.transferTo(OutputStream.nullOutputStream());
        } catch (IOException e) {
            // closed by the measurement
        }
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(address.resolve(path)).timeout(LIMIT);
    }

    @Override
    public void close() {
        process.close();
    }
}
