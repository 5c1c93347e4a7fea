package dev.streamingsaga.cli;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.embedded.StandaloneCoordinator;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

@Command(
        name = "coordinator",
        mixinStandardHelpOptions = true,
        description = "Runs only the embedded LRA coordinator, for several instances to share, until interrupted.")
final class CoordinatorCommand implements Callable<Integer> {
    @Mixin
    CommonOptions options = new CommonOptions();

    @Spec
    CommandSpec spec;

    @Override
    public Integer call() throws InterruptedException {
        SagaConfig config = options.load();
        DataDirectorySetup.prepare(config);
        StandaloneCoordinator coordinator = StandaloneCoordinator.start(config);
        Runtime.getRuntime().addShutdownHook(new Thread(coordinator::close, "shutdown"));
        spec.commandLine()
                .getOut()
                .println("coordinator at " + coordinator.url() + ", state in "
                        + config.dataDir().resolve("coordinator"));
        coordinator
                .secretFile()
                .ifPresent(file -> spec.commandLine()
                        .getOut()
                        .println("secret in " + file + ": each node needs it as saga.coordinator.secret"));
        new CountDownLatch(1).await();
        return 0;
    }
}
