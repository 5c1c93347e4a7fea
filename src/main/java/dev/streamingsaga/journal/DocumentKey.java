package dev.streamingsaga.journal;

import java.time.Instant;
import java.util.Optional;

/**
 * The journaled data key of a saga's objects.
 *
 * @param keyId names the key encryption key that wraps it
 * @param wrapped Base64; empty if the key has been destroyed
 * @param next what a rotation that has begun replaces it with
 */
public record DocumentKey(
        String sagaId,
        String documentId,
        String keyId,
        String wrapped,
        Optional<Instant> destroyedAt,
        Optional<Replacement> next) {

    /** @param wrapped Base64; empty if the key has been destroyed meanwhile */
    public record Replacement(String keyId, String wrapped) {}

    public boolean isDestroyed() {
        return destroyedAt.isPresent();
    }

    @Override
    public String toString() {
        return "DocumentKey[sagaId=" + sagaId + ", keyId=" + keyId + ", destroyed=" + isDestroyed() + "]";
    }
}
