package dev.streamingsaga.ops;

import dev.streamingsaga.datadir.Permissions;
import dev.streamingsaga.journal.CleanupEntry;
import dev.streamingsaga.journal.Event;
import dev.streamingsaga.journal.Event.EventKind;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.probe.SideEffects;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The three report files in {@code DATA/reports}. They are JSON Lines and say what the journal says, so that a failed
 * write loses nothing. New events are appended; the open clean-up entries are written again when they have changed, and
 * if they are many, at most a twentieth of the time is spent on that: then the file is some moments late.
 */
final class ReportFiles implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ReportFiles.class);

    private static final String CLEANUPS = "failed_cleanups.json";
    /** Pause after a write of many entries, in times of what it took. */
    private static final int PAUSE_FACTOR = 20;

    private static final int MANY = 100;

    private final Journal journal;
    private final Path folder;
    private final ScheduledExecutorService timer;
    private final LongSupplier nanos;
    private final Map<String, EventReport> events = new LinkedHashMap<>();
    private final AtomicLong unwritten = new AtomicLong();
    private String written = "";
    private long notBefore;
    private boolean scheduled;

    /** @param timer for what is written later; not closed */
    ReportFiles(Journal journal, Path folder, ScheduledExecutorService timer, LongSupplier nanos) {
        this.journal = journal;
        this.folder = folder;
        this.timer = timer;
        this.nanos = nanos;
        this.notBefore = nanos.getAsLong();
        report("critical_failures.json", EventKind.CRITICAL, ReportFiles::critical);
        report("rollback_alerts.json", EventKind.ALERT, Event::detail);
    }

    private void report(String name, EventKind kind, Function<Event, String> line) {
        events.put(name, new EventReport(journal, kind, line, folder.resolve(name)));
    }

    /** Files that could not be written since the start. */
    long unwritten() {
        return unwritten.get();
    }

    /** Brings all three files up to date. Logs and counts a file that cannot be written. */
    synchronized void update() {
        long wait = notBefore - nanos.getAsLong();
        if (wait <= 0 || !scheduled && !schedule(wait)) {
            attempt(CLEANUPS, this::writeCleanups);
        }
        events.forEach((name, report) -> attempt(name, report::update));
    }

    /** @return false if the instance is stopping */
    private boolean schedule(long wait) {
        try {
            timer.schedule(this::late, wait, TimeUnit.NANOSECONDS);
            scheduled = true;
            return true;
        } catch (RejectedExecutionException e) {
            return false;
        }
    }

    private synchronized void late() {
        if (scheduled) {
            scheduled = false;
            attempt(CLEANUPS, this::writeCleanups);
        }
    }

    /** Writes what is still to be written. */
    @Override
    public void close() {
        late();
    }

    private interface Write {
        void run() throws IOException;
    }

    private void attempt(String name, Write write) {
        try {
            Permissions.folder(folder);
            write.run();
        } catch (IOException e) {
            unwritten.incrementAndGet();
            LOG.warn("cannot write report {} in {} ({}); its entries are in the journal", name, folder, e.getMessage());
        }
    }

    private void writeCleanups() throws IOException {
        String now = journal.cleanups().openFingerprint();
        if (now.equals(written) && Files.exists(folder.resolve(CLEANUPS))) {
            return;
        }
        long began = nanos.getAsLong();
        List<CleanupEntry> open = journal.cleanups().open();
        try (SideEffects.Span watched = SideEffects.begin("report", CLEANUPS)) {
            Path next = Permissions.file(folder.resolve(CLEANUPS + ".tmp"));
            Files.write(next, lines(open));
            Files.move(
                    next,
                    folder.resolve(CLEANUPS),
                    StandardCopyOption.ATOMIC_MOVE,
                    StandardCopyOption.REPLACE_EXISTING);
        }
        written = now;
        long ended = nanos.getAsLong();
        notBefore = open.size() < MANY ? ended : ended + PAUSE_FACTOR * (ended - began);
    }

    /** One line for each saga, step and status: the pieces that remain, with the highest number of attempts. */
    private static List<String> lines(List<CleanupEntry> open) {
        Map<String, List<CleanupEntry>> groups = open.stream()
                .collect(Collectors.groupingBy(
                        e -> e.sagaId() + " " + e.step() + " " + e.state(), LinkedHashMap::new, Collectors.toList()));
        List<String> lines = new ArrayList<>();
        groups.values().forEach(entries -> {
            CleanupEntry first = entries.get(0);
            Map<String, Object> line = new LinkedHashMap<>();
            line.put("timestamp", first.createdAt().toString());
            line.put("sagaId", first.sagaId());
            line.put("documentId", first.documentId());
            line.put("step", first.step());
            line.put("failed", entries.stream().map(CleanupEntry::resource).toList());
            line.put("lastError", first.lastError());
            line.put(
                    "attempts",
                    entries.stream().mapToInt(CleanupEntry::attempts).max().orElse(0));
            line.put(
                    "nextAttemptAt",
                    entries.stream()
                            .map(CleanupEntry::nextAttemptAt)
                            .min(Instant::compareTo)
                            .orElseThrow()
                            .toString());
            line.put("status", first.state().name());
            lines.add(JsonLine.of(line));
        });
        return lines;
    }

    private static String critical(Event event) {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("timestamp", event.at().toString());
        line.put("sagaId", event.sagaId());
        line.put("step", event.step());
        line.put("error", event.message());
        line.put("status", "CRITICAL_FAILURE");
        return JsonLine.of(line);
    }
}
