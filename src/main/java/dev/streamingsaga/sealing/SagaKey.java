package dev.streamingsaga.sealing;

import dev.streamingsaga.encryption.DataKey;
import dev.streamingsaga.encryption.DocumentKeys;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.SagaException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The data key of one saga, opened when it is first needed. Thread-safe. */
final class SagaKey {
    private final Optional<DocumentKeys> keys;
    private final String documentId;
    private final String sagaId;
    private final Optional<DataKey.Wrapped> given;
    private @Nullable DataKey opened;

    /** @param given used instead of the journal's */
    SagaKey(Optional<DocumentKeys> keys, String documentId, String sagaId, Optional<DataKey.Wrapped> given) {
        this.keys = keys;
        this.documentId = documentId;
        this.sagaId = sagaId;
        this.given = given;
    }

    String documentId() {
        return documentId;
    }

    String sagaId() {
        return sagaId;
    }

    /** To encrypt: created if the saga has none. */
    synchronized DataKey toWrite() {
        DataKey key = opened;
        if (key == null) {
            key = keys().ofSaga(sagaId, documentId);
            opened = key;
        }
        return key;
    }

    /** @throws SagaException STORE_FAILED if the key is lost */
    synchronized DataKey toRead() {
        DataKey key = opened;
        if (key == null) {
            key = keys().open(wrapped(), sagaId, documentId);
            opened = key;
        }
        return key;
    }

    /** @throws SagaException STORE_FAILED if the key is lost */
    DataKey.Wrapped wrapped() {
        return given.or(() -> keys().wrapped(sagaId))
                .orElseThrow(() -> new SagaException(
                        Reason.STORE_FAILED,
                        "the data key of saga " + sagaId + " is lost: the journal has none, though its objects are"
                                + " encrypted; the manifest in the bucket may still have it (fetch)"));
    }

    private DocumentKeys keys() {
        return keys.orElseThrow(() -> new SagaException(
                Reason.STORE_FAILED,
                "the objects of saga " + sagaId + " are encrypted, and this process has no keys; set"
                        + " saga.encryption.provider as where they were written"));
    }
}
