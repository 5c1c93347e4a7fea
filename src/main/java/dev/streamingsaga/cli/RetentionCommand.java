package dev.streamingsaga.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.config.UnavailableException;
import dev.streamingsaga.embedded.Application;
import dev.streamingsaga.operations.RetentionOperator;
import dev.streamingsaga.retention.RetentionReport;
import dev.streamingsaga.retention.RetentionReport.State;
import dev.streamingsaga.retention.RuleReport;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.URI;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "retention",
        mixinStandardHelpOptions = true,
        description = {
            "Removes what has been kept as long as saga.retention.* says. A running service does it by itself.",
            "Exit code 0: all rules were applied, 1: a rule failed, or the pass stopped early."
        })
final class RetentionCommand implements Callable<Integer> {
    private static final int POLL_MILLIS = 200;
    private static final ObjectMapper JSON = new ObjectMapper();

    private enum Action {
        RUN
    }

    @Mixin
    CommonOptions options = new CommonOptions();

    @Mixin
    ServiceOptions serviceOptions = new ServiceOptions();

    @Spec
    CommandSpec spec;

    @Parameters(arity = "0..1", paramLabel = "run", description = "remove it now; without it, only say what would go")
    @Nullable
    Action action;

    @Option(names = "--dry-run", description = "only say what would go")
    boolean dryRun;

    @Override
    public Integer call() throws IOException, InterruptedException {
        SagaConfig config = options.load();
        boolean previews = dryRun || action == null;
        Optional<URI> service = serviceOptions.address(config, "retention");
        RetentionReport report = service.isPresent() ? remote(service.get(), previews) : local(config, previews);
        print(report);
        return report.state() == State.PREVIEW || report.state() == State.DONE ? 0 : 1;
    }

    private RetentionReport remote(URI service, boolean previews) throws InterruptedException {
        RemoteOperation remote = new RemoteOperation(
                service, "/api/retention" + (previews ? "?dryRun=true" : ""), serviceOptions.secret());
        RetentionReport first = report(remote.send());
        return previews ? first : await(first, () -> report(remote.progress()));
    }

    private static RetentionReport report(JsonNode json) {
        try {
            return JSON.treeToValue(json, RetentionReport.class);
        } catch (JsonProcessingException e) {
            throw new UnavailableException("the service answers something else than a report of retention", e);
        }
    }

    private static RetentionReport local(SagaConfig config, boolean previews) throws InterruptedException {
        DataDirectorySetup.prepare(config);
        try (Application application = Application.startWithoutRecovery(config)) {
            RetentionOperator retention = application.operator().retention();
            return previews ? retention.preview() : await(retention.run(), retention::progress);
        }
    }

    @FunctionalInterface
    private interface Progress {
        RetentionReport get() throws InterruptedException;
    }

    private static RetentionReport await(RetentionReport begun, Progress next) throws InterruptedException {
        RetentionReport report = begun;
        while (report.state() == State.RUNNING) {
            TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
            report = next.get();
        }
        return report;
    }

    private void print(RetentionReport report) {
        PrintWriter out = spec.commandLine().getOut();
        if (options.json) {
            out.println(CommonOptions.json(report));
            return;
        }
        if (report.state() == State.ELSEWHERE) {
            out.println("another node does a pass now; nothing was done here");
        } else if (report.rules().isEmpty()) {
            out.println("no rule is on; saga.retention.* switches them on");
        }
        report.rules().forEach(rule -> print(out, rule, report.state() == State.PREVIEW));
    }

    private static void print(PrintWriter out, RuleReport rule, boolean previews) {
        out.println(ConsoleText.safe(rule.rule()) + " older than " + ConsoleText.safe(rule.period()) + ": "
                + rule.count() + (previews ? " would be removed" : " removed")
                + (rule.complete() ? "" : previews ? " by the next pass, more by later ones" : ", more by later passes")
                + (rule.held() == 0 ? "" : ", " + rule.held() + " held")
                + (rule.file().isEmpty() ? "" : ", archived in " + ConsoleText.safe(rule.file())));
        rule.ids().forEach(id -> out.println("    " + ConsoleText.safe(id)));
        rule.heldItems()
                .forEach(item -> out.println(
                        "    " + ConsoleText.safe(item.id()) + " held: " + ConsoleText.safe(item.reason())));
        if (!rule.error().isEmpty()) {
            out.println("    failed: " + ConsoleText.safe(rule.error()));
        }
    }
}
