package dev.streamingsaga.cli;

import dev.streamingsaga.receipt.ReceiptVerifier;
import dev.streamingsaga.receipt.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Says in words what a receipt states. */
final class ReceiptText {
    private ReceiptText() {}

    static String of(ReceiptVerifier.Verified verified) {
        Statement statement = verified.statement();
        List<String> lines = new ArrayList<>();
        lines.add(
                verified.signerKnown()
                        ? "Genuine: signed with key " + verified.keyId() + ", which you trust."
                        : "Unchanged since it was signed with key " + verified.keyId() + ", which the receipt itself"
                                + " names. This does not prove who signed it: compare the key id, or use --key.");
        lines.add("Receipt " + statement.chain().sequence() + " of journal "
                + statement.chain().journal() + ", issued " + statement.chain().issuedAt() + ".");
        lines.addAll(
                switch (statement.kind()) {
                    case Statement.COMPLETION -> completion(statement);
                    case Statement.DELETION -> deletion(statement);
                    default ->
                        List.of(
                                "It stands in place of an encrypted document's receipt, whose SHA-256 is "
                                        + statement.receiptSha256() + ".",
                                document(statement));
                });
        return String.join("\n", lines);
    }

    private static String document(Statement statement) {
        return "Document " + statement.document().documentId() + ", saga "
                + statement.document().sagaId() + ".";
    }

    private static List<String> completion(Statement statement) {
        Statement.Subject document = statement.document();
        Statement.@Nullable Content content = statement.content();
        List<String> lines = new ArrayList<>();
        lines.add(document(statement));
        lines.add("File " + document.fileName() + ", " + document.contentType() + ", "
                + String.format(Locale.ROOT, "%,d", document.sizeBytes()) + " bytes, SHA-256 " + document.sha256()
                + ".");
        lines.add("Owner " + document.owner() + ", classification " + document.classification() + "; received "
                + document.receivedAt() + ", completed " + document.completedAt() + ".");
        if (content != null) {
            lines.add("Stored in bucket " + content.bucket() + " below " + content.keyPrefix() + ": "
                    + ConsoleText.count(content.chunks().size(), "chunk") + ", root of the hash tree "
                    + content.merkleRoot() + ".");
        }
        if (statement.stores() != null) {
            lines.add("Stores: "
                    + statement.stores().entrySet().stream()
                            .map(entry -> entry.getKey() + " " + entry.getValue())
                            .collect(Collectors.joining(", "))
                    + ".");
        }
        if (statement.warnings() != null && !statement.warnings().isEmpty()) {
            lines.add("Warnings: " + String.join(", ", statement.warnings()) + ".");
        }
        Statement.@Nullable Software software = statement.software();
        if (software != null) {
            lines.add("By " + software.name() + " " + software.version()
                    + (software.embeddingModel() == null ? "" : ", embedding model " + software.embeddingModel())
                    + ".");
        }
        return lines;
    }

    private static List<String> deletion(Statement statement) {
        Statement.@Nullable Deletion deletion = statement.deletion();
        List<String> lines = new ArrayList<>();
        lines.add(document(statement));
        if (deletion != null) {
            lines.add("Deleted " + deletion.deletedAt() + ", requested " + deletion.requestedAt() + " by "
                    + deletion.requestedBy() + ": " + deletion.reason() + ".");
            lines.add(
                    deletion.keyDestroyed()
                            ? "Its key was destroyed first: no copy of its chunks can be read any more."
                            : "It was not encrypted, or its key was kept.");
            if (!deletion.residue().isEmpty()) {
                lines.add("Not removed yet: " + String.join(", ", deletion.residue()) + ".");
            }
        }
        return lines;
    }

    /** Removes control characters except line ends. */
    static String safe(String text) {
        return text.lines().map(ConsoleText::safe).collect(Collectors.joining("\n"));
    }
}
