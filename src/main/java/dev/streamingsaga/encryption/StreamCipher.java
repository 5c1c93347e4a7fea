package dev.streamingsaga.encryption;

import com.google.crypto.tink.subtle.AesGcmHkdfStreaming;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Encrypts streams with one data key: AES-256-GCM in segments, as Tink's AES256-GCM-HKDF streaming AEAD does it. Each
 * stream gets a key of its own, derived from the data key, a random salt and the associated data, so the same bytes
 * never give the same ciphertext. Bytes are returned only after the segment that they are in was authenticated, and the
 * end only after the last one. Thread-safe.
 */
public final class StreamCipher {
    public static final int KEY_CHECK_BYTES = 8;

    private static final String HMAC = "HmacSHA256";
    private static final byte[] KEY_CHECK = "streaming-saga key check".getBytes(StandardCharsets.US_ASCII);

    private final DataKey key;
    private final AesGcmHkdfStreaming cipher;

    /** @param segmentBytes size of an encrypted segment */
    public StreamCipher(DataKey key, int segmentBytes) {
        this.key = key;
        try {
            this.cipher = new AesGcmHkdfStreaming(key.bytes(), HMAC, DataKey.BYTES, segmentBytes, 0);
        } catch (GeneralSecurityException e) {
            throw unsupported(e);
        }
    }

    /** Tells whether a stream was encrypted with this key, and nothing about the key. */
    public byte[] keyCheck() {
        try {
            Mac mac = Mac.getInstance(HMAC);
            mac.init(new SecretKeySpec(key.bytes(), HMAC));
            return Arrays.copyOf(mac.doFinal(KEY_CHECK), KEY_CHECK_BYTES);
        } catch (GeneralSecurityException e) {
            throw unsupported(e);
        }
    }

    /** Encrypts what is written to the returned stream, which must be closed, and closes {@code to}. */
    public OutputStream encrypting(OutputStream to, byte[] associatedData) throws IOException {
        try {
            return cipher.newEncryptingStream(to, associatedData);
        } catch (GeneralSecurityException e) {
            throw unsupported(e);
        }
    }

    /**
     * Decrypts {@code from}, which is closed with the returned stream. Reading fails with an {@link IOException} if the
     * bytes, their end, the key or the associated data are not those of the encryption.
     */
    public InputStream decrypting(InputStream from, byte[] associatedData) throws IOException {
        try {
            return cipher.newDecryptingStream(from, associatedData);
        } catch (GeneralSecurityException e) {
            throw unsupported(e);
        }
    }

    private static IllegalStateException unsupported(GeneralSecurityException cause) {
        return new IllegalStateException("this Java runtime has no AES-256-GCM or no HMAC-SHA-256", cause);
    }
}
