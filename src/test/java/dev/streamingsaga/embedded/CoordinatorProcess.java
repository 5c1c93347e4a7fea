package dev.streamingsaga.embedded;

import dev.streamingsaga.testkit.ChildJava;
import dev.streamingsaga.testkit.CoordinatorSettings;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** An embedded coordinator in its own JVM, so that it can be killed. */
public final class CoordinatorProcess implements AutoCloseable {
    private final Process process;
    private final URI url;

    private CoordinatorProcess(Process process, URI url) {
        this.process = process;
        this.url = url;
    }

    public static CoordinatorProcess start(Path dataDir) throws IOException {
        List<String> command = ChildJava.command(List.of());
        command.addAll(List.of(CoordinatorProcess.class.getName(), dataDir.toString()));
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        String url = new BufferedReader(new InputStreamReader(process.getInputStream())).readLine();
        if (url == null) {
            throw new IOException("the coordinator process ended before it was ready");
        }
        return new CoordinatorProcess(process, URI.create(url));
    }

    public URI url() {
        return url;
    }

    /** As with kill -9. */
    public void kill() {
        process.destroyForcibly();
        try {
            process.waitFor(10, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        kill();
    }

    /** Ends when its parent does. */
    public static void main(String[] args) throws Exception {
        // The test log goes to standard output, where the parent process expects only the URL.
        PrintStream parent = System.out;
        System.setOut(System.err);
        EmbeddedCoordinator coordinator = EmbeddedCoordinator.start(CoordinatorSettings.in(Path.of(args[0])));
        parent.println(coordinator.url());
        while (System.in.read() >= 0) {
            // only the end of the stream matters
        }
        System.exit(0);
    }
}
