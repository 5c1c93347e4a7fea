package dev.streamingsaga.sealing;

import dev.streamingsaga.encryption.DataKey;
import dev.streamingsaga.encryption.DocumentKeys;
import dev.streamingsaga.encryption.KeyException;
import dev.streamingsaga.encryption.LostKeyException;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.SagaException;
import java.util.Optional;
import java.util.function.Supplier;
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

    /**
     * To encrypt: created if the saga has none.
     *
     * @throws SagaException STORE_FAILED if the key cannot be used now
     */
    synchronized DataKey toWrite() {
        DataKey key = opened;
        if (key == null) {
            key = usable(() -> keys().ofSaga(sagaId, documentId));
            opened = key;
        }
        return key;
    }

    /** @throws SagaException STORE_FAILED if the key is lost, destroyed, or cannot be used now */
    synchronized DataKey toRead() {
        DataKey key = opened;
        if (key == null) {
            key = usable(() -> given.isPresent()
                    ? keys().open(given.get(), sagaId, documentId)
                    : keys().existing(sagaId, documentId));
            opened = key;
        }
        return key;
    }

    /** @throws SagaException STORE_FAILED if the key is lost or destroyed */
    DataKey.Wrapped wrapped() {
        return given.orElseGet(
                () -> usable(() -> keys().wrapped(sagaId).orElseThrow(() -> new LostKeyException(sagaId))));
    }

    /** The cause decides whether another attempt may succeed. */
    private <T> T usable(Supplier<T> key) {
        try {
            return key.get();
        } catch (KeyException e) {
            throw new SagaException(
                    Reason.STORE_FAILED,
                    "the objects of saga " + sagaId + " can be neither encrypted nor decrypted: " + e.getMessage(),
                    e);
        }
    }

    private DocumentKeys keys() {
        return keys.orElseThrow(() -> new SagaException(
                Reason.STORE_FAILED,
                "the objects of saga " + sagaId + " are encrypted, and this process has no keys; set"
                        + " saga.encryption.provider as where they were written"));
    }
}
