package dev.streamingsaga.cli;

import dev.streamingsaga.receipt.InclusionProof;
import dev.streamingsaga.receipt.OriginalComparison;
import dev.streamingsaga.receipt.ReceiptException;
import dev.streamingsaga.receipt.ReceiptVerifier;
import dev.streamingsaga.receipt.Statement;
import dev.streamingsaga.receipt.VerificationKeys;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

@Command(
        name = "verify",
        mixinStandardHelpOptions = true,
        description = {
            "Verifies a receipt, without a service or a data directory.",
            "Exit code 0: genuine, and all that was compared matches; 1: otherwise; 2: a file cannot be used."
        })
final class ReceiptVerifyCommand implements Callable<Integer> {
    private static final int SHOWN_CHUNKS = 20;

    @ParentCommand
    @Nullable
    ReceiptCommand parent;

    @Spec
    CommandSpec spec;

    @Parameters(paramLabel = "FILE", description = "a receipt")
    Path file = Path.of("");

    @Option(names = "--against", paramLabel = "ORIGINAL", description = "a file that must be the document")
    @Nullable
    Path original;

    @Option(
            names = "--key",
            paramLabel = "KEYS",
            description = "JSON Web Key or key set of the signer, as receipt key prints it")
    @Nullable
    Path keys;

    @Option(names = "--chunk", paramLabel = "CHUNK", description = "a file that must be one chunk; needs --proof")
    @Nullable
    Path chunk;

    @Option(names = "--proof", paramLabel = "PROOF", description = "proof for the chunk, as receipt --chunk prints it")
    @Nullable
    Path proof;

    /** @param facts for --json; {@code valid} is whether all is well */
    private record Outcome(boolean valid, Map<String, Object> facts, String text) {}

    @Override
    public Integer call() throws IOException {
        if ((chunk == null) != (proof == null)) {
            throw new UsageException("--chunk and --proof belong together");
        }
        Outcome outcome = verify();
        boolean json = parent != null && parent.options.json;
        spec.commandLine().getOut().println(json ? CommonOptions.json(outcome.facts()) : outcome.text());
        return outcome.valid() ? 0 : 1;
    }

    private Outcome verify() throws IOException {
        String jws = read(file);
        Optional<VerificationKeys> trusted = keys == null ? Optional.empty() : Optional.of(keys(keys));
        ReceiptVerifier.Verified verified;
        try {
            verified = trusted.isPresent() ? ReceiptVerifier.verify(jws, trusted.get()) : ReceiptVerifier.verify(jws);
        } catch (ReceiptException e) {
            return outcome(false, new LinkedHashMap<>(), "NOT GENUINE: " + e.getMessage());
        }
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("signerKnown", verified.signerKnown());
        facts.put("keyId", verified.keyId());
        facts.put("receiptSha256", verified.sha256());
        facts.put("statement", verified.statement());
        StringBuilder text = new StringBuilder(ReceiptText.of(verified));
        boolean sameOriginal = compareOriginal(verified.statement(), facts, text);
        boolean proved = compareChunk(verified, facts, text);
        return outcome(sameOriginal && proved, facts, text.toString());
    }

    private static Outcome outcome(boolean valid, Map<String, Object> facts, String text) {
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("valid", valid);
        all.putAll(facts);
        if (facts.isEmpty()) {
            all.put("message", text);
        }
        return new Outcome(valid, all, ReceiptText.safe(text));
    }

    private boolean compareOriginal(Statement statement, Map<String, Object> facts, StringBuilder text)
            throws IOException {
        if (original == null) {
            return true;
        }
        if (statement.content() == null) {
            throw new UsageException("this is not the receipt of a stored document; nothing can be compared with it");
        }
        requireFile(original);
        OriginalComparison found = OriginalComparison.of(original, statement);
        facts.put("original", found);
        if (found.same()) {
            text.append("\nThe file ").append(original).append(" is this document, byte by byte.");
        } else {
            text.append("\nDIFFERENT: ")
                    .append(original)
                    .append(" has ")
                    .append(found.sizeBytes())
                    .append(" bytes with SHA-256 ")
                    .append(found.sha256())
                    .append(differing(found));
        }
        return found.same();
    }

    private static String differing(OriginalComparison found) {
        if (found.differingChunks().isEmpty()) {
            return "; all chunks are in it, and more after them";
        }
        int count = found.differingChunks().size();
        return "; " + ConsoleText.count(count, "chunk differs", "chunks differ") + ": "
                + found.differingChunks().stream()
                        .limit(SHOWN_CHUNKS)
                        .map(Object::toString)
                        .collect(Collectors.joining(", "))
                + (count > SHOWN_CHUNKS ? ", …" : "");
    }

    private boolean compareChunk(ReceiptVerifier.Verified verified, Map<String, Object> facts, StringBuilder text)
            throws IOException {
        if (chunk == null || proof == null) {
            return true;
        }
        requireFile(chunk);
        try {
            InclusionProof parsed = InclusionProof.parse(read(proof));
            parsed.check(chunk, verified.statement());
            facts.put("chunk", parsed.index());
            text.append("\nThe file ")
                    .append(chunk)
                    .append(" is chunk ")
                    .append(parsed.index())
                    .append(" of this document.");
            return true;
        } catch (ReceiptException e) {
            facts.put("chunkError", String.valueOf(e.getMessage()));
            text.append("\nNOT PROVED: ").append(e.getMessage());
            return false;
        }
    }

    static VerificationKeys keys(Path file) throws IOException {
        try {
            return VerificationKeys.parse(read(file));
        } catch (ReceiptException e) {
            throw new UsageException("--key " + file + ": " + e.getMessage());
        }
    }

    private static String read(Path file) throws IOException {
        requireFile(file);
        return Files.readString(file, StandardCharsets.ISO_8859_1);
    }

    private static void requireFile(Path file) {
        if (!Files.isRegularFile(file) || !Files.isReadable(file)) {
            throw new UsageException(file + " is not a file that can be read");
        }
    }
}
