package dev.streamingsaga.receipt;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.streamingsaga.digest.Sha256;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Proves that one chunk belongs to a document whose root is known, without the other chunks (RFC 9162, section 2.1.3).
 *
 * @param path hashes from the leaf's sibling up, in hex
 * @param receiptSha256 the receipt that signs the root
 */
@JsonIgnoreProperties(ignoreUnknown = true)
public record InclusionProof(
        int format,
        String documentId,
        String sagaId,
        int index,
        long offset,
        long size,
        String sha256,
        int chunkCount,
        List<String> path,
        String merkleRoot,
        String receiptSha256) {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final HexFormat HEX = HexFormat.of();

    /** @throws ReceiptException if the document has no such chunk */
    public static InclusionProof of(ReceiptVerifier.Verified receipt, int index) {
        Statement statement = receipt.statement();
        Statement.@Nullable Content content = statement.content();
        int count = content == null ? 0 : content.chunks().size();
        if (content == null || index < 0 || index >= count) {
            throw new ReceiptException("document " + statement.document().documentId() + " has no chunk " + index
                    + (count == 0 ? "" : "; its chunks are 0 to " + (count - 1)));
        }
        Statement.Chunk chunk = content.chunks().get(index);
        return new InclusionProof(
                Statement.FORMAT,
                statement.document().documentId(),
                statement.document().sagaId(),
                index,
                chunk.offset(),
                chunk.size(),
                chunk.sha256(),
                count,
                Statement.tree(content.chunks()).proof(index).stream()
                        .map(HEX::formatHex)
                        .toList(),
                content.merkleRoot(),
                receipt.sha256());
    }

    /** @throws ReceiptException if it is not a proof */
    public static InclusionProof parse(String json) {
        try {
            @Nullable InclusionProof proof = JSON.readValue(json, InclusionProof.class);
            if (proof == null || proof.sha256 == null || proof.path == null || proof.format != Statement.FORMAT) {
                throw new ReceiptException("it is not a proof of format " + Statement.FORMAT);
            }
            return proof;
        } catch (JsonProcessingException e) {
            throw new ReceiptException("it is not a proof: " + e.getOriginalMessage(), e);
        }
    }

    /** One JSON object. */
    public String json() {
        try {
            return JSON.writeValueAsString(this);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a proof is always writable as JSON", e);
        }
    }

    /**
     * Checks that a file is the chunk, and that the chunk belongs to the document of a receipt.
     *
     * @throws ReceiptException if not, saying which of both
     * @throws IOException if the file cannot be read
     */
    public void check(Path chunk, Statement statement) throws IOException {
        long fileSize = Files.size(chunk);
        String found;
        try (InputStream bytes = Files.newInputStream(chunk)) {
            found = Sha256.of(bytes);
        }
        if (fileSize != size || !found.equals(sha256)) {
            throw new ReceiptException(
                    chunk + " is not chunk " + index + ": it has " + fileSize + " bytes with SHA-256 " + found
                            + ", the proof is about " + size + " bytes with SHA-256 " + sha256);
        }
        Statement.@Nullable Content content = statement.content();
        if (content == null || !leadsTo(content)) {
            throw new ReceiptException("the proof does not lead to the root that the receipt of document "
                    + statement.document().documentId() + " signs");
        }
    }

    private boolean leadsTo(Statement.Content content) {
        try {
            return MerkleTree.proves(
                    MerkleTree.leaf(Statement.Chunk.leaf(index, offset, size, sha256)),
                    index,
                    content.chunks().size(),
                    path.stream().map(HEX::parseHex).toList(),
                    HEX.parseHex(content.merkleRoot()));
        } catch (IllegalArgumentException e) {
            return false; // no hex
        }
    }
}
