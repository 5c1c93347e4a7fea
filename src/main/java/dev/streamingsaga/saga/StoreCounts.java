package dev.streamingsaga.saga;

import dev.streamingsaga.journal.Document;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.StoreNames;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Counts what the stores hold of a saga. */
public final class StoreCounts {
    private static final Logger LOG = LoggerFactory.getLogger(StoreCounts.class);

    private final StoreClient stores;

    StoreCounts(StoreClient stores) {
        this.stores = stores;
    }

    /**
     * The number of pieces in each store, queried now: chunks, records, vectors, nodes, rows. A store that cannot be
     * queried is absent.
     */
    public Map<String, Long> counts(SagaRecord saga) {
        Optional<Document> document = saga.document();
        Map<String, Long> counts = new LinkedHashMap<>();
        List<String> names = new ArrayList<>(List.of(StoreNames.UPLOAD));
        names.addAll(saga.participants());
        for (String store : names) {
            if (document.isEmpty()) {
                counts.put(store, 0L);
                continue;
            }
            try {
                stores.contents(store, document.get().facts())
                        .ifPresent(contents -> counts.put(store, contents.count()));
            } catch (StoreCallException e) {
                LOG.warn(
                        "store {} could not be queried for saga {} ({}); its count is left out",
                        store,
                        saga.sagaId(),
                        e.getMessage());
            }
        }
        return counts;
    }
}
