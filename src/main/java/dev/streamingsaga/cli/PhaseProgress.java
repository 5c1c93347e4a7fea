package dev.streamingsaga.cli;

import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;

/** A progress bar in bytes on standard error, if that is a terminal. Used by one thread. */
final class PhaseProgress implements AutoCloseable {
    private static final int MEGABYTE = 1_000_000;

    private final boolean visible = Boolean.getBoolean("streamingsaga.terminal");
    private @Nullable ProgressBar bar;

    void report(String phase, long done, long total) {
        if (!visible) {
            return;
        }
        ProgressBar current = bar;
        if (current == null) {
            current = new ProgressBarBuilder()
                    .setTaskName(phase)
                    .setInitialMax(total)
                    .setUnit(" MB", MEGABYTE)
                    .setStyle(ProgressBarStyle.ASCII)
                    .showSpeed()
                    .clearDisplayOnFinish()
                    .build();
            bar = current;
        }
        current.maxHint(total);
        current.stepTo(Math.min(done, total));
    }

    @Override
    public void close() {
        if (bar != null) {
            bar.close();
        }
    }
}
