package dev.streamingsaga.store;

import dev.streamingsaga.content.DocumentContent;
import dev.streamingsaga.content.Outline;
import dev.streamingsaga.journal.Document;
import dev.streamingsaga.journal.DocumentFacts;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.camel.Exchange;

/**
 * Caches the outlines of running sagas, so that a file is read once although three stores need its outline. An outline
 * that is not cached (other process, other run, more than {@value #LIMIT} sagas) is read from the file again.
 */
final class OutlineCache {
    static final int LIMIT = 64;

    private final DocumentContent content;
    private final Map<String, Outline> bySaga = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Outline> eldest) {
            return size() > LIMIT;
        }
    };

    OutlineCache(DocumentContent content) {
        this.content = content;
    }

    void remember(String sagaId, Outline outline) {
        synchronized (bySaga) {
            bySaga.put(sagaId, outline);
        }
    }

    Outline of(Document document) {
        synchronized (bySaga) {
            Outline known = bySaga.get(document.sagaId());
            if (known != null) {
                return known;
            }
        }
        // Outside the lock: reading a large file takes seconds, and other sagas must not wait for it.
        Outline read = content.outline(document.path(), document.contentType());
        remember(document.sagaId(), read);
        return read;
    }

    /** Called at the end of a saga, by its compensation or completion. */
    void forget(Exchange exchange) {
        Object sagaId = StoreSteps.facts(exchange).get(DocumentFacts.SAGA_ID);
        synchronized (bySaga) {
            bySaga.remove(String.valueOf(sagaId));
        }
    }
}
