package dev.streamingsaga.encryption;

import dev.streamingsaga.config.ConfigException;
import dev.streamingsaga.config.EncryptionConfig;
import dev.streamingsaga.config.UnavailableException;
import dev.streamingsaga.journal.Journal;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;

/** The keys of encrypted documents, and the key encryption keys that are configured. Thread-safe. */
public final class DocumentEncryption implements AutoCloseable {
    private final KeyRing ring;
    private final DocumentKeys keys;
    private final Journal journal;
    private final AtomicReference<KeyRotation> rotation = new AtomicReference<>();

    private DocumentEncryption(KeyRing ring, Journal journal) {
        this.ring = ring;
        this.journal = journal;
        this.keys = new JournaledDocumentKeys(journal.keys(), ring, new OpenKeys(journal.clock()));
    }

    /**
     * Opens the configured keys. Sends no request.
     *
     * @return empty if none is configured
     * @throws ConfigException naming every provider that cannot be used, and why
     */
    public static Optional<DocumentEncryption> open(EncryptionConfig config, Journal journal) {
        return config.isOn()
                ? Optional.of(new DocumentEncryption(KeyProviders.open(config), journal))
                : Optional.empty();
    }

    /**
     * Tries the configured keys, without a journal.
     *
     * @return in one line, which keys there are
     * @throws ConfigException naming every provider that cannot be used, and why
     * @throws KeyException if the current key cannot be used now
     */
    public static String inspect(EncryptionConfig config) {
        if (!config.isOn()) {
            return "off (saga.encryption.provider)";
        }
        try (KeyRing ring = KeyProviders.open(config)) {
            return ring.tryCurrentKey()
                    .map(key -> "the key " + key + " wraps and unwraps")
                    .orElse("no key wraps (saga.encryption.provider); the configured ones unwrap");
        }
    }

    public DocumentKeys keys() {
        return keys;
    }

    /**
     * Wraps and unwraps a key for trial.
     *
     * @return the id of the current key encryption key; empty if none wraps
     * @throws KeyException if the key cannot be used now
     */
    public Optional<String> check() {
        return ring.tryCurrentKey();
    }

    /**
     * As {@link #check}, at a start.
     *
     * @throws UnavailableException if the key service does not answer
     * @throws ConfigException if it refuses the key
     */
    public void requireAvailable() {
        try {
            check();
        } catch (KeyServiceUnavailableException e) {
            throw new UnavailableException(e.getMessage() + " (saga.encryption.kms.endpoint)", e);
        } catch (KeyException e) {
            throw ConfigException.of(String.valueOf(e.getMessage()));
        }
    }

    /** Lets keys be rotated. Call it once, before the other methods of rotation. */
    public void openRotation(ManifestKeys manifests) {
        rotation.set(new KeyRotation(journal.keys(), journal.singletons(), ring, manifests));
    }

    /** The keys that a rotation would wrap again. Changes nothing. */
    public RotationProgress previewRotation() {
        return rotation().preview();
    }

    /**
     * Begins to wrap, in the background, all keys that another key than the current one wraps. Does nothing if it runs.
     *
     * @throws ConfigException if no key wraps
     * @throws KeyException if the current key cannot be used now
     */
    public RotationProgress rotate() {
        return rotation().begin("key-rotation");
    }

    public RotationProgress rotationProgress() {
        return rotation().progress();
    }

    private KeyRotation rotation() {
        return Objects.requireNonNull(rotation.get(), "rotation is opened with the instance");
    }

    /** Whether new keys can be wrapped. */
    public boolean canWrap() {
        return ring.canWrap();
    }

    /** Whether a configured provider has the key, as far as that is known without a request. */
    public boolean holds(String keyId) {
        return ring.holds(keyId);
    }

    @Override
    public void close() {
        Optional.ofNullable(rotation.get()).ifPresent(KeyRotation::stop);
        ring.close();
    }
}
