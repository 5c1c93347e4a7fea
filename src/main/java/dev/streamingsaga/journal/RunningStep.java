package dev.streamingsaga.journal;

import dev.streamingsaga.journal.ActiveRun.StepProgress;
import java.time.Duration;

/** The step that a run began last, and its progress. Thread-safe. */
final class RunningStep {
    private volatile String name = "";
    private volatile long startedNanos;
    private volatile StepProgress progress = new StepProgress("", 0, 0, "");

    void begin(String step) {
        name = step;
        startedNanos = System.nanoTime();
        progress = new StepProgress(step, 0, 0, "");
    }

    /** Empty before the first step. */
    String name() {
        return name;
    }

    Duration elapsed() {
        return Duration.ofNanos(System.nanoTime() - startedNanos);
    }

    void report(StepProgress reported) {
        progress = reported;
    }

    StepProgress progress() {
        return progress;
    }
}
