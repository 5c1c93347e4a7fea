package dev.streamingsaga.receipt;

import dev.streamingsaga.chunk.ChunkStore;
import dev.streamingsaga.journal.Document;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.journal.Receipt;
import dev.streamingsaga.journal.SagaRecord;
import java.util.List;
import java.util.Optional;

/** Keeps each receipt beside the manifest of its document, too. Idempotent: a copy that was lost is written again. */
final class ReceiptCopies {
    private static final int PAGE = 50;

    private final Journal journal;
    private final ChunkStore bucket;

    ReceiptCopies(Journal journal, ChunkStore bucket) {
        this.journal = journal;
        this.bucket = bucket;
    }

    /** Writes what is not written yet; ends with the first failure. */
    void writeAll() {
        long last = 0;
        List<Receipt> page;
        do {
            page = journal.receipts().notCopied(last, PAGE);
            page.forEach(this::write);
            last = page.isEmpty() ? last : page.get(page.size() - 1).sequence();
        } while (page.size() == PAGE);
    }

    void write(Receipt receipt) {
        Optional<Document> document = current(receipt);
        if (document.isPresent()) {
            String prefix = document.get().keyPrefix();
            ChunkStore store = bucket.in(document.get().bucket());
            store.receipts().write(prefix, receipt.copy());
            if (current(receipt).isEmpty()) {
                // A newer version removed the objects meanwhile, and does not look again.
                store.receipts().delete(prefix);
            }
        }
        journal.receipts().copied(receipt);
    }

    /** The document of a receipt, if it is neither superseded nor deleted. */
    private Optional<Document> current(Receipt receipt) {
        return journal.deletions().contains(receipt.sagaId())
                ? Optional.empty()
                : journal.sagas()
                        .find(receipt.sagaId())
                        .filter(saga -> saga.supersededBy().isEmpty())
                        .flatMap(SagaRecord::document);
    }
}
