package dev.streamingsaga.journal;

import dev.streamingsaga.annotation.PublicApi;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Forbids to delete a document, or all documents of an owner.
 *
 * @param value id of the document, or name of the owner
 * @param release null while the hold is in force
 */
@PublicApi
public record LegalHold(
        String holdId,
        Subject subject,
        String value,
        String reason,
        String placedBy,
        Instant placedAt,
        @Nullable Release release) {
    /** What a hold is on. */
    public enum Subject {
        DOCUMENT,
        OWNER
    }

    /** Who ended the hold, when, and why. */
    public record Release(String by, Instant at, String reason) {}

    public boolean isInForce() {
        return release == null;
    }

    /** For people and programs: the fields of the HTTP API. */
    public Map<String, Object> facts() {
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("id", holdId);
        facts.put(subject == Subject.DOCUMENT ? "documentId" : "owner", value);
        facts.put("reason", reason);
        facts.put("placedBy", placedBy);
        facts.put("placedAt", placedAt.toString());
        if (release != null) {
            facts.put("releasedBy", release.by());
            facts.put("releasedAt", release.at().toString());
            facts.put("releaseReason", release.reason());
        }
        return facts;
    }
}
