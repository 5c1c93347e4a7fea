package dev.streamingsaga.chunk;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.config.Settings;
import dev.streamingsaga.digest.Digests;
import dev.streamingsaga.source.SourceFile;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;

/** Not a test: {@code main} prints milliseconds of each step for a file of random bytes. Arguments: MiB, rounds. */
final class ChunkBench {
    private ChunkBench() {}

    public static void main(String[] args) throws Exception {
        long mib = Long.parseLong(args[0]);
        int rounds = Integer.parseInt(args[1]);
        Path dir = Files.createTempDirectory(Path.of("target"), "bench");
        Path file = dir.resolve("source.bin");
        byte[] block = new byte[1 << 20];
        Random random = new Random(1);
        try (OutputStream out = Files.newOutputStream(file)) {
            for (long i = 0; i < mib; i++) {
                random.nextBytes(block);
                out.write(block);
            }
        }
        Map<String, String> settings = new HashMap<>(Map.of("saga.chunk.retry-delay", "0s"));
        System.getProperties().forEach((key, value) -> {
            if (key.toString().startsWith("saga.")) {
                settings.put(key.toString(), value.toString());
            }
        });
        SagaConfig config = Settings.parse(settings);
        try (ChunkFixture fixture = new ChunkFixture(dir.resolve("data"), config)) {
            for (int i = 0; i < rounds; i++) {
                long start = System.nanoTime();
                Digests digests = SourceFile.digest(
                        file,
                        SourceFile.identity(file),
                        config.documents().chunk().sizeBytes(),
                        done -> {},
                        () -> {});
                long hashed = System.nanoTime();
                RecordingRun run = fixture.run(file, "bench" + i, digests);
                fixture.send("store-upload", run, digests);
                long uploaded = System.nanoTime();
                fixture.send("verify", run, digests);
                long verified = System.nanoTime();
                fixture.send("manifest", run, digests);
                long described = System.nanoTime();
                fixture.store().fetch(run.document().keyPrefix(), OutputStream.nullOutputStream());
                long fetched = System.nanoTime();
                fixture.compensate(run.document().facts());
                long removed = System.nanoTime();
                System.out.printf(
                        "round %d: hash %d upload %d verify %d manifest %d | total %d"
                                + " | fetch %d remove %d ms, heap %d MiB%n",
                        i,
                        ms(start, hashed),
                        ms(hashed, uploaded),
                        ms(uploaded, verified),
                        ms(verified, described),
                        ms(start, described),
                        ms(described, fetched),
                        ms(fetched, removed),
                        (Runtime.getRuntime().totalMemory()
                                        - Runtime.getRuntime().freeMemory())
                                >> 20);
            }
        }
        Files.delete(file);
    }

    private static long ms(long from, long to) {
        return (to - from) / 1_000_000;
    }
}
