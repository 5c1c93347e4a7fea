package dev.streamingsaga.cli;

import dev.streamingsaga.config.UnavailableException;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/** Retries the start of the service while a server that it needs is unavailable, and prints a line every minute. */
final class PatientStart {
    private static final Duration PAUSE = Duration.ofSeconds(5);
    private static final Duration BETWEEN_LINES = Duration.ofMinutes(1);

    private final Duration wait;
    private final PrintWriter out;
    private final LongSupplier nanoTime;
    private final Sleeper sleeper;

    @FunctionalInterface
    interface Sleeper {
        void sleep(long millis) throws InterruptedException;
    }

    /** @param wait zero: one attempt */
    PatientStart(Duration wait, PrintWriter out) {
        this(wait, out, System::nanoTime, Thread::sleep);
    }

    PatientStart(Duration wait, PrintWriter out, LongSupplier nanoTime, Sleeper sleeper) {
        this.wait = wait;
        this.out = out;
        this.nanoTime = nanoTime;
        this.sleeper = sleeper;
    }

    /** @throws UnavailableException of the last attempt, if the time is over */
    <T> T start(Supplier<T> attempt) throws InterruptedException {
        long begun = nanoTime.getAsLong();
        long nextLine = begun;
        while (true) {
            try {
                return attempt.get();
            } catch (UnavailableException e) {
                long now = nanoTime.getAsLong();
                if (now - begun + PAUSE.toNanos() > wait.toNanos()) {
                    throw e;
                }
                if (now - nextLine >= 0) {
                    nextLine = now + BETWEEN_LINES.toNanos();
                    out.println("retrying for " + wait.minusNanos(now - begun).toSeconds() + " s at most: "
                            + ConsoleText.safe(String.valueOf(e.getMessage())));
                }
                sleeper.sleep(PAUSE.toMillis());
            }
        }
    }
}
