package dev.streamingsaga.receipt;

import dev.streamingsaga.config.Product;
import dev.streamingsaga.journal.ChunkRow;
import dev.streamingsaga.journal.Document;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.journal.Receipt;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.StoredForm;
import dev.streamingsaga.receipt.Statement.Chain;
import dev.streamingsaga.receipt.Statement.Chunk;
import dev.streamingsaga.receipt.Statement.Content;
import dev.streamingsaga.receipt.Statement.Deletion;
import dev.streamingsaga.receipt.Statement.Software;
import dev.streamingsaga.receipt.Statement.Stored;
import dev.streamingsaga.receipt.Statement.Subject;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Words and signs statements from what the journal has. */
final class StatementWriter {
    private final Journal journal;
    private final String epoch;
    private final SigningKey key;

    StatementWriter(Journal journal, SigningKey key) {
        this.journal = journal;
        this.epoch = journal.epoch();
        this.key = key;
    }

    /**
     * Prepares the statement that a document is complete; it is signed when its place in the chain is known.
     *
     * @param stores pieces in each store
     */
    Function<Receipt.Position, Receipt.Signed> completion(
            SagaRecord saga, Map<String, Long> stores, Optional<String> embeddingModel) {
        Document document = saga.document().orElseThrow();
        List<ChunkRow> rows = journal.chunks().all(saga.sagaId());
        Content content = content(document, rows);
        List<String> warnings = journal.warnings().of(saga.sagaId()).stream()
                .map(warning -> warning.code().name())
                .distinct()
                .toList();
        Software software = new Software(Product.NAME, Product.VERSION, embeddingModel.orElse(null));
        boolean encrypted = rows.stream()
                .anyMatch(
                        row -> row.storedForm().filter(StoredForm::isEncrypted).isPresent());
        return position -> {
            String jws = key.sign(new Statement(
                            Statement.FORMAT,
                            Statement.COMPLETION,
                            chain(position),
                            subject(saga, document),
                            content,
                            stores,
                            warnings,
                            software,
                            null,
                            null)
                    .json());
            String sha256 = ReceiptVerifier.sha256(jws);
            return new Receipt.Signed(
                    key.keyId(),
                    jws,
                    sha256,
                    encrypted ? Optional.of(reference(position, document, sha256)) : Optional.empty());
        };
    }

    /** Prepares the statement that a document was deleted. */
    Function<Receipt.Position, Receipt.Signed> deletion(SagaRecord saga, Deletion deletion) {
        Document document = saga.document().orElseThrow();
        @Nullable
        String completion = journal.receipts()
                .find(Receipt.Kind.COMPLETION, saga.sagaId())
                .map(Receipt::sha256)
                .orElse(null);
        Subject subject = new Subject(
                document.documentId(),
                document.sagaId(),
                null,
                null,
                document.sizeBytes(),
                document.sha256(),
                null,
                null,
                null,
                null);
        return position -> {
            String jws = key.sign(new Statement(
                            Statement.FORMAT,
                            Statement.DELETION,
                            chain(position),
                            subject,
                            null,
                            null,
                            null,
                            null,
                            deletion,
                            completion)
                    .json());
            return new Receipt.Signed(key.keyId(), jws, ReceiptVerifier.sha256(jws), Optional.empty());
        };
    }

    private String reference(Receipt.Position position, Document document, String sha256) {
        Subject subject =
                new Subject(document.documentId(), document.sagaId(), null, null, null, null, null, null, null, null);
        return key.sign(new Statement(
                        Statement.FORMAT,
                        Statement.REFERENCE,
                        chain(position),
                        subject,
                        null,
                        null,
                        null,
                        null,
                        null,
                        sha256)
                .json());
    }

    private Chain chain(Receipt.Position position) {
        return new Chain(
                epoch,
                position.sequence(),
                position.previous(),
                position.issuedAt().toString());
    }

    private static Subject subject(SagaRecord saga, Document document) {
        return new Subject(
                document.documentId(),
                document.sagaId(),
                document.fileName(),
                document.contentType(),
                document.sizeBytes(),
                document.sha256(),
                document.owner(),
                document.classification(),
                document.receivedAt().toString(),
                saga.finishedAt().map(Object::toString).orElse(null));
    }

    static Content content(Document document, List<ChunkRow> rows) {
        List<Chunk> chunks = rows.stream()
                .map(row -> new Chunk(
                        row.index(),
                        row.offset(),
                        row.sizeBytes(),
                        row.sha256(),
                        row.key().startsWith(document.keyPrefix())
                                ? row.key().substring(document.keyPrefix().length())
                                : row.key(),
                        row.storedForm()
                                .map(form ->
                                        new Stored(form.sizeBytes(), form.sha256(), form.codec(), form.encryption()))
                                .orElse(null)))
                .toList();
        return new Content(document.bucket(), document.keyPrefix(), Statement.merkleRoot(chunks), chunks);
    }
}
