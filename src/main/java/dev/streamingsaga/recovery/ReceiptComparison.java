package dev.streamingsaga.recovery;

import dev.streamingsaga.chunk.ChunkAudit;
import dev.streamingsaga.chunk.ChunkStore;
import dev.streamingsaga.chunk.ReceiptObjects;
import dev.streamingsaga.journal.Document;
import dev.streamingsaga.journal.Receipt;
import dev.streamingsaga.journal.StoreNames;
import java.util.Optional;

/** Compares the receipt beside the manifest of a completed document with the journal, and writes it again. */
final class ReceiptComparison {
    private final StorageAccess storage;
    private final Document document;

    ReceiptComparison(StorageAccess storage, Document document) {
        this.storage = storage;
        this.document = document;
    }

    /** @throws RuntimeException (of the SDK) if the bucket does not answer */
    Optional<Drift> run() {
        Optional<Receipt> journaled = journaled();
        Optional<String> stored = objects().read(document.keyPrefix());
        if (stored.equals(journaled.map(Receipt::copy))) {
            return Optional.empty();
        }
        if (journaled.isEmpty()) {
            return Optional.of(drift(
                    Drift.DriftKind.EXTRA,
                    "no receipt: the journal has none",
                    stored.orElse("").length() + " bytes"));
        }
        String expected = "receipt " + journaled.get().sequence() + " of the journal";
        if (stored.isPresent()) {
            return Optional.of(drift(Drift.DriftKind.DIFFERENT, expected, "another text"));
        }
        return storage.journal().receipts().isCopied(journaled.get())
                ? Optional.of(drift(Drift.DriftKind.MISSING, expected, "nothing"))
                : Optional.empty(); // written soon
    }

    /** Writes what the journal has. */
    void repair() {
        journaled().ifPresent(receipt -> objects().write(document.keyPrefix(), receipt.copy()));
    }

    private Optional<Receipt> journaled() {
        return storage.journal().receipts().find(Receipt.Kind.COMPLETION, document.sagaId());
    }

    private ReceiptObjects objects() {
        return new ChunkStore(storage.config(), storage.s3())
                .in(document.bucket())
                .receipts();
    }

    private Drift drift(Drift.DriftKind kind, String expected, String found) {
        return new Drift(
                document.documentId(),
                document.sagaId(),
                StoreNames.UPLOAD,
                kind,
                ChunkAudit.receiptKey(document),
                expected,
                found,
                false,
                false,
                "");
    }
}
