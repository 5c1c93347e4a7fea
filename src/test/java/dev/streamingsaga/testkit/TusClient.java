package dev.streamingsaga.testkit;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;

/** {@code tus-js-client} in Node.js ({@code npm ci --prefix src/test/tus}). Without it, tests are skipped. */
public final class TusClient {
    private static final Path FOLDER = Path.of("src/test/tus");
    private static final long LIMIT_SECONDS = 900;

    private TusClient() {}

    public static void assumeInstalled() {
        Assumptions.assumeTrue(
                Files.isDirectory(FOLDER.resolve("node_modules")) && nodeRuns(),
                "SKIPPED: no tus-js-client for resumable uploads; run: npm ci --prefix src/test/tus");
    }

    private static boolean nodeRuns() {
        try {
            return new ProcessBuilder("node", "--version").start().waitFor() == 0;
        } catch (IOException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /**
     * Uploads a file, and continues after each failure.
     *
     * @param ports a file whose last line is the port of the server to use
     * @return path of the upload, number of bytes sent again, number of failures
     */
    public static CompletableFuture<JsonNode> upload(Path ports, Path file, String name) {
        return Background.call("tus-js-client", () -> {
            Process node = new ProcessBuilder("node", "upload.mjs", ports.toString(), file.toString(), name)
                    .directory(FOLDER.toFile())
                    .redirectErrorStream(true)
                    .start();
            String output = new String(node.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (!node.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS) || node.exitValue() != 0) {
                node.destroyForcibly();
                throw new IllegalStateException(output);
            }
            return new ObjectMapper().readTree(output);
        });
    }
}
