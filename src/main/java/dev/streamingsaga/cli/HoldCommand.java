package dev.streamingsaga.cli;

import dev.streamingsaga.embedded.Inspection;
import dev.streamingsaga.journal.LegalHold;
import dev.streamingsaga.operations.LegalHoldOperator;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

@Command(
        name = "hold",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND",
        description = "Legal holds: while one is on a document or its owner, nobody can delete the document, and"
                + " retention and newer versions remove nothing of it.",
        subcommands = {HoldCommand.Add.class, HoldCommand.Remove.class, HoldCommand.ListHolds.class})
final class HoldCommand implements Callable<Integer> {
    @Mixin
    CommonOptions options = new CommonOptions();

    @Spec
    CommandSpec spec;

    @Option(
            names = "--reason",
            scope = ScopeType.INHERIT,
            paramLabel = "TEXT",
            description = "with add and remove, required: kept in the journal")
    String reason = "";

    @Override
    public Integer call() {
        throw new UsageException("hold needs a command: add, remove or list");
    }

    private void requireReason() {
        if (reason.isBlank() || reason.length() > LegalHoldOperator.MAX_REASON) {
            throw new UsageException("--reason must have 1 to " + LegalHoldOperator.MAX_REASON
                    + " characters, which the journal keeps; nothing was changed");
        }
    }

    private <T> T with(Function<LegalHoldOperator, T> work) {
        try (Inspection inspection = ReadAccess.open(options.load())) {
            return work.apply(inspection.commands().legalHolds());
        }
    }

    private static String user() {
        return System.getProperty("user.name", "unknown");
    }

    private void print(LegalHold hold) {
        spec.commandLine().getOut().println(options.json ? CommonOptions.json(hold.facts()) : text(hold));
    }

    private static String text(LegalHold hold) {
        LegalHold.Release release = hold.release();
        return hold.holdId() + "  " + (hold.subject() == LegalHold.Subject.DOCUMENT ? "document " : "owner ")
                + ConsoleText.safe(hold.value()) + "  placed " + hold.placedAt() + " by "
                + ConsoleText.safe(hold.placedBy()) + ": " + ConsoleText.safe(hold.reason())
                + (release == null
                        ? ""
                        : System.lineSeparator() + "    released " + release.at() + " by "
                                + ConsoleText.safe(release.by()) + ": " + ConsoleText.safe(release.reason()));
    }

    /** A command about holds; it fails with an exception. */
    abstract static class Subcommand implements Callable<Integer> {
        @ParentCommand
        @Nullable
        HoldCommand parent;

        abstract void run(HoldCommand hold);

        @Override
        public final Integer call() {
            run(Objects.requireNonNull(parent));
            return 0;
        }
    }

    @Command(name = "add", mixinStandardHelpOptions = true, description = "Places a hold.")
    static final class Add extends Subcommand {
        @Option(names = "--document", paramLabel = "ID", description = "on this document, with all its versions")
        @Nullable
        String document;

        @Option(
                names = "--owner",
                paramLabel = "NAME",
                description = "on all documents of this owner, also on those that are yet to come")
        @Nullable
        String owner;

        @Override
        void run(HoldCommand hold) {
            hold.requireReason();
            String onDocument = document;
            String onOwner = owner;
            if (onDocument != null && onOwner == null) {
                hold.print(hold.with(holds -> holds.placeOnDocument(onDocument, hold.reason, user())));
            } else if (onOwner != null && onDocument == null) {
                hold.print(hold.with(holds -> place(holds, onOwner, hold.reason)));
            } else {
                throw new UsageException("hold add needs either --document ID or --owner NAME; nothing was changed");
            }
        }

        private static LegalHold place(LegalHoldOperator holds, String onOwner, String reason) {
            try {
                return holds.placeOnOwner(onOwner, reason, user());
            } catch (IllegalArgumentException e) {
                throw new UsageException("--owner: " + e.getMessage() + "; nothing was changed");
            }
        }
    }

    @Command(name = "remove", mixinStandardHelpOptions = true, description = "Ends a hold. Its record stays.")
    static final class Remove extends Subcommand {
        @Parameters(paramLabel = "HOLD", description = "id of the hold")
        String holdId = "";

        @Override
        void run(HoldCommand hold) {
            hold.requireReason();
            hold.print(hold.with(holds -> holds.release(holdId, hold.reason, user())));
        }
    }

    @Command(name = "list", mixinStandardHelpOptions = true, description = "Lists holds, newest first.")
    static final class ListHolds extends Subcommand {
        private static final int PAGE = 1000;

        @Option(names = "--all", description = "include holds that have ended")
        boolean all;

        @Override
        void run(HoldCommand hold) {
            int found = hold.with(holds -> printAll(hold, holds));
            if (found == 0 && !hold.options.json) {
                hold.spec.commandLine().getOut().println("no legal hold is in force");
            }
        }

        private int printAll(HoldCommand hold, LegalHoldOperator holds) {
            int found = 0;
            String below = "";
            List<LegalHold> page;
            do {
                page = holds.list(below, all, PAGE);
                page.forEach(hold::print);
                found += page.size();
                below = page.isEmpty() ? "" : page.get(page.size() - 1).holdId();
            } while (page.size() == PAGE);
            return found;
        }
    }
}
