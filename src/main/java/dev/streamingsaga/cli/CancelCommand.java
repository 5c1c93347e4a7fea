package dev.streamingsaga.cli;

import dev.streamingsaga.cli.OperatorCommandSender.Change;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.journal.OperatorCommand;
import dev.streamingsaga.journal.SagaState;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "cancel",
        mixinStandardHelpOptions = true,
        description = "Stops a saga and compensates it: removes all data that it has written.")
final class CancelCommand implements Callable<Integer> {
    @Mixin
    CommonOptions options = new CommonOptions();

    @Spec
    CommandSpec spec;

    @Parameters(paramLabel = "SAGA", description = "a saga id")
    String sagaId = "";

    @Override
    public Integer call() throws InterruptedException {
        SagaConfig config = options.load();
        Change change =
                new OperatorCommandSender(config).requestCommand(sagaId, OperatorCommand.CANCEL, SagaState::isFinal);
        return ConsoleText.outcome(spec.commandLine(), config, change.after(), summary(change), options.json);
    }

    private static String summary(Change change) {
        if (change.before().delivery().isPending()) {
            return "the redelivery of its document is cancelled";
        }
        return switch (change.after().state()) {
            case COMPENSATED -> "cancelled; all data that it had written was removed";
            case PARTIALLY_COMPENSATED -> "cancelled; some of its data could not be removed: cleanups lists it";
            case COMPLETED -> "not cancelled: it had already completed";
            default -> "not cancelled yet: the saga did not end within the time limit; status shows its state";
        };
    }
}
