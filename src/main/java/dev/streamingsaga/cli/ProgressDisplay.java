package dev.streamingsaga.cli;

import dev.streamingsaga.operations.RunningSaga;
import java.io.PrintStream;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
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

    private final Supplier<List<RunningSaga>> sagas;
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

    ProgressDisplay(Supplier<List<RunningSaga>> sagas, int files) {
        this.sagas = sagas;
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
        List<RunningSaga> active = sagas.get();
        Optional<RunningSaga> oldest = active.stream().min(Comparator.comparing(RunningSaga::sagaId));
        if (oldest.isEmpty()) {
            return;
        }
        RunningSaga saga = oldest.get();
        String others = active.size() > 1 ? " and " + (active.size() - 1) + " more" : "";
        // A step has no bar until its total is known.
        String name = saga.sagaId() + " " + saga.step() + " " + saga.unit();
        if (!name.equals(shown)) {
            closeBar();
            shown = name;
            bar = saga.total() > 0 ? newBar(label(saga), saga) : null;
        }
        ProgressBar current = bar;
        if (!saga.waitsFor().isEmpty()) {
            line.accept(label(saga) + " " + ConsoleText.safe(saga.waitsFor()) + others);
        } else if (current == null) {
            line.accept(label(saga) + " ..." + soFar(saga) + others);
        } else {
            current.maxHint(saga.total());
            current.stepTo(Math.min(saga.done(), saga.total()));
            current.setExtraMessage(others);
            current.refresh();
        }
    }

    private static String soFar(RunningSaga saga) {
        return saga.done() > 0 && !saga.unit().equals("bytes") ? " " + saga.done() + " " + saga.unit() + " so far" : "";
    }

    /** Disables the bar's own timer, which would overwrite later output. */
    private ProgressBar newBar(String label, RunningSaga saga) {
        boolean bytes = saga.unit().equals("bytes");
        boolean large = saga.total() >= 10_000_000;
        ProgressBarBuilder builder = new ProgressBarBuilder()
                .setTaskName(label)
                .setInitialMax(saga.total())
                .setConsumer(line)
                .setUnit(bytes ? large ? " MB" : " KB" : " " + saga.unit(), bytes ? large ? 1_000_000 : 1_000 : 1)
                .setStyle(ProgressBarStyle.ASCII)
                .setUpdateIntervalMillis(Integer.MAX_VALUE);
        return (bytes ? builder.showSpeed() : builder).build();
    }

    private String label(RunningSaga saga) {
        String name = ConsoleText.safe(saga.fileName());
        String file = name.length() > LONGEST_NAME ? name.substring(0, LONGEST_NAME - 1) + "~" : name;
        return (files > 1 ? file + " " : "") + (saga.step().isEmpty() ? "starting" : saga.step());
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
        sagas.get()
                .forEach(saga -> line.end("interrupted: the next command that uses this data directory resumes saga "
                        + saga.sagaId() + "; cancel " + saga.sagaId() + " compensates it"));
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
