package dev.streamingsaga.cli;

import dev.streamingsaga.embedded.Inspection;
import dev.streamingsaga.journal.Receipt;
import dev.streamingsaga.operations.SagaReader;
import dev.streamingsaga.receipt.InclusionProof;
import dev.streamingsaga.receipt.ReceiptException;
import dev.streamingsaga.receipt.ReceiptVerifier;
import dev.streamingsaga.receipt.VerificationKeys;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

@Command(
        name = "receipt",
        description = {
            "Prints the signed receipt of a completed document, or a proof for one of its chunks.",
            "Exit code 1: the document has no receipt, 2: there is no such document."
        },
        subcommands = {ReceiptVerifyCommand.class, ReceiptCommand.Key.class})
final class ReceiptCommand implements Callable<Integer> {
    @Mixin
    CommonOptions options = new CommonOptions();

    @Spec
    CommandSpec spec;

    @Parameters(paramLabel = "DOCUMENT", arity = "0..1", description = "a document id")
    @Nullable
    String documentId;

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FILE",
            description = "file to write; must not exist without --force")
    @Nullable
    Path output;

    @Option(names = "--force", description = "replace an existing file")
    boolean force;

    @Option(
            names = "--version",
            paramLabel = "N",
            description = "an older version, also one that was removed; versions lists them (default: the current one)")
    @Nullable
    Integer version;

    // Without the standard options: their --version would be another one.
    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Show this help message and exit.")
    boolean help;

    @Option(names = "--chunk", paramLabel = "N", description = "prove that this chunk, from 0, belongs to the document")
    @Nullable
    Integer chunk;

    @Override
    public Integer call() throws IOException {
        if (documentId == null) {
            throw new UsageException("name a document: receipt DOCUMENT; to verify one, receipt verify FILE");
        }
        try (Inspection inspection = ReadAccess.open(options.load())) {
            SagaReader reader = inspection.reader();
            Receipt receipt = version == null ? reader.receipt(documentId) : reader.receipt(documentId, version);
            String text = chunk == null
                    ? receipt.jws()
                    : InclusionProof.of(
                                    ReceiptVerifier.verify(receipt.jws(), VerificationKeys.parse(reader.receiptKeys())),
                                    chunk)
                            .json();
            write(receipt, text);
            return 0;
        } catch (ReceiptException e) {
            throw new UsageException(String.valueOf(e.getMessage()));
        }
    }

    private void write(Receipt receipt, String text) throws IOException {
        if (output != null) {
            OutputFile.write(output, (text + "\n").getBytes(StandardCharsets.US_ASCII), force);
        }
        if (options.json) {
            Map<String, Object> view = new LinkedHashMap<>();
            view.put("documentId", receipt.documentId());
            view.put("sagaId", receipt.sagaId());
            view.put("sequence", receipt.sequence());
            view.put("issuedAt", receipt.issuedAt().toString());
            view.put("keyId", receipt.keyId());
            view.put("sha256", receipt.sha256());
            view.put(chunk == null ? "receipt" : "proof", text);
            spec.commandLine().getOut().println(CommonOptions.json(view));
        } else if (output == null) {
            spec.commandLine().getOut().println(text);
        } else {
            spec.commandLine()
                    .getOut()
                    .println(ConsoleText.safe(output + ": receipt " + receipt.sequence()
                            + (chunk == null ? "" : ", proof of chunk " + chunk) + ", signed with key "
                            + receipt.keyId()));
        }
    }

    @Command(
            name = "key",
            mixinStandardHelpOptions = true,
            description = "Prints the public keys that receipts were signed with, as a JSON Web Key Set.")
    static final class Key implements Callable<Integer> {
        @ParentCommand
        @Nullable
        ReceiptCommand parent;

        @Override
        public Integer call() {
            ReceiptCommand command = Objects.requireNonNull(parent);
            try (Inspection inspection = ReadAccess.open(command.options.load())) {
                command.spec.commandLine().getOut().println(inspection.reader().receiptKeys());
            }
            return 0;
        }
    }
}
