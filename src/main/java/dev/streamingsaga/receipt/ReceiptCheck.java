package dev.streamingsaga.receipt;

import dev.streamingsaga.chunk.ChunkStore;
import dev.streamingsaga.journal.ChunkRow;
import dev.streamingsaga.journal.Document;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.journal.Receipt;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.receipt.ReceiptFinding.FindingKind;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.exception.SdkException;

/**
 * Checks the chain of receipts from its beginning, and compares it with the documents in the journal and, on request,
 * with the copies in the bucket. Reads page by page; changes nothing.
 */
public final class ReceiptCheck {
    private static final int PAGE = 100;

    private final Journal journal;
    private final Optional<ChunkStore> bucket;
    private final VerificationKeys keys;
    private final Consumer<ReceiptFinding> findings;
    private long last;
    private String previous = Receipt.Position.NONE;

    /**
     * @param trusted keys that sign; empty: those in the journal, which whoever can write to it can replace
     * @param bucket compared too, if present
     * @param findings called for each finding, in the order of the chain
     */
    public ReceiptCheck(
            Journal journal,
            Optional<VerificationKeys> trusted,
            Optional<ChunkStore> bucket,
            Consumer<ReceiptFinding> findings) {
        this.journal = journal;
        this.bucket = bucket;
        this.keys = trusted.orElseGet(
                () -> VerificationKeys.of(journal.receipts().keys().values()));
        this.findings = findings;
    }

    /** @return the number of receipts that were read */
    public long run() {
        long read = 0;
        Receipt.Head head = journal.receipts().head();
        List<Receipt> page;
        do {
            page = journal.receipts().after(last, PAGE);
            page.forEach(this::check);
            read += page.size();
        } while (page.size() == PAGE);
        checkEnd(head);
        checkDocuments();
        return read;
    }

    private void check(Receipt receipt) {
        removed(last + 1, receipt.sequence() - 1);
        boolean gap = receipt.sequence() != last + 1;
        try {
            Statement statement = ReceiptVerifier.verify(receipt.jws(), keys).statement();
            checkColumns(receipt, statement);
            if (!gap && !statement.chain().previous().equals(previous)) {
                report(
                        FindingKind.CHAIN_BROKEN,
                        receipt,
                        "it does not name receipt " + last + " as the one before it: one of both was replaced");
            }
            if (receipt.kind() == Receipt.Kind.COMPLETION) {
                checkDocument(receipt, statement);
            }
        } catch (ReceiptException e) {
            report(FindingKind.RECEIPT_CHANGED, receipt, String.valueOf(e.getMessage()));
        }
        last = receipt.sequence();
        previous = ReceiptVerifier.sha256(receipt.jws());
    }

    private void removed(long from, long to) {
        if (from <= to) {
            findings.accept(new ReceiptFinding(
                    FindingKind.RECEIPT_REMOVED,
                    from,
                    "",
                    "",
                    from == to
                            ? "receipt " + from + " was removed from the journal"
                            : "receipts " + from + " to " + to + " were removed from the journal"));
        }
    }

    private void checkColumns(Receipt receipt, Statement statement) {
        if (statement.chain().sequence() != receipt.sequence()
                || !statement.chain().journal().equals(journal.epoch())
                || !statement.document().sagaId().equals(receipt.sagaId())
                || !statement.document().documentId().equals(receipt.documentId())
                || !statement.kind().equalsIgnoreCase(receipt.kind().name())
                || !ReceiptVerifier.sha256(receipt.jws()).equals(receipt.sha256())) {
            report(
                    FindingKind.RECEIPT_CHANGED,
                    receipt,
                    "the signed text is that of receipt "
                            + statement.chain().sequence() + " of document "
                            + statement.document().documentId() + " in journal "
                            + statement.chain().journal());
        }
    }

