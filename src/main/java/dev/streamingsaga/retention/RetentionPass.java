package dev.streamingsaga.retention;

import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** The limits of one pass, for one rule. Not thread-safe. */
public final class RetentionPass {
    private static final long MAX_PAUSE_MILLIS = 1000;

    private final int limit;
    private final int shown;
    private final BooleanSupplier permitted;
    private long began = System.nanoTime();

    /**
     * @param limit what a rule removes at most
     * @param shown how many ids it names at most
     * @param permitted whether the pass may continue
     */
    public RetentionPass(int limit, int shown, BooleanSupplier permitted) {
        this.limit = limit;
        this.shown = shown;
        this.permitted = permitted;
    }

    public int limit() {
        return limit;
    }

    /** How many ids a report names at most. */
    public int shown() {
        return shown;
    }

    /** False if this process stops, or another node has taken the pass over. */
    public boolean mayContinue() {
        return !Thread.currentThread().isInterrupted() && permitted.getAsBoolean();
    }

    /**
     * Leaves databases and disks to others for as long as the work since the last pause took, a second at most. Call it
     * after each transaction.
     */
    public void pause() {
        long workMillis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - began);
        try {
            TimeUnit.MILLISECONDS.sleep(Math.min(workMillis, MAX_PAUSE_MILLIS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        began = System.nanoTime();
    }
}
