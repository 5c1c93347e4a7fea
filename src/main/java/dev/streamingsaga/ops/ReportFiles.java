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
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The three report files in {@code DATA/reports}. They are JSON Lines and are rewritten from the journal, so that a
 * failed write loses nothing.
 */
final class ReportFiles {
    private static final Logger LOG = LoggerFactory.getLogger(ReportFiles.class);

    private final Journal journal;
    private final Path folder;
    private final AtomicLong unwritten = new AtomicLong();

    ReportFiles(Journal journal, Path folder) {
        this.journal = journal;
        this.folder = folder;
    }

    /** Files that could not be written since the start. */
    long unwritten() {
        return unwritten.get();
    }

    /** Rewrites all three files from the journal. Logs and counts a file that cannot be written. */
    synchronized void rewrite() {
        write("failed_cleanups.json", failedCleanups());
        write(
                "critical_failures.json",
                journal.events().of(EventKind.CRITICAL).stream()
                        .map(this::critical)
                        .toList());
        write(
                "rollback_alerts.json",
                journal.events().of(EventKind.ALERT).stream().map(Event::detail).toList());
    }

    /** One line for each saga, step and status: the pieces that remain, with the highest number of attempts. */
    private List<String> failedCleanups() {
        Map<String, List<CleanupEntry>> groups = journal.cleanups().open().stream()
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

    private String critical(Event event) {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("timestamp", event.at().toString());
        line.put("sagaId", event.sagaId());
        line.put("step", event.step());
        line.put("error", event.message());
        line.put("status", "CRITICAL_FAILURE");
        return JsonLine.of(line);
    }

    private void write(String name, List<String> lines) {
        try (SideEffects.Span watched = SideEffects.begin("report", name)) {
            Permissions.folder(folder);
            Path next = Permissions.file(folder.resolve(name + ".tmp"));
            Files.write(next, lines);
            Files.move(next, folder.resolve(name), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            unwritten.incrementAndGet();
            LOG.warn("cannot write report {} in {} ({}); its entries are in the journal", name, folder, e.getMessage());
        }
    }
}
