package dev.streamingsaga.failure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.streamingsaga.ingest.IngestResult;
import dev.streamingsaga.testkit.Background;
import dev.streamingsaga.testkit.StreamingSagaFixture;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The disk for temporary files is full while a document is read, or while a chunk is compressed. */
class FullSpoolTest {
    private static boolean mount(String options, Path folder) throws IOException, InterruptedException {
        return new ProcessBuilder("mount", "-t", "tmpfs", "-o", options, "tmpfs", folder.toString())
                        .redirectErrorStream(true)
                        .start()
                        .waitFor()
                == 0;
    }

    @Test
    void a_saga_waits_for_space_and_loses_no_text(@TempDir Path directory) throws Exception {
        Path folder = Files.createDirectories(
                directory.resolve("data").resolve("spool").resolve("content"));
        assumeTrue(mount("size=2m", folder), "file systems cannot be mounted here");
        try (StreamingSagaFixture saga =
                StreamingSagaFixture.start(directory, Map.of("saga.patience", "2m", "saga.step.retry-delay", "1s"))) {
            waitsForSpace(saga, folder, directory);
            saga.restart(Map.of("saga.content.isolation", "process"));
            waitsForSpace(saga, folder, directory);
        } finally {
            new ProcessBuilder("umount", "-l", folder.toString()).start().waitFor();
        }
    }

    @Test
    void a_saga_waits_for_space_to_compress_a_chunk(@TempDir Path directory) throws Exception {
        Path folder = Files.createDirectories(
                directory.resolve("data").resolve("spool").resolve("tmp"));
        assumeTrue(mount("size=2m,mode=700", folder), "file systems cannot be mounted here");
        try (StreamingSagaFixture saga = StreamingSagaFixture.start(
                directory,
                Map.of(
                        "saga.patience", "2m",
                        "saga.step.retry-delay", "1s",
                        "saga.chunk.retry-delay", "100ms",
                        "saga.chunk.compression", "zstd",
                        "saga.chunk.memory", "0B",
                        "saga.participants", "relational"))) {
            byte[] digits = new byte[StreamingSagaFixture.CHUNK];
            new Random(1).nextBytes(digits);
            Path file = Files.writeString(
                    directory.resolve("digits.bin"),
                    HexFormat.of().formatHex(digits).substring(0, digits.length));
            CompletableFuture<IngestResult> ingest = Background.run("ingest", () -> saga.ingest(file));

            await().atMost(Duration.ofSeconds(60))
                    .until(() -> ingest.isDone() || isWaiting(saga, file, "No space left on device; free some space"));
            assertThat(ingest).isNotDone();
            mount("remount,size=64m", folder);

            IngestResult result = ingest.get(90, TimeUnit.SECONDS);
            assertThat(result.status()).as("%s", result).isEqualTo("COMPLETED");
        } finally {
            new ProcessBuilder("umount", "-l", folder.toString()).start().waitFor();
        }
    }

    private static void waitsForSpace(StreamingSagaFixture saga, Path folder, Path directory) throws Exception {
        mount("remount,size=2m", folder);
        Path file =
                directory.resolve(saga.config().documents().content().reading().isolation() + ".html");
        Files.writeString(file, "<html><body>Before. <!-- " + "x".repeat(4_000_000) + " --> Afterwards.</body></html>");
        CompletableFuture<IngestResult> ingest = Background.run("ingest", () -> saga.ingest(file));

        await().atMost(Duration.ofSeconds(60))
                .until(() -> ingest.isDone() || isWaiting(saga, file, "there is no space"));
        assertThat(ingest).isNotDone();
        mount("remount,size=64m", folder);

        IngestResult result = ingest.get(90, TimeUnit.SECONDS);
        assertThat(result.status()).as("%s", result).isEqualTo("COMPLETED");
        assertThat(result.warnings()).isEmpty();
        assertThat(result.stores()).containsEntry("vector", 1L);
    }

    private static boolean isWaiting(StreamingSagaFixture saga, Path file, String why) {
        return saga.journal().sagas().unfinished().stream()
                .anyMatch(found -> found.source().equals(file)
                        && found.waiting()
                                .filter(waiting -> waiting.reason().startsWith("waits for the host: ")
                                        && waiting.reason().contains(why))
                                .isPresent());
    }
}
