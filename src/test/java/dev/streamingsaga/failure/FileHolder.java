package dev.streamingsaga.failure;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.TimeUnit;

/**
 * Another process that locks a file exclusively, as a writer does. File locks belong to a process, so a thread would
 * not do.
 */
final class FileHolder implements AutoCloseable {
    private final Process process;

    private FileHolder(Process process) {
        this.process = process;
    }

    static FileHolder lock(Path file) throws IOException {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        FileHolder.class.getName(),
                        file.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        if (!"LOCKED".equals(new BufferedReader(new InputStreamReader(process.getInputStream())).readLine())) {
            throw new IOException("the other process could not lock " + file);
        }
        return new FileHolder(process);
    }

    @Override
    public void close() throws InterruptedException {
        process.destroyForcibly().waitFor(10, TimeUnit.SECONDS);
    }

    /** Ends when its parent does. */
    public static void main(String[] args) throws IOException {
        try (FileChannel channel = FileChannel.open(Path.of(args[0]), StandardOpenOption.WRITE)) {
            channel.lock();
            System.out.println("LOCKED");
            while (System.in.read() >= 0) {
                // waits for the end of the stream
            }
        }
    }
}
