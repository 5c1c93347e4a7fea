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
        name = "resume",
        mixinStandardHelpOptions = true,
        description = "Resumes a paused saga and waits for its outcome.")
final class ResumeCommand implements Callable<Integer> {
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
                new OperatorCommandSender(config).requestCommand(sagaId, OperatorCommand.RESUME, SagaState::isFinal);
        return ConsoleText.outcome(spec.commandLine(), config, change.after(), summary(change), options.json);
    }

    private static String summary(Change change) {
        SagaRecord after = change.after();
        if (change.before().delivery().isPending()) {
            return "its document is delivered again now, as another saga; status " + after.sagaId() + " shows it";
        }
        if (!after.state().isFinal()) {
            return "not finished yet: the saga did not end within the time limit; status shows its state";
        }
        if (after.lastRun() == change.before().lastRun()) {
            return "not resumed: it was not paused; it ended in run " + after.lastRun();
        }
        long kept = after.resumedBytes() - change.before().resumedBytes();
        return "resumed as run " + after.lastRun()
                + (kept > 0 ? "; " + ConsoleText.size(kept) + " already in the bucket were not sent again" : "");
    }
}
