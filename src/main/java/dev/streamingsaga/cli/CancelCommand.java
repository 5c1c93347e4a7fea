package dev.streamingsaga.cli;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.journal.Journal.Wish;
import dev.streamingsaga.journal.SagaState;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(name = "cancel", mixinStandardHelpOptions = true, description = "Stops a saga and undoes what it wrote.")
final class CancelCommand implements Callable<Integer> {
    @Mixin CommonOptions options = new CommonOptions();
    @Spec CommandSpec spec;

    @Parameters(paramLabel = "SAGA")
    String sagaId = "";

    @Override
    public Integer call() throws InterruptedException {
        SagaConfig config = options.load();
        return Texts.outcome(spec.commandLine(),
                new RemoteControl(config).wish(sagaId, Wish.CANCEL, SagaState::isFinal), options.json);
    }
}
