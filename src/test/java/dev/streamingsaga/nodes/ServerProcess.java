package dev.streamingsaga.nodes;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;

/** A process that can be killed, stopped and started again with the same command. */
final class ServerProcess {
    private static final Duration START_LIMIT = Duration.ofMinutes(3);
    private static final int STOP_LIMIT_SECONDS = 90;

    private final String name;
    private final List<String> command;
    private final Callable<Boolean> ready;
    private final Janitor janitor;
    private final Path log;
    private String stopSignal = "TERM";
    private Map<String, String> environment = Map.of();
    private Process process;

    /** @param ready whether it answers; may throw while it does not */
    ServerProcess(Janitor janitor, String name, List<String> command, Callable<Boolean> ready) {
        this.janitor = janitor;
        this.name = name;
        this.command = List.copyOf(command);
        this.ready = ready;
        this.log = janitor.base().resolve(name + ".log");
    }

    ServerProcess stoppedBy(String signal) {
        stopSignal = signal;
        return this;
    }

    ServerProcess with(Map<String, String> variables) {
        environment = variables;
        return this;
    }

    String name() {
        return name;
    }

    Path log() {
        return log;
    }

    synchronized ServerProcess begin() {
        try {
            ProcessBuilder builder = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
            builder.environment().putAll(environment);
            process = builder.start();
            janitor.process(process.pid());
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    ServerProcess awaitReady() {
        await(name + " answers, see " + log)
                .atMost(START_LIMIT)
                .pollInterval(Duration.ofMillis(200))
                .ignoreExceptions()
                .until(() -> {
                    if (!isRunning()) {
                        return true;
                    }
                    return ready.call();
                });
        if (!isRunning()) {
            throw new IllegalStateException(name + " ended at its start: " + lastLines());
        }
        return this;
    }

    private String lastLines() {
        try {
            List<String> lines = Files.readAllLines(log);
            return String.join("\n", lines.subList(Math.max(0, lines.size() - 20), lines.size()));
        } catch (IOException e) {
            return e.toString();
        }
    }

    ServerProcess start() {
        return begin().awaitReady();
    }

    synchronized boolean isRunning() {
        return process != null && process.isAlive();
    }

    boolean isReady() {
        try {
            return isRunning() && ready.call();
        } catch (Exception e) {
            return false;
        }
    }

    /** SIGKILL. */
    void kill() {
        signal("KILL");
        awaitEnd();
    }

    /** As an administrator stops it; killed if it does not end. */
    void stop() {
        signal(stopSignal);
        awaitEnd();
    }

    private synchronized void signal(String signal) {
        if (process.isAlive()) {
            Shell.run(List.of("kill", "-" + signal, "" + process.pid()));
        }
    }

    private void awaitEnd() {
        try {
            if (!process.waitFor(STOP_LIMIT_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor(STOP_LIMIT_SECONDS, TimeUnit.SECONDS);
                throw new IllegalStateException(name + " did not stop, see " + log);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    static boolean accepts(String host, int port) throws IOException {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(host, port), 1000);
            return true;
        }
    }

    static int freePort() {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
