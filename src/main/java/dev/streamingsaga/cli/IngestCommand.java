package dev.streamingsaga.cli;

import dev.streamingsaga.access.SecurityLabel;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.config.UnavailableException;
import dev.streamingsaga.embedded.Application;
import dev.streamingsaga.ingest.IngestResult;
import dev.streamingsaga.intake.DocumentRefusedException;
import java.io.PrintWriter;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "ingest",
        mixinStandardHelpOptions = true,
        description = "Runs the saga for each file and waits for the outcomes.")
final class IngestCommand implements Callable<Integer> {
    @Mixin
    CommonOptions options = new CommonOptions();

    @Spec
    CommandSpec spec;

    @Parameters(arity = "1..*", paramLabel = "FILE", description = "files to store")
    List<Path> files = new ArrayList<>();

    @Option(names = "--quiet", description = "no progress bar")
    boolean quiet;

    @Option(
            names = "--strict",
            description = "end with exit code 1 also if a document was stored with warnings: some of its text is"
                    + " missing or uncertain")
    boolean strict;

    @Option(
            names = "--owner",
            paramLabel = "OWNER",
            description = "owner of the documents (default: saga.security.owner)")
    @Nullable
    String owner;

    @Option(
            names = "--classification",
            paramLabel = "WORD",
            description = "public, internal, confidential or restricted (default: saga.security.classification)")
    @Nullable
    String classification;

    @Option(
            names = "--url",
            paramLabel = "URL",
            description = "send the files to a running instance; start prints its URL")
    @Nullable
    URI url;

    @Option(
            names = "--key",
            paramLabel = "KEY",
            description = "API key for --url; preferably set in the environment as SAGA_KEY")
    @Nullable
    String key;

    @Override
    public Integer call() throws InterruptedException {
        if (url != null) {
            return send(url);
        }
        SagaConfig config = options.load();
        Optional<SecurityLabel> label = label(config.documents().security().label());
        DataDirectorySetup.prepare(config);
        try (Application application = Application.start(config);
                ProgressDisplay bar = new ProgressDisplay(application.operator()::running, files.size())) {
            if (!quiet) {
                bar.show();
            }
            int exitCode = ingest(application, Math.min(config.concurrency(), files.size()), label, bar);
            // Sagas of a killed process also end before this process does.
            application.operator().awaitRecovered();
            return exitCode;
        }
    }

    private Optional<SecurityLabel> label(SecurityLabel usual) {
        if (owner == null && classification == null) {
            return Optional.empty();
        }
        try {
            return Optional.of(SecurityLabel.checked(
                    owner == null ? usual.owner() : owner,
                    classification == null ? usual.classification() : classification));
        } catch (IllegalArgumentException e) {
            throw new UsageException(e.getMessage() + "; nothing was stored");
        }
    }

    private int send(URI target) throws InterruptedException {
        if (target.getHost() == null || !List.of("http", "https").contains(target.getScheme())) {
            throw new UsageException("--url must be an http or https URL");
        }
        String secret = key != null ? key : System.getenv().getOrDefault("SAGA_KEY", "");
        RemoteIngest remote =
                new RemoteIngest(target, secret, Optional.ofNullable(owner), Optional.ofNullable(classification));
        int exitCode = 0;
        for (Path file : files) {
            try {
                IngestResult result = remote.ingest(file);
                print(spec.commandLine().getOut(), result);
                exitCode = Math.max(exitCode, ConsoleText.exitCode(result, strict));
            } catch (UsageException | UnavailableException e) {
                spec.commandLine().getErr().println("saga: " + ConsoleText.safe(String.valueOf(e.getMessage())));
                exitCode = Math.max(exitCode, e instanceof UsageException ? Main.USAGE : Main.UNREACHABLE);
            }
        }
        return exitCode;
    }

    private int ingest(Application application, int threads, Optional<SecurityLabel> label, ProgressDisplay bar)
            throws InterruptedException {
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        ExecutorCompletionService<IngestResult> results = new ExecutorCompletionService<>(pool);
        files.forEach(file -> results.submit(() -> application.operator().ingest(file, label)));
        int exitCode = 0;
        try {
            for (int i = 0; i < files.size(); i++) {
                Future<IngestResult> completed = results.take();
                bar.clear();
                exitCode = Math.max(exitCode, outcome(completed));
            }
        } finally {
            pool.shutdownNow();
        }
        return exitCode;
    }

    /** Prints an outcome or an error. A file that could not be journaled must not hide the outcomes of others. */
    private int outcome(Future<IngestResult> completed) throws InterruptedException {
        try {
            IngestResult result = completed.get();
            print(spec.commandLine().getOut(), result);
            return ConsoleText.exitCode(result, strict);
        } catch (ExecutionException e) {
            spec.commandLine()
                    .getErr()
                    .println("saga: "
                            + ConsoleText.safe(String.valueOf(
                                    Objects.requireNonNull(e.getCause()).getMessage())));
            return e.getCause() instanceof DocumentRefusedException ? Main.USAGE : Main.UNREACHABLE;
        }
    }

    private void print(PrintWriter out, IngestResult result) {
        if (options.json) {
            out.println(CommonOptions.json(result));
        } else {
            ConsoleText.result(out, result);
        }
    }
}
