package dev.streamingsaga.receipt;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a receipt states: the payload of its JWS. docs/receipts.md describes each field. Hashes are SHA-256 in
 * lower-case hex, times ISO-8601 in UTC.
 *
 * @param format {@value #FORMAT}
 * @param kind see {@link #COMPLETION} and its siblings
 * @param content of a completion only
 * @param stores pieces that each store held when the receipt was issued
 * @param warnings codes
 * @param deletion of a deletion only
 * @param receiptSha256 of a reference and of a deletion: the completion's receipt
 */
@JsonIgnoreProperties(ignoreUnknown = true)
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Statement(
        int format,
        String kind,
        Chain chain,
        Subject document,
        @Nullable Content content,
        @Nullable Map<String, Long> stores,
        @Nullable List<String> warnings,
        @Nullable Software software,
        @Nullable Deletion deletion,
        @Nullable String receiptSha256) {
    public static final int FORMAT = 1;

    /** A document was completed. */
    public static final String COMPLETION = "completion";

    /** A document was deleted. */
    public static final String DELETION = "deletion";

    /** Lies beside the manifest of an encrypted document in place of the receipt, and names its hash. */
    public static final String REFERENCE = "reference";

    private static final ObjectMapper JSON = new ObjectMapper();

    /**
     * Its place among the receipts of one journal.
     *
     * @param previous SHA-256 of the compact JWS before it
     */
    @JsonIgnoreProperties(ignoreUnknown = true)
    public record Chain(String journal, long sequence, String previous, String issuedAt) {}

    /** The document. A reference has only its ids. */
    @JsonIgnoreProperties(ignoreUnknown = true)
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Subject(
            String documentId,
            String sagaId,
            @Nullable String fileName,
            @Nullable String contentType,
            @Nullable Long sizeBytes,
            @Nullable String sha256,
            @Nullable String owner,
            @Nullable String classification,
            @Nullable String receivedAt,
            @Nullable String completedAt) {}

    /** @param merkleRoot of the tree over {@link Chunk#leaf} of all chunks */
    @JsonIgnoreProperties(ignoreUnknown = true)
    public record Content(String bucket, String keyPrefix, String merkleRoot, List<Chunk> chunks) {}

    /**
     * A chunk, and its object if that differs from the chunk's bytes.
     *
     * @param name of the object below the key prefix
     */
    @JsonIgnoreProperties(ignoreUnknown = true)
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Chunk(
            int index,
            long offset,
            long size,
            String sha256,
            String name,
            @Nullable Stored stored) {

        /** What the hash tree has of a chunk: {@code <index> <offset> <size> <sha256>} in ASCII. */
        public byte[] leaf() {
            return leaf(index, offset, size, sha256);
        }

        static byte[] leaf(int index, long offset, long size, String sha256) {
            return (index + " " + offset + " " + size + " " + sha256).getBytes(StandardCharsets.US_ASCII);
        }
    }

    /** The object of a chunk that is compressed or encrypted. */
    @JsonIgnoreProperties(ignoreUnknown = true)
    public record Stored(long size, String sha256, String codec, String encryption) {}

    /** @param embeddingModel absent if none was used, or it is not known any more */
    @JsonIgnoreProperties(ignoreUnknown = true)
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Software(
            String name, String version, @Nullable String embeddingModel) {}

    /**
     * How a document was deleted.
     *
     * @param requestedBy who asked for it
     * @param keyDestroyed the data key was destroyed first, so that copies of the chunks cannot be read any more
     * @param residue what could not be removed yet
     */
    @JsonIgnoreProperties(ignoreUnknown = true)
    public record Deletion(
            String reason,
            String requestedBy,
            String requestedAt,
            String deletedAt,
            boolean keyDestroyed,
            List<String> residue) {}

    byte[] json() {
        try {
            return JSON.writeValueAsBytes(this);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a statement is always writable as JSON", e);
        }
    }

    /**
     * @throws ReceiptException if it is not a statement of a known format, or its hash tree does not match its chunks
     */
    static Statement parse(byte[] json) {
        try {
            @Nullable Statement statement = JSON.readValue(json, Statement.class);
            if (statement == null || statement.chain == null || statement.document == null || statement.kind == null) {
                throw new ReceiptException("the signed text is not the statement of a receipt");
            }
            if (statement.format != FORMAT) {
                throw new ReceiptException("the receipt has format " + statement.format + ", this program knows format "
                        + FORMAT + "; use a newer one");
            }
            statement.checkTree();
            return statement;
        } catch (IOException e) {
            throw new ReceiptException("the signed text is not the statement of a receipt: " + e.getMessage(), e);
        }
    }

    private void checkTree() {
        if (content != null && !content.merkleRoot().equals(merkleRoot(content.chunks()))) {
            throw new ReceiptException(
                    "the receipt contradicts itself: the root of its hash tree does not match its chunks");
        }
    }

    static String merkleRoot(List<Chunk> chunks) {
        return HexFormat.of().formatHex(tree(chunks).root());
    }

    static MerkleTree tree(List<Chunk> chunks) {
        return new MerkleTree(
                chunks.stream().map(chunk -> MerkleTree.leaf(chunk.leaf())).toList());
    }
}
