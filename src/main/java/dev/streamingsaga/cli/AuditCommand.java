package dev.streamingsaga.cli;

import dev.streamingsaga.audit.AuditAction;
import dev.streamingsaga.audit.AuditAnchor;
import dev.streamingsaga.audit.AuditEntry;
import dev.streamingsaga.audit.AuditFilter;
import dev.streamingsaga.audit.AuditReport;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.embedded.Inspection;
import dev.streamingsaga.operations.SagaReader;
import dev.streamingsaga.ops.AuditAnchorFile;
import java.io.PrintWriter;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
        name = "audit",
        mixinStandardHelpOptions = true,
        description = {
            "Lists the audit log, newest entry first: who did what, when, to which document.",
            "With --check, compares the whole log with its hashes. Exit code 0: it is as it was written, 1: it is not."
        })
final class AuditCommand implements Callable<Integer> {
    @Mixin
    CommonOptions options = new CommonOptions();

    @Spec
    CommandSpec spec;

    @Option(names = "--check", description = "find changed, removed, inserted and moved entries")
    boolean check;

    @Option(
            names = "--anchor",
            paramLabel = "SEQUENCE:HASH",
            description = "with --check: an entry that the log must contain, in addition to the one that the data"
                    + " directory remembers")
    List<String> anchors = List.of();

    @Option(names = "--document", paramLabel = "ID", description = "only entries about this document")
    @Nullable
    String document;

    @Option(
            names = "--actor",
            paramLabel = "ACTOR",
            description = "only entries of this actor: its id, or kind and id such as KEY:scanner")
    @Nullable
    String actor;

    @Option(names = "--action", paramLabel = "ACTION", description = "only entries of this action, such as FETCH")
    @Nullable
    AuditAction action;

    @Option(
            names = "--since",
            paramLabel = "TIME",
            description = "only entries written then or later, such as 2026-03-01 or 2026-03-01T14:30:00Z")
    @Nullable
    String since;

    @Option(
            names = "--limit",
            defaultValue = "100",
            description = "maximum number of entries (default: ${DEFAULT-VALUE})")
    int limit;

    @Override
    public Integer call() {
        if (limit < 1) {
            throw new UsageException("--limit must be 1 or more, was " + limit);
        }
        AuditFilter filter = new AuditFilter(
                Optional.ofNullable(document),
                Optional.ofNullable(actor),
                Optional.ofNullable(action),
                Optional.ofNullable(since).map(AuditCommand::time));
        SagaConfig config = options.load();
        try (Inspection inspection = ReadAccess.open(config)) {
            if (check) {
                return check(inspection.reader(), new AuditAnchorFile(config.dataDir()));
            }
            inspection.reader().audit(filter, 0, limit).forEach(this::print);
            return 0;
        }
    }

    private static Instant time(String value) {
        try {
            return value.contains("T")
                    ? OffsetDateTime.parse(value).toInstant()
                    : LocalDate.parse(value).atStartOfDay(ZoneOffset.UTC).toInstant();
        } catch (DateTimeException e) {
            throw new UsageException("--since must be a time such as 2026-03-01 or 2026-03-01T14:30:00Z, was " + value);
        }
    }

    private int check(SagaReader reader, AuditAnchorFile file) {
        List<AuditAnchor> remembered = new ArrayList<>();
        file.read().ifPresent(remembered::add);
        for (String text : anchors) {
            remembered.add(AuditAnchor.parse(text)
                    .orElseThrow(() -> new UsageException("--anchor must be SEQUENCE:HASH, was " + text)));
        }
        AuditReport report = reader.checkAudit(remembered);
        PrintWriter out = spec.commandLine().getOut();
        if (options.json) {
            out.println(CommonOptions.json(view(report)));
        } else {
            report.findings()
                    .forEach(finding -> out.println(finding.kind() + "  " + ConsoleText.safe(finding.message())));
            out.println(ConsoleText.count(report.entries(), "entry", "entries") + " read, "
                    + ConsoleText.countOrNone(report.findings().size(), "finding")
                    + "; newest entry " + report.newest());
        }
        return report.isClean() ? 0 : 1;
    }

    private static Map<String, Object> view(AuditReport report) {
        Map<String, Object> view = new LinkedHashMap<>();
        view.put("entries", report.entries());
        view.put("clean", report.isClean());
        view.put("findings", report.findings());
        view.put("newest", report.newest().toString());
        return view;
    }

    private void print(AuditEntry entry) {
        PrintWriter out = spec.commandLine().getOut();
        if (options.json) {
            out.println(CommonOptions.json(entry.fields()));
            return;
        }
        out.printf(
                "%d  %s  %-9s %s%s%s  %s%n",
                entry.sequence(),
                entry.at(),
                entry.action(),
                ConsoleText.safe(entry.kind() + ":" + entry.actor()),
                entry.documentId().isEmpty() ? "" : "  document " + entry.documentId(),
                entry.sagaId().isEmpty() ? "" : "  saga " + entry.sagaId(),
                ConsoleText.safe(entry.detailMap().toString()));
    }
}
