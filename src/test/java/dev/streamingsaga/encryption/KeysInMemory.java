package dev.streamingsaga.encryption;

import java.security.SecureRandom;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** Keys of documents that live as long as the test: a wrapped key is a name that only this object can look up. */
public final class KeysInMemory implements DocumentKeys {
    private static final String KEY_ID = "test-key";

    private final SecureRandom random = new SecureRandom();
    private final Map<String, DataKey.Wrapped> wrapped = new ConcurrentHashMap<>();
    private final Map<DataKey.Wrapped, DataKey> keys = new ConcurrentHashMap<>();

    @Override
    public DataKey ofSaga(String sagaId, String documentId) {
        return open(wrapped.computeIfAbsent(sagaId, id -> create()), sagaId, documentId);
    }

    private DataKey.Wrapped create() {
        DataKey.Wrapped name = new DataKey.Wrapped(KEY_ID, bytes(16));
        keys.put(name, new DataKey(bytes(DataKey.BYTES)));
        return name;
    }

    private byte[] bytes(int count) {
        byte[] bytes = new byte[count];
        random.nextBytes(bytes);
        return bytes;
    }

    @Override
    public Optional<DataKey.Wrapped> wrapped(String sagaId) {
        return Optional.ofNullable(wrapped.get(sagaId));
    }

    @Override
    public DataKey open(DataKey.Wrapped key, String sagaId, String documentId) {
        return Optional.ofNullable(keys.get(key)).orElseThrow();
    }

    /** As a saga whose key was lost and created again. */
    public void replace(String sagaId) {
        wrapped.put(sagaId, create());
    }

    @Override
    public void destroy(String sagaId) {
        wrapped.remove(sagaId);
    }
}
