package dev.streamingsaga.encryption;

import dev.streamingsaga.journal.DocumentKey;
import dev.streamingsaga.journal.DocumentKeyRepository;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.Optional;

/**
 * Data keys that the journal has in their wrapped form. Reads the journal on each call, so that a key that any node has
 * destroyed is refused at once; opened keys are kept for a short time, so that the key service is asked once for each
 * document that is read or written.
 */
final class JournaledDocumentKeys implements DocumentKeys {
    private final DocumentKeyRepository journal;
    private final KeyEncryption encryption;
    private final OpenKeys open;
    private final SecureRandom random = new SecureRandom();

    JournaledDocumentKeys(DocumentKeyRepository journal, KeyEncryption encryption, OpenKeys open) {
        this.journal = journal;
        this.encryption = encryption;
        this.open = open;
    }

    @Override
    public DataKey ofSaga(String sagaId, String documentId) {
        DocumentKey journaled = journal.find(sagaId).orElseGet(() -> create(new KeyOwner(sagaId, documentId)));
        return unwrap(wrapped(journaled), new KeyOwner(sagaId, documentId));
    }

    /** Of two nodes that create the key of a saga at a time, both get the one that was journaled first. */
    private DocumentKey create(KeyOwner owner) {
        byte[] secret = new byte[DataKey.BYTES];
        random.nextBytes(secret);
        DataKey key = new DataKey(secret);
        DataKey.Wrapped wrapped = encryption.wrap(key, owner);
        DocumentKey journaled =
                journal.addIfAbsent(owner.sagaId(), owner.documentId(), wrapped.keyId(), wrapped.base64());
        if (journaled.wrapped().equals(wrapped.base64())) {
            open.put(wrapped, owner, key);
        }
        return journaled;
    }

    @Override
    public Optional<DataKey.Wrapped> wrapped(String sagaId) {
        return journal.find(sagaId).map(JournaledDocumentKeys::wrapped);
    }

    private static DataKey.Wrapped wrapped(DocumentKey journaled) {
        if (journaled.isDestroyed()) {
            throw new DestroyedKeyException(journaled.sagaId());
        }
        return new DataKey.Wrapped(journaled.keyId(), Base64.getDecoder().decode(journaled.wrapped()));
    }

    @Override
    public DataKey open(DataKey.Wrapped wrapped, String sagaId, String documentId) {
        if (journal.find(sagaId).filter(DocumentKey::isDestroyed).isPresent()) {
            throw new DestroyedKeyException(sagaId);
        }
        return unwrap(wrapped, new KeyOwner(sagaId, documentId));
    }

    private DataKey unwrap(DataKey.Wrapped wrapped, KeyOwner owner) {
        Optional<DataKey> known = open.get(wrapped, owner);
        if (known.isPresent()) {
            return known.get();
        }
        DataKey key = encryption.unwrap(wrapped, owner);
        open.put(wrapped, owner, key);
        return key;
    }

    @Override
    public void destroy(String sagaId) {
        journal.destroy(sagaId);
        open.forget(sagaId);
    }
}
