package dev.streamingsaga.encryption;

import dev.streamingsaga.config.ConfigException;
import dev.streamingsaga.config.EncryptionConfig;
import dev.streamingsaga.config.UnavailableException;
import dev.streamingsaga.journal.Journal;
import java.util.Optional;

/** The keys of encrypted documents, and the key encryption keys that are configured. Thread-safe. */
public final class DocumentEncryption implements AutoCloseable {
    private final KeyRing ring;
    private final DocumentKeys keys;

    private DocumentEncryption(KeyRing ring, Journal journal) {
        this.ring = ring;
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

    @Override
    public void close() {
        ring.close();
    }
}
