package dev.streamingsaga.saga;

import dev.streamingsaga.journal.Document;
import dev.streamingsaga.journal.SagaRecord;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What the stores really hold of a saga. */
public final class StoreCounts {
    private static final Logger LOG = LoggerFactory.getLogger(StoreCounts.class);

    private final StoreClient stores;

    StoreCounts(StoreClient stores) {
        this.stores = stores;
    }

    /**
     * Pieces in each store, asked now: chunks, records, vectors, nodes, rows. A store that can't be asked is missing.
     */
    public Map<String, Long> counts(SagaRecord saga) {
        Optional<Document> document = saga.document();
        Map<String, Long> counts = new LinkedHashMap<>();
        List<String> names = new ArrayList<>(List.of("upload"));
        names.addAll(saga.participants());
        for (String store : names) {
            if (document.isEmpty()) {
                counts.put(store, 0L);
                continue;
            }
            try {
                stores.contents(store, document.get().facts()).ifPresent(held -> counts.put(store, held.count()));
            } catch (StoreCallException e) {
                LOG.warn(
                        "store {} could not be asked what it holds of saga {}: {}",
                        store,
                        saga.sagaId(),
                        e.getMessage());
            }
        }
        return counts;
    }
}
