package dev.streamingsaga.store;

import dev.streamingsaga.config.DocumentConfig.OnFailure;
import dev.streamingsaga.content.DocumentContent;
import dev.streamingsaga.content.Outline;
import dev.streamingsaga.journal.Document;
import dev.streamingsaga.journal.DocumentFacts;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.Run;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.source.DocumentSource;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.apache.camel.Exchange;

/**
 * Caches the outlines of running sagas, so that a document is read once although three stores need its outline. An
 * outline that is not cached (other process, other run, more than {@value #LIMIT} sagas) comes from the journal; only
 * if it has none, the document is read.
 */
final class OutlineCache {
    static final int LIMIT = 64;

    private final DocumentContent content;
    private final Function<Run, DocumentSource> sources;
    private final OnFailure onFailure;
    private final Map<String, KnownOutline> bySaga = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, KnownOutline> eldest) {
            return size() > LIMIT;
        }
    };

    /** @param run its number: meanwhile, another process may have read the document in a later run */
    private record KnownOutline(int run, Outline outline) {}

    /**
     * @param sources opens the document of a run
     * @param onFailure what happens to a document that cannot be read completely
     */
    OutlineCache(DocumentContent content, Function<Run, DocumentSource> sources, OnFailure onFailure) {
        this.content = content;
        this.sources = sources;
        this.onFailure = onFailure;
    }

    DocumentSource source(Run run) {
        return sources.apply(run);
    }

    /**
     * Journals the result of reading a document: the warnings first, since the outcome implies that they are journaled.
     */
    static void journal(Run run, Outline outline) {
        run.check(); // an instance that stops ends the readings of runs that it has handed over
        run.warned(outline.warnings());
        run.textRead(outline.outcome());
    }

    /** @throws SagaException FILE_NOT_READABLE if reading failed and such documents are rejected */
    void remember(Run run, Outline outline) {
        if (onFailure == OnFailure.REJECT && !run.isRepair()) {
            requireRead(run.document(), outline);
        }
        synchronized (bySaga) {
            bySaga.put(run.sagaId(), new KnownOutline(run.number(), outline));
        }
    }

    private static void requireRead(Document document, Outline outline) {
        outline.warnings().stream()
                .filter(warning -> warning.code().isReadingFailure())
                .findFirst()
                .ifPresent(warning -> {
                    String where = warning.place().isEmpty() ? "" : ", " + warning.place();
                    throw new SagaException(
                            Reason.FILE_NOT_READABLE,
                            "the text of " + document.fileName() + " cannot be read completely" + where + ": "
                                    + warning.message() + " (" + warning.code()
                                    + "); it is not stored because saga.content.on-failure is reject; give a file that"
                                    + " can be read, or set it to keep");
                });
    }

    Outline of(Run run) {
        Document document = run.document();
        synchronized (bySaga) {
            KnownOutline known = bySaga.get(run.sagaId());
            if (known != null && known.run() == run.number()) {
                return known.outline();
            }
        }
        Optional<Outline> journaled = journaled(run);
        if (journaled.isPresent()) {
            remember(run, journaled.get());
            return journaled.get();
        }
        // Outside the lock: reading a large file takes seconds, and other sagas must not wait for it.
        Outline read = content.outline(source(run), document.contentType());
        journal(run, read);
        remember(run, read);
        return read;
    }

    /** What an earlier step or run has read. */
    static Optional<Outline> journaled(Run run) {
        return run.textOutcome().map(outcome -> Outline.of(outcome, run.warnings()));
    }

    /** Called at the end of a saga, by its compensation or completion. */
    void forget(Exchange exchange) {
        Object sagaId = StoreSteps.facts(exchange).get(DocumentFacts.SAGA_ID);
        synchronized (bySaga) {
            bySaga.remove(String.valueOf(sagaId));
        }
    }
}
