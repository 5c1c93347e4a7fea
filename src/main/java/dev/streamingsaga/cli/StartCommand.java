package dev.streamingsaga.cli;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.embedded.Application;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
        name = "start",
        mixinStandardHelpOptions = true,
        description = "Runs the service until interrupted: HTTP API and page, drop folder, messages, recovery,"
                + " clean-up retries and the routes of the routes folder.")
final class StartCommand implements Callable<Integer> {
    @Mixin
    CommonOptions options = new CommonOptions();

    @Option(
            names = "--wait",
            paramLabel = "DURATION",
            description = "retry for this long while a server that it needs is unavailable, such as 10m"
                    + " (default: saga.start.wait, 0s unless it is set)")
    @Nullable
    String wait;

    @Spec
    CommandSpec spec;

    @Override
    public Integer call() throws InterruptedException {
        if (wait != null) {
            options.settings.put("saga.start.wait", wait);
        }
        SagaConfig config = options.load();
        DataDirectorySetup.prepare(config);
        Application application = new PatientStart(
                        config.operation().node().startWait(),
                        spec.commandLine().getErr())
                .start(() -> Application.serve(config));
        Runtime.getRuntime().addShutdownHook(new Thread(application::close, "shutdown"));
        application.address().ifPresent(uri -> spec.commandLine().getOut().println("HTTP API and page: " + uri));
        config.endpoints()
                .drop()
                .dir()
                .ifPresent(dir -> spec.commandLine().getOut().println("drop folder: " + dir + " (.done, .failed)"));
        application
                .broker()
                .ifPresent(url -> spec.commandLine()
                        .getOut()
                        .println("messages: queue " + config.endpoints().jms().queue() + " at " + url));
        if (config.endpoints().jms().embedded()) {
            spec.commandLine()
                    .getOut()
                    .println("messages: credentials for producers in "
                            + config.dataDir().resolve("broker.credentials") + ", for the dead-letter queue in "
                            + config.dataDir().resolve("broker-operator.credentials"));
        }
        spec.commandLine()
                .getOut()
                .println("running in " + config.dataDir() + ", log in "
                        + config.dataDir().resolve("logs"));
        new CountDownLatch(1).await();
        return 0;
    }
}
