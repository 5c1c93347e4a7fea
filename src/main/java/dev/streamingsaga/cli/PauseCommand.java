package dev.streamingsaga.cli;

import dev.streamingsaga.cli.OperatorCommandSender.Change;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.journal.OperatorCommand;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.SagaState;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "pause",
        mixinStandardHelpOptions = true,
        description = "Pauses a saga. Keeps the data that it has written, until resume or cancel.")
final class PauseCommand implements Callable<Integer> {
    @Mixin
    CommonOptions options = new CommonOptions();

    @Spec
    CommandSpec spec;

    @Parameters(paramLabel = "SAGA", description = "a saga id")
    String sagaId = "";

    @Override
    public Integer call() throws InterruptedException {
        SagaConfig config = options.load();
        Change change = new OperatorCommandSender(config)
                .requestCommand(sagaId, OperatorCommand.PAUSE, state -> state == SagaState.PAUSED || state.isFinal());
        return ConsoleText.outcome(spec.commandLine(), config, change.after(), summary(change.after()), options.json);
    }

    private static String summary(SagaRecord saga) {
        if (saga.state() == SagaState.PAUSED) {
            return "paused; nothing was removed; resume " + saga.sagaId() + " continues it, cancel " + saga.sagaId()
                    + " compensates it";
        }
        return saga.state().isFinal()
                ? "not paused: it had already ended"
                : "not paused yet: the process that runs it has not reacted; status shows its state";
    }
}
