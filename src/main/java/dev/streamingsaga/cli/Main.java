package dev.streamingsaga.cli;

import dev.streamingsaga.backup.BackupException;
import dev.streamingsaga.config.ConfigException;
import dev.streamingsaga.config.Product;
import dev.streamingsaga.config.UnavailableException;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.operations.NoReceiptException;
import dev.streamingsaga.operations.OperationException;
import java.io.PrintWriter;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IExecutionExceptionHandler;

/**
 * The command line, {@code ./saga COMMAND}. Exit codes: 0 all COMPLETED, 1 some COMPENSATED, 2 wrong usage or
 * configuration, 3 some PARTIALLY_COMPENSATED, 4 server unreachable.
 */
@Command(
        name = "saga",
        description = "Stores large documents in an object store and four other stores, in one saga.",
        mixinStandardHelpOptions = true,
        version = Product.NAME + " " + Product.VERSION,
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            IngestCommand.class,
            StatusCommand.class,
            ListCommand.class,
            FetchCommand.class,
            VersionsCommand.class,
            SearchCommand.class,
            DeleteCommand.class,
            CancelCommand.class,
            PauseCommand.class,
            ResumeCommand.class,
            StartCommand.class,
            DrainCommand.class,
            KeyCommand.class,
            HoldCommand.class,
            KeyEncryptionCommand.class,
            RotateKeysCommand.class,
            AuditCommand.class,
            RetentionCommand.class,
            CleanupsCommand.class,
            OrphansCommand.class,
            VerifyCommand.class,
            BackupCommand.class,
            RestoreCommand.class,
            ReceiptCommand.class,
            ReceiptsCommand.class,
            DoctorCommand.class,
            CoordinatorCommand.class,
            BenchCommand.class
        })
public final class Main {
    static final int USAGE = 2;
    static final int UNREACHABLE = 4;

    private Main() {}

    @SuppressWarnings("DefaultCharset") // the terminal's
    public static void main(String[] args) {
        int code = run(args, new PrintWriter(System.out, true), new PrintWriter(System.err, true));
        // The coordinator's timers are not daemon threads: without this the process would not end.
        System.exit(code);
    }

    /** Whether the cause is a database or bucket that does not answer. */
    private static boolean isUnreachable(Throwable thrown) {
        for (Throwable t = thrown; t != null; t = t.getCause()) {
            if (t instanceof java.sql.SQLTransientConnectionException
                    || t instanceof java.net.ConnectException
                    || t instanceof software.amazon.awssdk.core.exception.SdkClientException) {
                return true;
            }
        }
        return false;
    }

    /** Like {@link #main}, but returns the exit code. */
    static int run(String[] args, PrintWriter out, PrintWriter err) {
        IExecutionExceptionHandler handler = (thrown, command, parsed) -> {
            if (thrown instanceof OperationException refused) {
                command.getErr().println("saga: " + ConsoleText.safe(OperationErrors.text(refused)));
                return thrown instanceof NoReceiptException ? 1 : USAGE;
            }
            command.getErr().println("saga: " + ConsoleText.safe(String.valueOf(thrown.getMessage())));
            if (thrown instanceof ConfigException
                    || thrown instanceof UsageException
                    || thrown instanceof BackupException refusal && refusal.getCause() == null) {
                return USAGE;
            }
            if (thrown instanceof UnavailableException || isUnreachable(thrown)) {
                return UNREACHABLE;
            }
            if (thrown instanceof BackupException || thrown instanceof SagaException) {
                return 1;
            }
            thrown.printStackTrace(command.getErr());
            return 1;
        };
        CommandLine command = new CommandLine(new Main());
        command.setOut(out).setErr(err).setExecutionExceptionHandler(handler).setCaseInsensitiveEnumValuesAllowed(true);
        if (args.length == 0) {
            command.usage(out);
            return USAGE;
        }
        return command.execute(args);
    }
}
