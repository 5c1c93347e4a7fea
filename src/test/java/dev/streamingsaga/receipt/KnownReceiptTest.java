package dev.streamingsaga.receipt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamingsaga.digest.Sha256;
import dev.streamingsaga.receipt.Statement.Chain;
import dev.streamingsaga.receipt.Statement.Chunk;
import dev.streamingsaga.receipt.Statement.Content;
import dev.streamingsaga.receipt.Statement.Software;
import dev.streamingsaga.receipt.Statement.Stored;
import dev.streamingsaga.receipt.Statement.Subject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The format does not change unnoticed: the same facts, signed with the key of RFC 8037, are the receipt in
 * {@code src/test/resources/receipts}, and a reader in another language that only follows docs/receipts.md agrees.
 */
@Tag("unit")
class KnownReceiptTest {
    private static final Path FOLDER = Path.of("src/test/resources/receipts");
    private static final Path RECEIPT = FOLDER.resolve("receipt.jws");
    private static final Path KEYS = FOLDER.resolve("keys.json");
    private static final Path ORIGINAL = FOLDER.resolve("original.txt");
    private static final Path PROOF = FOLDER.resolve("proof.json");
    private static final String KEY = "{\"kty\":\"OKP\",\"crv\":\"Ed25519\","
            + "\"d\":\"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A\","
            + "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}";
    private static final int CHUNK = 7;
    private static final int PROVED = 2;

    @TempDir
    Path directory;

    private static byte[] original() throws IOException {
        return Files.readAllBytes(ORIGINAL);
    }

    private static String receipt() throws Exception {
        byte[] bytes = original();
        List<Chunk> chunks = new ArrayList<>();
        for (int offset = 0; offset < bytes.length; offset += CHUNK) {
            byte[] part = java.util.Arrays.copyOfRange(bytes, offset, Math.min(bytes.length, offset + CHUNK));
            chunks.add(new Chunk(
                    chunks.size(),
                    offset,
                    part.length,
                    Sha256.of(part),
                    "chunk-%06d".formatted(chunks.size()),
                    chunks.size() == 1 ? new Stored(3, Sha256.of("zip"), "zstd", "none") : null));
        }
        Map<String, Long> stores = new LinkedHashMap<>();
        stores.put("upload", (long) chunks.size());
        stores.put("security", 1L);
        return SigningKey.parse(KEY)
                .sign(new Statement(
                                Statement.FORMAT,
                                Statement.COMPLETION,
                                new Chain(
                                        "3f2b8a54-7c1d-4e0e-9d55-0a1b2c3d4e5f",
                                        2,
                                        Sha256.of("the receipt before"),
                                        "2026-01-02T03:04:07.250Z"),
                                new Subject(
                                        "0123456789abcdef0123456789abcdef",
                                        "01kdxyzabcdefghjkmnpqrstvw",
                                        "Übersicht \"2026\".txt",
                                        "text/plain",
                                        (long) bytes.length,
                                        Sha256.of(bytes),
                                        "keeper",
                                        "internal",
                                        "2026-01-02T03:04:05Z",
                                        "2026-01-02T03:04:07Z"),
                                new Content(
                                        "streaming-saga",
                                        "saga/0123456789abcdef0123456789abcdef/01kdxyzabcdefghjkmnpqrstvw/",
                                        Statement.merkleRoot(chunks),
                                        chunks),
                                stores,
                                List.of("DAMAGED"),
                                new Software("Streaming Saga", "0.1.0", "all-minilm-l6-v2"),
                                null,
                                null)
                        .json());
    }

    @Test
    void the_same_facts_give_the_known_receipt() throws Exception {
        String receipt = receipt();
        if (Boolean.getBoolean("receipts.write")) {
            Files.writeString(RECEIPT, receipt + "\n");
            Files.writeString(
                    KEYS,
                    VerificationKeys.parse(SigningKey.parse(KEY).publicJwk()).jwks() + "\n");
            Files.writeString(
                    PROOF,
                    InclusionProof.of(ReceiptVerifier.verify(receipt), PROVED).json() + "\n");
        }

        assertThat(receipt).isEqualTo(Files.readString(RECEIPT).strip());
        assertThat(InclusionProof.of(ReceiptVerifier.verify(receipt), PROVED).json())
                .isEqualTo(Files.readString(PROOF).strip());
    }

