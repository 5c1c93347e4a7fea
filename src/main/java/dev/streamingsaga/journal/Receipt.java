package dev.streamingsaga.journal;

import dev.streamingsaga.annotation.PublicApi;
import java.time.Instant;
import java.util.Optional;

/**
 * A signed statement about a document, as the journal keeps it.
 *
 * @param sequence its position in the chain of this journal, from 1 without gaps
 * @param keyId the key that signed it: its thumbprint of RFC 7638
 * @param jws the statement as a compact JWS
 * @param sha256 of the text {@code jws}, lower-case hex: the next receipt names it
 * @param separateCopy what lies beside the manifest, if it is not {@code jws} itself
 */
@PublicApi
public record Receipt(
        long sequence,
        Receipt.Kind kind,
        String sagaId,
        String documentId,
        Instant issuedAt,
        String keyId,
        String jws,
        String sha256,
        Optional<String> separateCopy) {

    /** What the statement is about. */
    public enum Kind {
        COMPLETION,
        DELETION
    }

    /** What lies beside the manifest. */
    public String copy() {
        return separateCopy.orElse(jws);
    }

    /**
     * The place of a new receipt in the chain.
     *
     * @param previous SHA-256 of the receipt before it; 64 zeros for the first one
     */
    public record Position(long sequence, String previous, Instant issuedAt) {
        /** What the first receipt names as its predecessor. */
        public static final String NONE = "0".repeat(64);
    }

    /**
     * A signed statement that is not journaled yet.
     *
     * @param separateCopy see {@link Receipt}
     */
    public record Signed(String keyId, String jws, String sha256, Optional<String> separateCopy) {}

    /**
     * The newest receipt of a journal.
     *
     * @param sequence 0 if there is none
     */
    public record Head(long sequence, String sha256) {}
}
