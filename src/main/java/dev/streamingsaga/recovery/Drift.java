package dev.streamingsaga.recovery;

import dev.streamingsaga.annotation.PublicApi;

/**
 * One difference between the journal and what a store holds of a completed document.
 *
 * @param store a participant, {@code upload} for the bucket, or {@code journal} if the journal itself is damaged
 * @param resource what differs: an object key, a column, {@code segments}, {@code visible}, …
 * @param expected the value in the journal; {@code found} is the value in the store
 * @param repairable whether {@code verify --repair} can fix it
 * @param message why it cannot be repaired, or what to do; may be empty
 */
@PublicApi
public record Drift(
        String documentId,
        String sagaId,
        String store,
        Drift.DriftKind kind,
        String resource,
        String expected,
        String found,
        boolean repairable,
        boolean repaired,
        String message) {

    public enum DriftKind {
        MISSING,
        EXTRA,
        DIFFERENT,
        NOT_VISIBLE,
        UNREACHABLE
    }

    boolean isSameAs(Drift other) {
        return store.equals(other.store) && resource.equals(other.resource);
    }

    Drift withRepairable(boolean can, String explanation) {
        return new Drift(documentId, sagaId, store, kind, resource, expected, found, can, repaired, explanation);
    }

    Drift withRepaired(boolean done, String explanation) {
        return new Drift(documentId, sagaId, store, kind, resource, expected, found, repairable, done, explanation);
    }
}
