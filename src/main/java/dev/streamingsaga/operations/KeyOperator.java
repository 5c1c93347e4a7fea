package dev.streamingsaga.operations;

import dev.streamingsaga.audit.AuditAction;
import dev.streamingsaga.encryption.DocumentEncryption;
import dev.streamingsaga.encryption.RotationProgress;
import dev.streamingsaga.journal.Journal;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The key encryption keys of an open instance. Get it from {@link SagaOperator#keys}. Thread-safe.
 *
 * <p>Methods throw a {@code KeyException} if the key service does not answer or refuses the current key, and a
 * {@link LimitedAccessException} for somebody who may not see every document.
 */
public final class KeyOperator {
    private final Journal journal;
    private final Optional<DocumentEncryption> encryption;
    private final Visibility visibility;
    private final AuditTrail trail;

    KeyOperator(OperatorComponents components, Visibility visibility, AuditTrail trail) {
        this.journal = components.journal();
        this.encryption = components.encryption();
        this.visibility = visibility;
        this.trail = trail;
    }

    /** Which keys there are, and how many documents need each. */
    public KeyReport report() {
        requireUnlimited();
        String current = encryption.flatMap(DocumentEncryption::check).orElse("");
        Map<String, Long> documents = new TreeMap<>(journal.keys().countByKey());
        if (!current.isEmpty()) {
            documents.putIfAbsent(current, 0L);
        }
        return new KeyReport(
                current,
                documents.entrySet().stream()
                        .map(key -> new KeyReport.KeyUse(
                                key.getKey(),
                                key.getValue(),
                                key.getKey().equals(current),
                                encryption
                                        .filter(keys -> keys.holds(key.getKey()))
                                        .isPresent()))
                        .toList(),
                progress());
    }

    /**
     * Begins, in the background, to wrap by the current key all keys of documents that another key wraps. Does nothing
     * if it runs already, here or on another node.
     *
     * @return how far it is
     * @throws EncryptionOffException if no key wraps
     */
    public RotationProgress rotate() {
        requireUnlimited();
        DocumentEncryption keys = wrapping();
        trail.record(AuditAction.KEYS, null, null, Map.of("rotation", "requested"));
        return keys.rotate();
    }

    /**
     * What {@link #rotate} would do. Changes nothing.
     *
     * @throws EncryptionOffException if no key wraps
     */
    public RotationProgress previewRotation() {
        requireUnlimited();
        return wrapping().previewRotation();
    }

    /** How far the newest rotation of this process is. */
    public RotationProgress progress() {
        requireUnlimited();
        return encryption.map(DocumentEncryption::rotationProgress).orElse(RotationProgress.NOT_BEGUN);
    }

    private void requireUnlimited() {
        visibility.requireUnlimited("keys");
    }

    private DocumentEncryption wrapping() {
        return encryption.filter(DocumentEncryption::canWrap).orElseThrow(EncryptionOffException::new);
    }
}
