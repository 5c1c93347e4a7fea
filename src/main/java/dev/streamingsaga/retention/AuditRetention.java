package dev.streamingsaga.retention;

import dev.streamingsaga.audit.Actor;
import dev.streamingsaga.audit.AuditEntry;
import dev.streamingsaga.audit.AuditLog;
import dev.streamingsaga.config.RetentionPeriod;
import dev.streamingsaga.journal.Journal;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Archives the oldest entries of the audit log and removes them from the journal. Its chain continues to check. Entries
 * that the operator's route has not received yet stay.
 */
public final class AuditRetention implements RetentionRule {
    private static final String KIND = "audit";
    private static final int BATCH = 500;

    private final AuditLog log;
    private final Clock clock;
    private final Optional<RetentionPeriod> period;
    private final ArchiveFiles files;

    public AuditRetention(Journal journal, Path dataDir, Optional<RetentionPeriod> period) {
        this.log = journal.audit();
        this.clock = journal.clock();
        this.period = period;
        this.files = new ArchiveFiles(dataDir, clock);
    }

    @Override
    public String name() {
        return KIND;
    }

    @Override
    public String period() {
        return period.map(RetentionPeriod::toString).orElse("");
    }

    private Instant before() {
        return period.orElseThrow().before(clock.instant());
    }

    @Override
    public RuleReport preview(RetentionPass limits) {
        RuleReport.Builder report = new RuleReport.Builder(this, limits);
        List<AuditEntry> due = log.archivable(before(), limits.limit());
        due.forEach(entry -> report.add(Long.toString(entry.sequence())));
        if (due.size() == limits.limit()) {
            report.incomplete();
        }
        return report.build();
    }

    @Override
    public RuleReport run(RetentionPass pass) {
        RuleReport.Builder report = new RuleReport.Builder(this, pass);
        Instant before = before();
        int removed;
        int batch;
        do {
            if (report.left() == 0 || !pass.mayContinue()) {
                report.incomplete();
                break;
            }
            batch = Math.min(BATCH, report.left());
            List<AuditEntry> archived = new ArrayList<>();
            String file = files.file(KIND);
            removed = log.archive(Actor.system("retention"), before, batch, entries -> {
                files.append(file, entries.stream().map(AuditEntry::fields).toList());
                archived.addAll(entries);
            });
            if (removed > 0) {
                archived.forEach(entry -> report.add(Long.toString(entry.sequence())));
                report.file(file);
                pass.pause();
            }
        } while (removed == batch);
        return report.build();
    }
}
