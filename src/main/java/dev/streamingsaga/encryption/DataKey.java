package dev.streamingsaga.encryption;

import dev.streamingsaga.journal.DocumentKey;
import java.util.Arrays;
import java.util.Base64;

/** The secret key of one saga's objects: 32 random bytes. Lives in memory only, and never shows itself as text. */
public final class DataKey {
    public static final int BYTES = 32;

    private final byte[] secret;

    /** @throws IllegalArgumentException if it is not {@value #BYTES} bytes long */
    public DataKey(byte[] secret) {
        if (secret.length != BYTES) {
            throw new IllegalArgumentException("a data key has " + BYTES + " bytes, not " + secret.length);
        }
        this.secret = secret.clone();
    }

    /** A copy of the key. */
    public byte[] bytes() {
        return secret.clone();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof DataKey key && Arrays.equals(secret, key.secret);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(secret);
    }

    @Override
    public String toString() {
        return "a data key";
    }

    /**
     * A data key that only the holder of a key encryption key can open.
     *
     * @param keyId names the key encryption key
     * @param bytes the encrypted data key, as the key encryption key's provider returns it
     */
    public record Wrapped(String keyId, byte[] bytes) {
        public Wrapped {
            bytes = bytes.clone();
        }

        /** The journaled key of a saga; that which replaces it if a rotation has begun. */
        public static Wrapped newest(DocumentKey key) {
            String keyId = key.next().map(DocumentKey.Replacement::keyId).orElse(key.keyId());
            String base64 = key.next().map(DocumentKey.Replacement::wrapped).orElse(key.wrapped());
            return new Wrapped(keyId, Base64.getDecoder().decode(base64));
        }

        @Override
        public byte[] bytes() {
            return bytes.clone();
        }

        /** Base64, for JSON. */
        public String base64() {
            return Base64.getEncoder().encodeToString(bytes);
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Wrapped key && keyId.equals(key.keyId) && Arrays.equals(bytes, key.bytes);
        }

        @Override
        public int hashCode() {
            return 31 * keyId.hashCode() + Arrays.hashCode(bytes);
        }
    }
}
