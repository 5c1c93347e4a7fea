package dev.streamingsaga.receipt;

import dev.streamingsaga.annotation.PublicApi;

/**
 * What a check of the receipts found wrong.
 *
 * @param sequence of the receipt; 0 if there is none
 * @param message what is wrong, for people
 */
@PublicApi
public record ReceiptFinding(
        ReceiptFinding.FindingKind kind, long sequence, String documentId, String sagaId, String message) {

    /** What is wrong. New kinds may be added. */
    public enum FindingKind {
        /** The chain has a gap: this receipt was removed. */
        RECEIPT_REMOVED,
        /** The signature does not match, or the journal's columns contradict the signed text. */
        RECEIPT_CHANGED,
        /** The receipt does not name the one before it. */
        CHAIN_BROKEN,
        /** The journal has no document for the receipt, and no deletion. */
        DOCUMENT_REMOVED,
        /** The journal has other facts about the document than the receipt. */
        DOCUMENT_CHANGED,
        /** A document is complete and visible and has no receipt yet. */
        RECEIPT_MISSING,
        /** The bucket has another receipt beside the manifest, or none. */
        COPY_DIFFERENT,
        /** The bucket did not answer. */
        UNREACHABLE
    }
}
