package dev.streamingsaga.store;

import dev.streamingsaga.journal.StoreNames;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.springframework.jdbc.core.RowMapper;

/**
 * What the relational or the security store knows of a document, for documents that an older version wrote to the
 * vector store.
 */
final class DocumentRecords {
    private static final RowMapper<DocumentRecord> RECORD =
            (row, number) -> new DocumentRecord(row.getString(1), row.getString(2), row.getString(3));

    private final Map<String, StoreDatabase> stores;

    DocumentRecords(Map<String, StoreDatabase> stores) {
        this.stores = Map.copyOf(stores);
    }

    /** @param received ISO 8601, in UTC */
    record DocumentRecord(String owner, String contentType, String received) {
        static final DocumentRecord UNKNOWN = new DocumentRecord("", "", "");
    }

    DocumentRecord of(String sagaId) {
        return find(
                        StoreNames.RELATIONAL,
                        "select owner, content_type, received from relational_document where saga_id = ?",
                        sagaId)
                .or(() -> find(
                        StoreNames.SECURITY,
                        "select owner, '', created from security_document where saga_id = ?",
                        sagaId))
                .orElse(DocumentRecord.UNKNOWN);
    }

    /** Empty if it is not known. */
    String classification(String sagaId) {
        return Optional.ofNullable(stores.get(StoreNames.SECURITY))
                .flatMap(database -> database
                        .queries()
                        .queryForList(
                                "select classification from security_document where saga_id = ?", String.class, sagaId)
                        .stream()
                        .findFirst())
                .orElse("");
    }

    private Optional<DocumentRecord> find(String store, String query, String sagaId) {
        return Optional.ofNullable(stores.get(store)).flatMap(database -> {
            List<DocumentRecord> found = database.queries().query(query, RECORD, sagaId);
            return found.stream().findFirst();
        });
    }
}