    @Test
    void compares_a_file_with_the_receipt_and_names_the_chunks_that_differ() throws Exception {
        Statement statement = ReceiptVerifier.verify(receipt()).statement();
        assertThat(OriginalComparison.of(ORIGINAL, statement).same()).isTrue();

        byte[] changed = original();
        changed[CHUNK]++;
        changed[changed.length - 1]++;
        OriginalComparison found = OriginalComparison.of(Files.write(directory.resolve("changed"), changed), statement);
        assertThat(found.same()).isFalse();
        assertThat(found.differingChunks()).containsExactly(1, (changed.length - 1) / CHUNK);

        Path longer = Files.write(
                directory.resolve("longer"), (Files.readString(ORIGINAL) + "x").getBytes(StandardCharsets.UTF_8));
        assertThat(OriginalComparison.of(longer, statement))
                .returns(false, OriginalComparison::same)
                .returns(List.of(), OriginalComparison::differingChunks);
        Path empty = Files.createFile(directory.resolve("empty"));
        assertThat(OriginalComparison.of(empty, statement).differingChunks())
                .hasSize((original().length + CHUNK - 1) / CHUNK);
    }

    private Path chunk(int index) throws IOException {
        byte[] bytes = original();
        return Files.write(
                directory.resolve("chunk-" + index),
                java.util.Arrays.copyOfRange(bytes, index * CHUNK, Math.min(bytes.length, (index + 1) * CHUNK)));
    }

    @Test
    void proves_a_single_chunk() throws Exception {
        Statement statement = ReceiptVerifier.verify(receipt()).statement();
        InclusionProof proof = InclusionProof.parse(Files.readString(PROOF));

        proof.check(chunk(PROVED), statement);

        assertThatThrownBy(() -> proof.check(chunk(0), statement)).hasMessageContaining("is not chunk " + PROVED);
        String moved = Files.readString(PROOF).replace("\"index\":" + PROVED, "\"index\":0");
        assertThatThrownBy(() -> InclusionProof.parse(moved).check(chunk(PROVED), statement))
                .hasMessageContaining("does not lead to the root");
        assertThatThrownBy(() -> InclusionProof.parse("{}")).isInstanceOf(ReceiptException.class);
        assertThatThrownBy(() -> InclusionProof.of(ReceiptVerifier.verify(receipt()), 1000))
                .hasMessageContaining("has no chunk 1000");
    }

    @Test
    void a_reader_in_another_language_agrees() throws Exception {
        String sha256 = ReceiptVerifier.sha256(receipt());
        assertThat(read(RECEIPT, ORIGINAL, PROOF, chunk(PROVED)))
                .isEqualTo("GENUINE 2 0123456789abcdef0123456789abcdef " + sha256);

        assertThat(read(RECEIPT, ORIGINAL, PROOF, chunk(0))).isEqualTo("REFUSED not this chunk");
        byte[] changed = original();
        changed[CHUNK]++;
        assertThat(read(RECEIPT, Files.write(directory.resolve("changed"), changed)))
                .isEqualTo("REFUSED chunk 1");
        String forged = receipt().replaceFirst("\\.[A-Za-z0-9_-]{20}", ".AAAAAAAAAAAAAAAAAAAA");
        assertThat(read(Files.writeString(directory.resolve("forged"), forged), ORIGINAL))
                .isEqualTo("REFUSED signature");
    }

    private static String read(Path receipt, Path... more) throws Exception {
        List<String> command = new ArrayList<>(
                List.of("node", FOLDER.resolve("verify.mjs").toString(), receipt.toString(), KEYS.toString()));
        for (Path file : more) {
            command.add(file.toString());
        }
        Process node = new ProcessBuilder(command).redirectErrorStream(true).start();
        String answer = new String(node.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(node.waitFor(60, TimeUnit.SECONDS)).isTrue();
        return answer.strip();
    }
}
