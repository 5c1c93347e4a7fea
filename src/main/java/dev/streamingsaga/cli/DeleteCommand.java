package dev.streamingsaga.cli;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.embedded.Inspection;
import dev.streamingsaga.journal.CleanupEntry;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.operations.DeletionView;
import dev.streamingsaga.operations.SagaOperator;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "delete",
        mixinStandardHelpOptions = true,
        description = "Deletes a completed document with all its versions from the bucket and every store. It is"
                + " visible nowhere from then on, and cannot be restored. The original file is not touched.")
final class DeleteCommand implements Callable<Integer> {
    private static final int INCOMPLETE = 3;

    @Mixin
    CommonOptions options = new CommonOptions();

    @Spec
    CommandSpec spec;

    @Parameters(paramLabel = "DOCUMENT", description = "a document id")
    String documentId = "";

    @Option(names = "--reason", required = true, paramLabel = "TEXT", description = "kept in the journal")
    String reason = "";

    @Option(names = "--yes", description = "do not ask on a terminal")
    boolean yes;

    /** Exit code 3 while any data of the document remains. */
    @Override
    public Integer call() throws IOException, InterruptedException {
        if (reason.isBlank() || reason.length() > SagaOperator.MAX_REASON) {
            throw new UsageException("--reason must have 1 to " + SagaOperator.MAX_REASON
                    + " characters, which the journal keeps; nothing was deleted");
        }
        SagaConfig config = options.load();
        if (!isConfirmed(config)) {
            spec.commandLine().getErr().println("saga: nothing was deleted; answer y, or add --yes");
            return Main.USAGE;
        }
        DeletionView deletion = new OperatorCommandSender(config)
                .delete(documentId, reason, System.getProperty("user.name", "unknown"));
        spec.commandLine().getOut().println(options.json ? CommonOptions.json(deletion) : text(deletion));
        return deletion.state().equals("DELETED") ? 0 : INCOMPLETE;
    }

    /** A script has no terminal and is not asked. */
    private boolean isConfirmed(SagaConfig config) throws IOException {
        if (yes || options.json || !Boolean.getBoolean("streamingsaga.terminal")) {
            return true;
        }
        Optional<String> fileName;
        try (Inspection inspection = ReadAccess.open(config)) {
            fileName = inspection.reader().findDocument(documentId).map(SagaRecord::fileName);
        }
        if (fileName.isEmpty()) {
            return true; // there is nothing to delete, and the answer says so
        }
        PrintWriter err = spec.commandLine().getErr();
        err.print("Delete " + ConsoleText.safe(fileName.get()) + " (document " + documentId + ") permanently? [y/N] ");
        err.flush();
        int answer = System.in.read();
        return answer == 'y' || answer == 'Y';
    }

    private static String text(DeletionView deletion) {
        String document = ConsoleText.safe(deletion.fileName()) + " (document " + deletion.documentId() + ")";
        return switch (deletion.state()) {
            case "DELETED" -> document + " is deleted; its data is gone from the bucket and every store";
            case "PARTIALLY_DELETED" ->
                document + " is deleted and visible nowhere, but "
                        + ConsoleText.count(open(deletion), "piece", "pieces")
                        + " of its data could not be removed yet: cleanups lists them";
            default ->
                document + " is visible nowhere, but not removed yet (" + deletion.state() + "): "
                        + (deletion.lastError() == null
                                ? "the process that uses the data directory continues"
                                : ConsoleText.safe(deletion.lastError()));
        };
    }

    private static long open(DeletionView deletion) {
        return deletion.residue().stream()
                .filter(piece ->
                        CleanupEntry.CleanupState.valueOf(piece.status()).isOpen())
                .count();
    }
}
