package dev.streamingsaga.store;

import dev.streamingsaga.content.DocumentContent;
import dev.streamingsaga.content.Outline;
import dev.streamingsaga.journal.Document;
import dev.streamingsaga.journal.DocumentFacts;
import dev.streamingsaga.journal.Run;
import dev.streamingsaga.source.DocumentSource;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;
import org.apache.camel.Exchange;

/**
 * Caches the outlines of running sagas, so that a document is read once although three stores need its outline. An
 * outline that is not cached (other process, other run, more than {@value #LIMIT} sagas) is read again.
 */
final class OutlineCache {
    static final int LIMIT = 64;

    private final DocumentContent content;
    private final Function<Run, DocumentSource> sources;
    private final Map<String, Outline> bySaga = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Outline> eldest) {
            return size() > LIMIT;
        }
    };

    /** @param sources opens the document of a run */
    OutlineCache(DocumentContent content, Function<Run, DocumentSource> sources) {
        this.content = content;
        this.sources = sources;
    }

    DocumentSource source(Run run) {
        return sources.apply(run);
    }

    void remember(String sagaId, Outline outline) {
        synchronized (bySaga) {
            bySaga.put(sagaId, outline);
        }
    }

    Outline of(Run run) {
        Document document = run.document();
        synchronized (bySaga) {
            Outline known = bySaga.get(document.sagaId());
            if (known != null) {
                return known;
            }
        }
        // Outside the lock: reading a large file takes seconds, and other sagas must not wait for it.
        Outline read = content.outline(source(run), document.contentType());
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
