package dev.streamingsaga.cli;

import dev.streamingsaga.journal.ActiveRun;
import dev.streamingsaga.journal.Runs;
import java.util.Collection;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** A bar for the running step of each saga, on standard error, if that is a terminal. */
final class ProgressDisplay implements AutoCloseable {
    private final Runs runs;
    private final int files;
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(work -> {
        Thread thread = new Thread(work, "progress");
        thread.setDaemon(true);
        return thread;
    });
    private String shown = "";
    private @org.jspecify.annotations.Nullable ProgressBar bar;

    ProgressDisplay(Runs runs, int files) {
        this.runs = runs;
        this.files = files;
    }

    /** The launcher says whether standard error is a terminal: Java before 22 can't tell. */
    void show() {
        if (Boolean.getBoolean("streamingsaga.terminal")) {
            timer.scheduleWithFixedDelay(this::refresh, 200, 200, TimeUnit.MILLISECONDS);
        }
    }

    private synchronized void refresh() {
        Collection<ActiveRun> active = runs.all();
        if (active.isEmpty()) {
            return;
        }
        ActiveRun run = active.iterator().next();
        ActiveRun.Progress progress = run.progress();
        String name = run.sagaId() + progress.step();
        if (!name.equals(shown)) {
            closeBar();
            shown = name;
            boolean bytes = progress.unit().equals("bytes");
            bar = new ProgressBarBuilder().setTaskName(label(run, progress.step()))
                    .setInitialMax(Math.max(1, progress.total()))
                    .setUnit(bytes ? " MB" : " " + progress.unit(), bytes ? 1_000_000 : 1)
                    .setStyle(ProgressBarStyle.ASCII).showSpeed().setUpdateIntervalMillis(200).build();
        }
        ProgressBar current = bar;
        if (current != null) {
            current.maxHint(Math.max(1, progress.total()));
            current.stepTo(progress.done());
            current.setExtraMessage(active.size() > 1 ? "  and " + (active.size() - 1) + " more" : "");
        }
    }

    private String label(ActiveRun run, String step) {
        String name = Texts.safe(run.received().fileName());
        String file = name.length() > 24 ? name.substring(0, 23) + "~" : name;
        return (files > 1 ? file + " " : "") + (step.isEmpty() ? "begin" : step);
    }

    private void closeBar() {
        ProgressBar current = bar;
        if (current != null) {
            current.close();
            bar = null;
        }
    }

    @Override
    public synchronized void close() {
        timer.shutdownNow();
        closeBar();
    }
}
