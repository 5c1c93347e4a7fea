package dev.streamingsaga.cli;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.embedded.Application;
import dev.streamingsaga.embedded.Inspection;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.operations.SagaOperator;
import dev.streamingsaga.operations.SagaReader;
import dev.streamingsaga.recovery.Drift;
import java.io.PrintWriter;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "verify",
        mixinStandardHelpOptions = true,
        description = {
            "Compares the journal, the bucket and every store for completed documents; older versions that are kept"
                    + " only with the bucket.",
            "Exit code 0: no difference, or all repaired, 1: differences remain, 4: a store is unreachable."
        })
final class VerifyCommand implements Callable<Integer> {
    @Mixin
    CommonOptions options = new CommonOptions();

    @Spec
    CommandSpec spec;

    @ArgGroup(exclusive = true)
    Selection selection = new Selection();

    @Option(names = "--repair", description = "repair from the journal, the original file or the bucket")
    boolean repair;

    @Option(
            names = "--deep",
            description = "read every chunk instead of comparing the checksums that the bucket reports")
    boolean deep;

    private long documents;
    private long versions;
    private long drifts;
    private long repaired;
    private boolean unreachable;

    static final class Selection {
        @Parameters(index = "0", arity = "0..1", paramLabel = "DOCUMENT", description = "one document")
        @Nullable
        String documentId;

        @Option(names = "--all", description = "every completed document and kept version (the default)")
        boolean all;

        @Option(
                names = "--sample",
                paramLabel = "N",
                description = "N completed documents or kept versions, chosen at random")
        @Nullable
        Integer sample;
    }

    @Override
    public Integer call() {
        SagaConfig config = options.load();
        if (selection.sample != null && selection.sample < 1) {
            throw new UsageException("--sample must be 1 or more, was " + selection.sample);
        }
        if (repair) {
            ReadAccess.require(config);
            DataDirectorySetup.prepare(config);
            try (Application application = Application.startWithoutRecovery(config)) {
                SagaOperator operator = application.operator();
                compare(operator, saga -> operator.repair(saga, deep));
            }
        } else {
            try (Inspection inspection = ReadAccess.openAll(config)) {
                SagaReader reader = inspection.reader();
                compare(reader, saga -> reader.verify(saga, deep));
            }
        }
        if (!options.json) {
            spec.commandLine()
                    .getOut()
                    .println(ConsoleText.count(documents, "document")
                            + (versions > 0 ? " and " + ConsoleText.count(versions, "older version") : "")
                            + " compared, "
                            + ConsoleText.countOrNone(drifts, "difference") + " found"
                            + (repair && drifts > 0 ? ", " + repaired + " repaired" : ""));
        }
        return unreachable ? Main.UNREACHABLE : drifts > repaired ? 1 : 0;
    }

    private void compare(SagaReader reader, Function<SagaRecord, List<Drift>> check) {
        for (SagaRecord saga : selectedSagas(reader)) {
            List<Drift> found = check.apply(saga);
            if (saga.supersededBy().isPresent()) {
                versions++;
            } else {
                documents++;
            }
            found.forEach(this::print);
        }
    }

    private List<SagaRecord> selectedSagas(SagaReader reader) {
        if (selection.documentId != null) {
            return withKept(reader, selection.documentId);
        }
        List<SagaRecord> all = new ArrayList<>(reader.documents());
        all.addAll(reader.keptVersions());
        if (selection.sample == null || selection.sample >= all.size()) {
            return all;
        }
        Collections.shuffle(all, new SecureRandom());
        return all.subList(0, selection.sample);
    }

    private static List<SagaRecord> withKept(SagaReader reader, String documentId) {
        List<SagaRecord> all = new ArrayList<>(List.of(reader.document(documentId)));
        reader.keptVersions().stream()
                .filter(saga -> saga.document().orElseThrow().documentId().equals(documentId))
                .forEach(all::add);
        return all;
    }

    private void print(Drift drift) {
        drifts++;
        repaired += drift.repaired() ? 1 : 0;
        unreachable |= drift.kind() == Drift.DriftKind.UNREACHABLE && !drift.repaired();
        PrintWriter out = spec.commandLine().getOut();
        if (options.json) {
            out.println(CommonOptions.json(drift));
        } else {
            out.printf(
                    "%-11s %-10s %s  (document %s)%n    expected %s, found %s%s%s%n",
                    drift.kind(),
                    drift.store(),
                    ConsoleText.safe(drift.resource()),
                    drift.documentId(),
                    ConsoleText.safe(drift.expected()),
                    ConsoleText.safe(drift.found()),
                    drift.repaired() ? "; repaired" : drift.repairable() ? "; --repair can fix it" : "",
                    drift.message().isEmpty() ? "" : "; " + ConsoleText.safe(drift.message()));
        }
    }
}
