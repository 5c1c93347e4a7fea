package dev.streamingsaga.store;

import java.util.List;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.jdbc.core.JdbcTemplate;

/** Copies the classification of documents that an older version wrote from the security store to the vector store. */
final class ClassificationBuilder {
    private static final Logger LOG = LoggerFactory.getLogger(ClassificationBuilder.class);

    private final JdbcTemplate queries;
    private final DocumentRecords records;
    private final BooleanSupplier stopped;

    ClassificationBuilder(StoreDatabase database, DocumentRecords records, BooleanSupplier stopped) {
        this.queries = database.queries();
        this.records = records;
        this.stopped = stopped;
    }

    /** What the security store does not know stays hidden from everybody who is limited. */
    void buildMissing() {
        List<String> missing = queries.queryForList(
                "select saga_id from vector_document where classification = '' order by saga_id", String.class);
        int copied = 0;
        for (String sagaId : missing) {
            if (stopped.getAsBoolean()) {
                return;
            }
            String classification = records.classification(sagaId);
            if (!classification.isEmpty()) {
                queries.update(
                        "update vector_document set classification = ? where saga_id = ? and classification = ''",
                        classification,
                        sagaId);
                copied++;
            }
        }
        if (copied > 0) {
            LOG.info("the vector store knows the classification of {} more documents", copied);
        }
    }
}