    private void checkDocument(Receipt receipt, Statement statement) {
        boolean deleted = isDeleted(receipt.sagaId());
        Optional<SagaRecord> saga = journal.sagas().find(receipt.sagaId());
        Optional<Document> document = saga.flatMap(SagaRecord::document);
        if (document.isEmpty()) {
            if (!deleted && !journal.archive().contains(receipt.sagaId())) {
                report(
                        FindingKind.DOCUMENT_REMOVED,
                        receipt,
                        "the journal has neither the document nor its deletion; it was "
                                + statement.document().sizeBytes() + " bytes with SHA-256 "
                                + statement.document().sha256());
            }
            return;
        }
        boolean current = !deleted && saga.get().supersededBy().isEmpty();
        difference(document.get(), statement, current)
                .ifPresent(what -> report(FindingKind.DOCUMENT_CHANGED, receipt, what));
        if (current && journal.receipts().isCopied(receipt)) {
            bucket.ifPresent(store -> checkCopy(receipt, document.get(), store));
        }
    }

    private Optional<String> difference(Document document, Statement statement, boolean withChunks) {
        Statement.Subject signed = statement.document();
        if (!document.documentId().equals(signed.documentId())
                || !document.sha256().equals(signed.sha256())
                || !Objects.equals(document.sizeBytes(), signed.sizeBytes())
                || !document.fileName().equals(signed.fileName())) {
            return Optional.of("the journal has " + document.fileName() + " of " + document.sizeBytes()
                    + " bytes with SHA-256 " + document.sha256() + ", the receipt " + signed.fileName() + " of "
                    + signed.sizeBytes() + " bytes with SHA-256 " + signed.sha256());
        }
        Statement.@Nullable Content content = statement.content();
        if (!withChunks || content == null) {
            return Optional.empty();
        }
        try {
            List<ChunkRow> rows = journal.chunks().all(document.sagaId());
            return StatementWriter.content(document, rows).merkleRoot().equals(content.merkleRoot())
                    ? Optional.empty()
                    : Optional.of("the chunks in the journal are not those of the receipt");
        } catch (SagaException e) {
            return Optional.of("the chunks in the journal cannot be read: " + e.getMessage());
        }
    }

    private void checkCopy(Receipt receipt, Document document, ChunkStore store) {
        try {
            Optional<String> copy = store.in(document.bucket()).receipts().read(document.keyPrefix());
            if (!copy.equals(Optional.of(receipt.copy()))) {
                report(
                        FindingKind.COPY_DIFFERENT,
                        receipt,
                        "bucket " + document.bucket() + " has " + (copy.isPresent() ? "another" : "no") + " receipt in "
                                + document.keyPrefix() + "; verify --repair writes it again");
            }
        } catch (SdkException | UncheckedIOException e) {
            report(
                    FindingKind.UNREACHABLE,
                    receipt,
                    "bucket " + document.bucket() + " did not answer: " + e.getMessage());
        }
    }

    /** The journal records apart from the receipts how many there are, and each saga which one is its own. */
    private void checkEnd(Receipt.Head head) {
        long known = Math.max(head.sequence(), journal.receipts().newestOfSagas());
        removed(last + 1, known);
        if (last == head.sequence() && !previous.equals(head.sha256())) {
            findings.accept(new ReceiptFinding(
                    FindingKind.CHAIN_BROKEN, last, "", "", "the newest receipt is not the one that was issued last"));
        }
    }

    private void checkDocuments() {
        String after = "";
        List<String> page;
        do {
            page = journal.receipts().due(after, PAGE);
            page.stream().filter(sagaId -> !isDeleted(sagaId)).forEach(this::reportMissing);
            after = page.isEmpty() ? after : page.get(page.size() - 1);
        } while (page.size() == PAGE);
    }

    private void reportMissing(String sagaId) {
        String documentId = journal.sagas()
                .find(sagaId)
                .flatMap(SagaRecord::document)
                .map(Document::documentId)
                .orElse("");
        findings.accept(new ReceiptFinding(
                FindingKind.RECEIPT_MISSING,
                0,
                documentId,
                sagaId,
                "the document has no receipt yet; a running instance with saga.receipts=on issues it"));
    }

    /** Deleted, or being deleted. */
    private boolean isDeleted(String sagaId) {
        return journal.deletions().contains(sagaId)
                || journal.receipts().find(Receipt.Kind.DELETION, sagaId).isPresent();
    }

    private void report(FindingKind kind, Receipt receipt, String message) {
        findings.accept(new ReceiptFinding(kind, receipt.sequence(), receipt.documentId(), receipt.sagaId(), message));
    }
}
