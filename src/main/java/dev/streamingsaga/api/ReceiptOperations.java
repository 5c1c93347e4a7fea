package dev.streamingsaga.api;

import dev.streamingsaga.api.Operation.ApiRequest;
import dev.streamingsaga.journal.Receipt;
import dev.streamingsaga.operations.DeletedDocumentException;
import dev.streamingsaga.operations.NoReceiptException;
import dev.streamingsaga.operations.SagaOperator;
import dev.streamingsaga.operations.UnknownDocumentException;
import dev.streamingsaga.operations.UnknownVersionException;
import dev.streamingsaga.receipt.InclusionProof;
import dev.streamingsaga.receipt.ReceiptException;
import dev.streamingsaga.receipt.ReceiptVerifier;
import java.nio.charset.StandardCharsets;

/** Receipts of completed documents, and the keys to verify them with. */
final class ReceiptOperations {
    private static final int MAX_CHUNK = 999_999_999;
    private static final int MAX_VERSION = 999_999_999;

    private final SagaOperator operator;
    private final DeletionOperations deletions;

    ReceiptOperations(ApiDependencies parts, DeletionOperations deletions) {
        this.operator = parts.operator();
        this.deletions = deletions;
    }

    /** The receipt in short, for views. */
    record ReceiptView(long sequence, String issuedAt, String keyId, String sha256) {
        static ReceiptView of(Receipt receipt) {
            return new ReceiptView(
                    receipt.sequence(), receipt.issuedAt().toString(), receipt.keyId(), receipt.sha256());
        }
    }

    /**
     * {@code GET /api/documents/{id}/receipt?version=}: the compact JWS; with {@code chunk=N} a proof for one chunk.
     */
    Reply receipt(ApiRequest request) {
        Query query = Query.of(request.call(), "chunk", "version");
        Receipt receipt = find(request, query);
        return query.has("chunk")
                ? proof(receipt, query.number("chunk", 0, 0, MAX_CHUNK))
                : Reply.bytes(200, "application/jose", receipt.jws().getBytes(StandardCharsets.US_ASCII))
                        .header(
                                "Content-Disposition",
                                "attachment; filename=\"" + receipt.documentId() + ".receipt.jws\"");
    }

    private Receipt find(ApiRequest request, Query query) {
        String documentId = request.id("document");
        try {
            return query.has("version")
                    ? request.as(operator).receipt(documentId, query.number("version", 1, MAX_VERSION))
                    : request.as(operator).receipt(documentId);
        } catch (UnknownVersionException e) {
            throw new Problem(404, "no-version", e.getMessage() + "; GET /api/documents/{id}/versions lists them", e);
        } catch (DeletedDocumentException | UnknownDocumentException e) {
            throw deletions.missing(request);
        } catch (NoReceiptException e) {
            throw new Problem(
                    404,
                    "no-receipt",
                    e.getMessage() + "; with saga.receipts=on it is issued within some seconds, else never",
                    e);
        }
    }

    private static Reply proof(Receipt receipt, int chunk) {
        try {
            return Reply.json(200, InclusionProof.of(ReceiptVerifier.verify(receipt.jws()), chunk));
        } catch (ReceiptException e) {
            throw new Problem(404, "no-chunk", String.valueOf(e.getMessage()), e);
        }
    }

    /** {@code GET /api/receipts/keys}: a JSON Web Key Set. */
    Reply keys(ApiRequest request) {
        Query.of(request.call());
        return Reply.bytes(
                200, "application/jwk-set+json", operator.receiptKeys().getBytes(StandardCharsets.UTF_8));
    }
}
