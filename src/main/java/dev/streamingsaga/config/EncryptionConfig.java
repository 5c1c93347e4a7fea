package dev.streamingsaga.config;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * The key encryption keys, which wrap the keys of documents. Every provider that is configured opens wrapped keys.
 *
 * @param provider wraps new keys
 */
public record EncryptionConfig(Provider provider, Optional<Path> keyFile, Pkcs12 pkcs12, Kms kms) {
    public enum Provider {
        NONE,
        KEY_FILE,
        PKCS12,
        KMS
    }

    /** Whether new keys can be wrapped. */
    public boolean canWrap() {
        return provider != Provider.NONE;
    }

    /** Whether there is any key, if only for older documents. */
    public boolean isOn() {
        return canWrap()
                || keyFile.isPresent()
                || pkcs12.file().isPresent()
                || !kms.key().isEmpty()
                || !kms.previousKeys().isEmpty();
    }

    /**
     * A PKCS#12 key store.
     *
     * @param key alias of the key that wraps
     */
    public record Pkcs12(Optional<Path> file, String key, String password) {
        @Override
        public String toString() {
            return "Pkcs12[file=" + file + ", key=" + key + ", password hidden]";
        }
    }

    /**
     * AWS KMS, or a server with its API.
     *
     * @param key id, ARN or alias of the key that wraps; empty: KMS is not used
     * @param previousKeys ids or ARNs of keys that only unwrap
     * @param endpoint empty: that of the region
     * @param accessKey empty: the SDK's default chain provides the credentials
     * @param timeout of each request
     */
    public record Kms(
            String key,
            List<String> previousKeys,
            Optional<URI> endpoint,
            String region,
            String accessKey,
            String secretKey,
            Duration timeout) {
        @Override
        public String toString() {
            return "Kms[key=" + key + ", previousKeys=" + previousKeys + ", endpoint=" + endpoint + ", region=" + region
                    + ", credentials hidden, timeout=" + timeout + "]";
        }
    }
}
