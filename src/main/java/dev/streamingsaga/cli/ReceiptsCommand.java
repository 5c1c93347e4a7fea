package dev.streamingsaga.cli;

import dev.streamingsaga.embedded.Inspection;
import dev.streamingsaga.receipt.ReceiptFinding;
import dev.streamingsaga.receipt.VerificationKeys;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
        name = "receipts",
        mixinStandardHelpOptions = true,
        description = "Operations on all receipts of the journal.",
        synopsisSubcommandLabel = "check",
        subcommands = ReceiptsCommand.Check.class)
final class ReceiptsCommand implements Callable<Integer> {
    @Spec
    CommandSpec spec;

    @Override
    public Integer call() {
        throw new UsageException("say what to do: receipts check");
    }

    @Command(
            name = "check",
            mixinStandardHelpOptions = true,
            description = {
                "Checks every receipt and their chain, and compares them with the documents in the journal.",
                "Exit code 0: all is well, 1: something was removed or changed, 4: the bucket is unreachable."
            })
    static final class Check implements Callable<Integer> {
        @Mixin
        CommonOptions options = new CommonOptions();

        @Spec
        CommandSpec spec;

        @Option(names = "--bucket", description = "compare the copies beside the manifests, too")
        boolean bucket;

        @Option(
                names = "--key",
                paramLabel = "KEYS",
                description = "JSON Web Key or key set that you kept elsewhere: only these may have signed; without it"
                        + " those of the journal, which whoever can write to it can replace")
        @Nullable
        Path keys;

        private long found;
        private boolean unreachable;

        @Override
        public Integer call() throws IOException {
            Optional<VerificationKeys> trusted =
                    keys == null ? Optional.empty() : Optional.of(ReceiptVerifyCommand.keys(keys));
            long receipts;
            try (Inspection inspection = ReadAccess.open(options.load())) {
                receipts = inspection.reader().checkReceipts(trusted, bucket, this::print);
            }
            if (!options.json) {
                spec.commandLine()
                        .getOut()
                        .println(ConsoleText.count(receipts, "receipt") + " checked, "
                                + ConsoleText.countOrNone(found, "finding"));
            }
            return unreachable ? Main.UNREACHABLE : found > 0 ? 1 : 0;
        }

        private void print(ReceiptFinding finding) {
            found++;
            unreachable |= finding.kind() == ReceiptFinding.FindingKind.UNREACHABLE;
            PrintWriter out = spec.commandLine().getOut();
            if (options.json) {
                out.println(CommonOptions.json(finding));
            } else {
                out.println(ConsoleText.safe(finding.kind()
                        + (finding.sequence() == 0 ? "" : " receipt " + finding.sequence())
                        + (finding.documentId().isEmpty() ? "" : " document " + finding.documentId()) + ": "
                        + finding.message()));
            }
        }
    }
}
