package dev.streamingsaga.cli;

import dev.streamingsaga.journal.ActiveRun;
import dev.streamingsaga.journal.Runs;
import java.io.PrintStream;
import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarConsumer;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;

/**
 * Shows the running step of the oldest saga in one line on standard error, if that is a terminal, with a progress bar
 * if the step has a total. The line is erased before other output.
 */
final class ProgressDisplay implements AutoCloseable {
    private static final long REFRESH_MILLIS = 200;
    private static final int LONGEST_NAME = 24;

    private final Runs runs;
    private final int files;
    private final Line line;
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(work -> {
        Thread thread = new Thread(work, "progress");
        thread.setDaemon(true);
        return thread;
    });
    private final Thread interrupted = new Thread(this::interrupted, "progress-interrupted");
    private volatile boolean visible;
    private String shown = "";
    private @Nullable ProgressBar bar;

    ProgressDisplay(Runs runs, int files) {
        this.runs = runs;
        this.files = files;
        this.line = new Line(System.err, Integer.getInteger("streamingsaga.columns", 80) - 1);
    }

    /** The launcher sets whether standard error is a terminal: Java before 22 cannot detect it. */
    void show() {
        if (Boolean.getBoolean("streamingsaga.terminal")) {
            visible = true;
            timer.scheduleWithFixedDelay(this::refresh, REFRESH_MILLIS, REFRESH_MILLIS, TimeUnit.MILLISECONDS);
            Runtime.getRuntime().addShutdownHook(interrupted);
        }
    }

    /** Shows the same saga while it runs, so that the line does not alternate between several. */
    private synchronized void refresh() {
        Collection<ActiveRun> active = runs.all();
        Optional<ActiveRun> oldest = active.stream().min(Comparator.comparing(ActiveRun::sagaId));
        if (oldest.isEmpty()) {
            return;
        }
        ActiveRun run = oldest.get();
        ActiveRun.StepProgress progress = run.progress();
        String others = active.size() > 1 ? " and " + (active.size() - 1) + " more" : "";
        // A step has no bar until its total is known.
        String name = run.sagaId() + " " + progress.step() + " " + progress.unit();
        if (!name.equals(shown)) {
            closeBar();
            shown = name;
            bar = progress.total() > 0 ? newBar(label(run, progress.step()), progress) : null;
        }
        ProgressBar current = bar;
        if (current == null) {
            line.accept(label(run, progress.step()) + " ..." + soFar(progress) + others);
        } else {
            current.maxHint(progress.total());
            current.stepTo(Math.min(progress.done(), progress.total()));
            current.setExtraMessage(others);
            current.refresh();
        }
    }

    private static String soFar(ActiveRun.StepProgress progress) {
        return progress.done() > 0 && !progress.unit().equals("bytes")
                ? " " + progress.done() + " " + progress.unit() + " so far"
                : "";
    }

    /** Disables the bar's own timer, which would overwrite later output. */
    private ProgressBar newBar(String label, ActiveRun.StepProgress progress) {
        boolean bytes = progress.unit().equals("bytes");
        boolean large = progress.total() >= 10_000_000;
        ProgressBarBuilder builder = new ProgressBarBuilder()
                .setTaskName(label)
                .setInitialMax(progress.total())
                .setConsumer(line)
                .setUnit(bytes ? large ? " MB" : " KB" : " " + progress.unit(), bytes ? large ? 1_000_000 : 1_000 : 1)
                .setStyle(ProgressBarStyle.ASCII)
                .setUpdateIntervalMillis(Integer.MAX_VALUE);
        return (bytes ? builder.showSpeed() : builder).build();
    }

    private String label(ActiveRun run, String step) {
        String name = ConsoleText.safe(run.initialSaga().fileName());
        String file = name.length() > LONGEST_NAME ? name.substring(0, LONGEST_NAME - 1) + "~" : name;
        return (files > 1 ? file + " " : "") + (step.isEmpty() ? "starting" : step);
    }

    private void closeBar() {
        ProgressBar current = bar;
        if (current != null) {
            current.close();
            bar = null;
        }
    }

    /** Erases the line before other output; the timer draws it again. */
    synchronized void clear() {
        if (visible) {
            line.clear();
        }
    }

    /** Prints after CTRL-C what happens to the running sagas. */
    private void interrupted() {
        timer.shutdownNow();
        clear();
        runs.all()
                .forEach(run -> line.end("interrupted: the next command that uses this data directory resumes saga "
                        + run.sagaId() + "; cancel " + run.sagaId() + " compensates it"));
    }

    @Override
    public synchronized void close() {
        timer.shutdownNow();
        closeBar();
        clear();
        try {
            Runtime.getRuntime().removeShutdownHook(interrupted);
        } catch (IllegalStateException e) {
            // Interrupted already.
        }
    }

    /** A line that is overwritten; shorter than the width of the terminal, so that it does not wrap. */
    private record Line(PrintStream terminal, int length) implements ProgressBarConsumer {
        private static final String ERASE = "\r\u001b[K";

        @Override
        public int getMaxRenderedLength() {
            return length;
        }

        @Override
        public void accept(String text) {
            terminal.print(ERASE + (text.length() > length ? text.substring(0, length) : text));
            terminal.flush();
        }

        @Override
        public void clear() {
            terminal.print(ERASE);
            terminal.flush();
        }

        void end(String text) {
            terminal.println(ERASE + text);
        }

        /** Does nothing: the next bar uses the same line. */
        @Override
        public void close() {}
    }
}
