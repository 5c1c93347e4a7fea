package dev.streamingsaga.nodes;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.TimeUnit;

/**
 * Owns the folder of a drill, and ends what the drill started: processes, network namespaces, files. It is a process of
 * its own, so it does that too when the JVM of the test is killed.
 */
final class Janitor implements AutoCloseable {
    /** Its standard input ends with this JVM. A process is ended only if its command line names this drill. */
    private static final String SCRIPT = """
            base=$1
            cat >/dev/null
            while read -r kind name; do
              case $kind in
                process) grep -qsa "${base##*/}" "/proc/$name/cmdline" && kill -9 "$name" ;;
                namespace) ip netns del "$name" ;;
              esac
            done <"$base/started"
            while read -r kind name; do
              for attempt in 1 2 3 4 5 6 7 8 9 10; do
                [ "$kind" = process ] && grep -qsa "${base##*/}" "/proc/$name/cmdline" && sleep 1
              done
            done <"$base/started"
            rm -rf --one-file-system "$base"
            """;

    private static final int LIMIT_SECONDS = 120;

    private final Path base;
    private final Process shell;

    private Janitor(Path base, Process shell) {
        this.base = base;
        this.shell = shell;
    }

    static Janitor create() {
        try {
            Path base = Files.createTempDirectory("saga-nodes-");
            Files.setPosixFilePermissions(base, java.nio.file.attribute.PosixFilePermissions.fromString("rwxr-xr-x"));
            Files.createFile(base.resolve("started"));
            Process shell = new ProcessBuilder("bash", "-c", SCRIPT, "janitor", base.toString())
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            return new Janitor(base, shell);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Path base() {
        return base;
    }

    void process(long pid) {
        note("process " + pid);
    }

    void namespace(String name) {
        note("namespace " + name);
    }

    private synchronized void note(String line) {
        try {
            Files.writeString(base.resolve("started"), line + "\n", StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        try {
            shell.getOutputStream().close();
            if (!shell.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
                throw new IllegalStateException("the drill in " + base + " is not cleaned up");
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
