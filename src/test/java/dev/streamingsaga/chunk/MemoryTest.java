package dev.streamingsaga.chunk;

import static dev.streamingsaga.chunk.ChunkFixture.config;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("own-jvm")
class MemoryTest {
    private static final long GIB = 1024L * 1024 * 1024;

    @TempDir
    Path dir;

    /** Client and server together in 64 MiB of heap, with 64 MiB chunks: neither may hold a chunk. */
    @Test
    void uploads_verifies_and_fetches_a_GiB_in_64_MiB_of_heap() throws Exception {
        Process child = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx64m",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Child.class.getName(),
                        dir.toString())
                .redirectErrorStream(true)
                .redirectOutput(dir.resolve("out").toFile())
                .start();
        try {
            assertThat(child.waitFor(180, TimeUnit.SECONDS)).isTrue();
            assertThat(child.exitValue())
                    .as(() -> dir.resolve("out").toString())
                    .isZero();
        } finally {
            child.destroyForcibly();
        }
    }

    static final class Child {
        private Child() {}

        public static void main(String[] args) throws Exception {
            Path dir = Path.of(args[0]);
            Path file = dir.resolve("sparse");
            try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
                sparse.setLength(GIB);
            }
            try (ChunkFixture fixture = new ChunkFixture(
                    dir.resolve("data"), config("saga.chunk.size", "64MiB", "saga.s3.timeout", "60s"))) {
                RecordingRun run = fixture.run(file, "big");
                fixture.upload(run);
                fixture.verify(run);
                fixture.send("manifest", run, null);
                fixture.store().fetch(run.document().keyPrefix(), OutputStream.nullOutputStream());
            }
            System.exit(0);
        }
    }
}
