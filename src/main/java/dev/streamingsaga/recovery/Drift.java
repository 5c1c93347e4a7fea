package dev.streamingsaga.recovery;

/**
 * One difference between the journal and what a store holds of a completed document.
 *
 * @param store a participant, {@code upload} for the bucket, or {@code journal} where that is damaged itself
 * @param resource which piece: an object key, a column, {@code segments}, {@code visible}, …
 * @param expected as the journal has it; {@code found} as the store has it
 * @param repairable the truth is known: {@code verify --repair} can put it right
 * @param message what stands in the way, or what a person can do; may be empty
 */
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

    Drift withRepairable(boolean can, String why) {
        return new Drift(documentId, sagaId, store, kind, resource, expected, found, can, repaired, why);
    }

    Drift withRepaired(boolean done, String why) {
        return new Drift(documentId, sagaId, store, kind, resource, expected, found, repairable, done, why);
    }
}
