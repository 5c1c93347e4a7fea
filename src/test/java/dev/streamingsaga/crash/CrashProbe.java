package dev.streamingsaga.crash;

import dev.streamingsaga.probe.SideEffectProbe;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;

/**
 * Records the side effects of this process, or kills it at one of them. Active only with system properties:
 * {@code crash.record} (a file), {@code crash.at} (the text of a {@link Point}, {@code ~} and the beginning of one, or
 * {@code #n} for the n-th side effect), {@code crash.when} (before, after), {@code crash.how} (sigkill, halt).
 */
public final class CrashProbe implements SideEffectProbe {
    static final int HALTED = 66;

    private final String record = System.getProperty("crash.record", "");
    private final String at = System.getProperty("crash.at", "");
    private final boolean before = System.getProperty("crash.when", "before").equals("before");
    private final boolean sigkill = System.getProperty("crash.how", "sigkill").equals("sigkill");
    private final Map<String, Integer> begun = new HashMap<>();
    private final Map<String, Integer> ended = new HashMap<>();
    private final OutputStream trigger;
    private int total;
    private int totalEnded;

    public CrashProbe() {
        trigger = active() && !at.isEmpty() && sigkill ? killer() : OutputStream.nullOutputStream();
    }

    @Override
    public boolean active() {
        return !record.isEmpty() || !at.isEmpty();
    }

    /** Starts the killer process in advance, so that the kill follows the side effect within about a millisecond. */
    private static OutputStream killer() {
        try {
            return new ProcessBuilder(
                            "sh",
                            "-c",
                            "read go && kill -9 " + ProcessHandle.current().pid())
                    .start()
                    .getOutputStream();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public synchronized void before(String kind, String what) {
        Point point = count(begun, kind, what);
        total++;
        if (!record.isEmpty()) {
            note(point);
        }
        if (before && isHere(point, total)) {
            die();
        }
    }

    @Override
    public synchronized void after(String kind, String what) {
        Point point = count(ended, kind, what);
        totalEnded++;
        if (!before && isHere(point, totalEnded)) {
            die();
        }
    }

    private boolean isHere(Point point, int number) {
        if (at.startsWith("~")) {
            Point wanted = Point.parse(at.substring(1));
            return point.kind().equals(wanted.kind())
                    && point.what().startsWith(wanted.what())
                    && point.occurrence() == wanted.occurrence();
        }
        return at.equals(point.text()) || at.equals("#" + number);
    }

    private static Point count(Map<String, Integer> counts, String kind, String what) {
        String name = Point.withoutIds(what);
        return new Point(kind, name, counts.merge(kind + name, 1, Integer::sum));
    }

    private void note(Point point) {
        try {
            Files.writeString(
                    Path.of(record), point.text() + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Never returns. No other side effect begins meanwhile, because all of them wait for the lock of this object. */
    private void die() {
        if (!sigkill) {
            Runtime.getRuntime().halt(HALTED);
        }
        try {
            trigger.write('\n');
            trigger.flush();
            new CountDownLatch(1).await();
        } catch (IOException | InterruptedException e) {
            Runtime.getRuntime().halt(HALTED + 1);
        }
    }
}
