package dev.streamingsaga.encryption;

import com.google.crypto.tink.subtle.AesGcmJce;
import java.security.GeneralSecurityException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Key encryption keys in memory: AES-256-GCM of Tink, whose result is a random nonce of 12 bytes, the ciphertext, and a
 * tag of 16 bytes. The associated data is the owner of the data key.
 */
final class LocalKeys implements KeyEncryption {
    static final int BYTES = 32;

    private final String current;
    private final Map<String, AesGcmJce> ciphers = new LinkedHashMap<>();

    /**
     * @param current id of the key that wraps; empty: these keys only unwrap
     * @param keys {@value #BYTES} bytes each, by id
     */
    LocalKeys(String current, Map<String, byte[]> keys) {
        this.current = current;
        keys.forEach((id, key) -> ciphers.put(id, cipher(key)));
    }

    private static AesGcmJce cipher(byte[] key) {
        try {
            return new AesGcmJce(key);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this Java runtime has no AES-GCM", e);
        }
    }

    @Override
    public String currentKeyId() {
        return current;
    }

    @Override
    public boolean holds(String keyId) {
        return ciphers.containsKey(keyId);
    }

    @Override
    public DataKey.Wrapped wrap(DataKey key, KeyOwner owner) {
        try {
            return new DataKey.Wrapped(current, find(current).encrypt(key.bytes(), owner.associatedData()));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("AES-GCM cannot encrypt", e);
        }
    }

    @Override
    public DataKey unwrap(DataKey.Wrapped wrapped, KeyOwner owner) {
        try {
            return new DataKey(find(wrapped.keyId()).decrypt(wrapped.bytes(), owner.associatedData()));
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            throw new WrongKeyException(wrapped.keyId(), owner, e);
        }
    }

    private AesGcmJce find(String keyId) {
        return Optional.ofNullable(ciphers.get(keyId)).orElseThrow(() -> new UnknownKeyException(keyId, null));
    }
}
