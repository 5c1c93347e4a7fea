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
 * One line on standard error, if that is a terminal: the running step of the oldest saga, with a bar where the step
 * counts something. It is gone once there is something else to read.
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

    /** The launcher says whether standard error is a terminal: Java before 22 can't tell. */
    void show() {
        if (Boolean.getBoolean("streamingsaga.terminal")) {
            visible = true;
            timer.scheduleWithFixedDelay(this::refresh, REFRESH_MILLIS, REFRESH_MILLIS, TimeUnit.MILLISECONDS);
            Runtime.getRuntime().addShutdownHook(interrupted);
        }
    }

    /** Always the same saga while it runs, so that the line does not jump between several. */
    private synchronized void refresh() {
        Collection<ActiveRun> active = runs.all();
        Optional<ActiveRun> oldest = active.stream().min(Comparator.comparing(ActiveRun::sagaId));
        if (oldest.isEmpty()) {
            return;
        }
        ActiveRun run = oldest.get();
        ActiveRun.Progress progress = run.progress();
        String more = active.size() > 1 ? " and " + (active.size() - 1) + " more" : "";
        // A step that has not said yet how much there is to do has no bar.
        String name = run.sagaId() + " " + progress.step() + " " + progress.unit();
        if (!name.equals(shown)) {
            closeBar();
            shown = name;
            bar = progress.total() > 0 ? newBar(label(run, progress.step()), progress) : null;
        }
        ProgressBar current = bar;
        if (current == null) {
            line.accept(label(run, progress.step()) + " ..." + soFar(progress) + more);
        } else {
            current.maxHint(progress.total());
            current.stepTo(Math.min(progress.done(), progress.total()));
            current.setExtraMessage(more);
            current.refresh();
        }
    }

    private static String soFar(ActiveRun.Progress progress) {
        return progress.done() > 0 && !progress.unit().equals("bytes")
                ? " " + progress.done() + " " + progress.unit() + " so far"
                : "";
    }

    /** Drawn by our own timer alone: one of its own would draw over what comes next. */
    private ProgressBar newBar(String label, ActiveRun.Progress progress) {
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
        String name = ConsoleText.safe(run.received().fileName());
        String file = name.length() > LONGEST_NAME ? name.substring(0, LONGEST_NAME - 1) + "~" : name;
        return (files > 1 ? file + " " : "") + (step.isEmpty() ? "begin" : step);
    }

    private void closeBar() {
        ProgressBar current = bar;
        if (current != null) {
            current.close();
            bar = null;
        }
    }

    /** Makes room for something to read; what is still going on is shown again soon. */
    synchronized void clear() {
        if (visible) {
            line.clear();
        }
    }

    /** CTRL-C was pressed: says what happens to the sagas. */
    private void interrupted() {
        timer.shutdownNow();
        clear();
        runs.all()
                .forEach(run -> line.end("interrupted: the next command that works in this data directory resumes saga "
                        + run.sagaId() + "; cancel " + run.sagaId() + " undoes it"));
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

    /** Written over again and again; never as long as the terminal is wide, so that it does not wrap. */
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

        /** The next bar goes on in the same line. */
        @Override
        public void close() {}
    }
}
