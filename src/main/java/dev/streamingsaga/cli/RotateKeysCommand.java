package dev.streamingsaga.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.config.UnavailableException;
import dev.streamingsaga.embedded.Application;
import dev.streamingsaga.encryption.KeyException;
import dev.streamingsaga.encryption.KeyServiceUnavailableException;
import dev.streamingsaga.encryption.RotationProgress;
import dev.streamingsaga.encryption.RotationProgress.State;
import dev.streamingsaga.operations.KeyOperator;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.URI;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
        name = "rotate-keys",
        mixinStandardHelpOptions = true,
        description = {
            "Wraps the keys of all documents by the current key encryption key, in journal and manifests. Documents are"
                    + " not encrypted again. Run it again if it was interrupted.",
            "Exit code 0: no document needs an older key any more, 1: some still do."
        })
final class RotateKeysCommand implements Callable<Integer> {
    private static final int POLL_MILLIS = 200;
    private static final ObjectMapper JSON = new ObjectMapper();

    @Mixin
    CommonOptions options = new CommonOptions();

    @Mixin
    ServiceOptions serviceOptions = new ServiceOptions();

    @Spec
    CommandSpec spec;

    @Option(names = "--dry-run", description = "only count the keys that would be wrapped again")
    boolean dryRun;

    @Override
    public Integer call() throws IOException, InterruptedException {
        SagaConfig config = options.load();
        Optional<URI> service = serviceOptions.address(config, "rotate-keys");
        RotationProgress end = service.isPresent() ? remote(service.get()) : local(config);
        print(end);
        return end.failed() == 0 && end.unfinished() == 0 && (dryRun ? end.total() == 0 : end.state() == State.DONE)
                ? 0
                : 1;
    }

    private RotationProgress remote(URI service) throws InterruptedException {
        RemoteOperation remote = new RemoteOperation(
                service, "/api/keys/rotate" + (dryRun ? "?dryRun=true" : ""), serviceOptions.secret());
        RotationProgress first = progress(remote.send());
        return dryRun ? first : await(first, () -> progress(remote.progress()));
    }

    private static RotationProgress progress(JsonNode json) {
        try {
            return JSON.treeToValue(json, RotationProgress.class);
        } catch (JsonProcessingException e) {
            throw new UnavailableException("the service answers something else than the progress of a rotation", e);
        }
    }

    private RotationProgress local(SagaConfig config) throws InterruptedException {
        DataDirectorySetup.prepare(config);
        try (Application application = Application.startWithoutRecovery(config)) {
            KeyOperator keys = application.operator().keys();
            return dryRun ? keys.previewRotation() : await(keys.rotate(), keys::progress);
        } catch (KeyServiceUnavailableException e) {
            throw new UnavailableException(e.getMessage() + "; nothing was done", e);
        } catch (KeyException e) {
            throw new UsageException(e.getMessage() + "; nothing was done");
        }
    }

    @FunctionalInterface
    private interface Progress {
        RotationProgress get() throws InterruptedException;
    }

    private static RotationProgress await(RotationProgress begun, Progress next) throws InterruptedException {
        RotationProgress progress = begun;
        try (Bar bar = Bar.show(begun)) {
            while (progress.state() == State.RUNNING) {
                TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
                progress = next.get();
                bar.update(progress);
            }
        }
        return progress;
    }

    /** A progress bar on standard error, if that is a terminal. */
    private record Bar(Optional<ProgressBar> bar) implements AutoCloseable {
        static Bar show(RotationProgress begun) {
            return new Bar(
                    Boolean.getBoolean("streamingsaga.terminal")
                            ? Optional.of(new ProgressBarBuilder()
                                    .setTaskName("rotate-keys")
                                    .setInitialMax(begun.total())
                                    .setUnit(" keys", 1)
                                    .setStyle(ProgressBarStyle.ASCII)
                                    .build())
                            : Optional.empty());
        }

        void update(RotationProgress progress) {
            bar.ifPresent(shown -> {
                shown.maxHint(progress.total());
                shown.stepTo(progress.rewrapped() + progress.failed());
            });
        }

        @Override
        public void close() {
            bar.ifPresent(ProgressBar::close);
        }
    }

    private void print(RotationProgress end) {
        PrintWriter out = spec.commandLine().getOut();
        if (options.json) {
            out.println(CommonOptions.json(end));
            return;
        }
        String key = ConsoleText.safe(end.currentKeyId());
        if (dryRun) {
            out.println(ConsoleText.countOrNone(end.total(), "key") + " would be wrapped again by " + key);
        } else {
            out.println(ConsoleText.countOrNone(end.rewrapped(), "key") + " wrapped again by " + key
                    + (end.failed() == 0 ? "" : ", " + end.failed() + " failed and stay as they were"));
            if (end.state() == State.STOPPED) {
                out.println("stopped early; run rotate-keys again to continue");
            }
        }
        if (end.unfinished() > 0) {
            out.println(ConsoleText.count(end.unfinished(), "key")
                    + " of unfinished sagas were left alone; run rotate-keys again when these have ended");
        }
        end.errors().forEach(error -> out.println("    " + ConsoleText.safe(error)));
    }
}
