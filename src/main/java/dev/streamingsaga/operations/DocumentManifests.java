package dev.streamingsaga.operations;

import dev.streamingsaga.annotation.Internal;
import dev.streamingsaga.chunk.ChunkStore;
import dev.streamingsaga.encryption.DataKey;
import dev.streamingsaga.encryption.ManifestKeys;
import dev.streamingsaga.journal.Document;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.SagaState;
import java.util.Optional;

/** The manifests of completed documents, in the bucket that each was written to. */
@Internal
public final class DocumentManifests implements ManifestKeys {
    private final Journal journal;
    private final ChunkStore bucket;

    public DocumentManifests(Journal journal, ChunkStore bucket) {
        this.journal = journal;
        this.bucket = bucket;
    }

    @Override
    public void replace(String sagaId, DataKey.Wrapped key) {
        document(sagaId).ifPresent(document -> replace(document, key));
    }

    private void replace(Document document, DataKey.Wrapped key) {
        try {
            bucket.in(document.bucket()).rewrapManifest(document.keyPrefix(), key);
        } catch (SagaException e) {
            if (e.reason() != Reason.CHUNK_MISSING) {
                throw e;
            }
            // No manifest: the document is being deleted, or verify reports it and --repair writes it from the journal.
        }
    }

    @Override
    public void remove(String sagaId) {
        document(sagaId).ifPresent(document -> bucket.in(document.bucket()).deleteManifest(document.keyPrefix()));
    }

    private Optional<Document> document(String sagaId) {
        return journal.sagas()
                .find(sagaId)
                .filter(saga -> saga.state() == SagaState.COMPLETED)
                .flatMap(SagaRecord::document);
    }
}
