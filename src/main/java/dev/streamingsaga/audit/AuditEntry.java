package dev.streamingsaga.audit;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.streamingsaga.annotation.PublicApi;
import dev.streamingsaga.digest.Sha256;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * One entry of the audit log.
 *
 * @param sequence its number, from 1, without gaps
 * @param atMillis when it was written, in milliseconds since 1970, by the clock of its node
 * @param kind of the actor, see {@link Actor.ActorKind}
 * @param actor id of the actor
 * @param action see {@link AuditAction}
 * @param documentId empty if it is about no document, or its document was not known yet
 * @param sagaId empty if it is about no saga
 * @param node that wrote it
 * @param details a JSON object of strings, sorted by key
 * @param previousHash hash of the entry before; {@link #NO_HASH} for the first
 * @param hash see {@link #computeHash}
 */
@PublicApi
public record AuditEntry(
        long sequence,
        long atMillis,
        String kind,
        String actor,
        String action,
        String documentId,
        String sagaId,
        String node,
        String details,
        String previousHash,
        String hash) {
    /** What the first entry has instead of the hash of the entry before. */
    public static final String NO_HASH = "0".repeat(64);

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int MAX_CHARS = 2000;

    /** What an entry says, before it has its place in the chain. */
    record Draft(
            long atMillis,
            String kind,
            String actor,
            String action,
            String documentId,
            String sagaId,
            String node,
            String details) {
        AuditEntry after(long sequence, String previousHash) {
            AuditEntry entry = new AuditEntry(
                    sequence, atMillis, kind, actor, action, documentId, sagaId, node, details, previousHash, "");
            return entry.withHash(entry.computeHash());
        }
    }

    private AuditEntry withHash(String computed) {
        return new AuditEntry(
                sequence, atMillis, kind, actor, action, documentId, sagaId, node, details, previousHash, computed);
    }

    /** The same entry at another place of the log. */
    AuditEntry at(long place) {
        return new AuditEntry(
                place, atMillis, kind, actor, action, documentId, sagaId, node, details, previousHash, hash);
    }

    /**
     * The SHA-256, in lower-case hex, of the other ten components in their order, in UTF-8, each but the last followed
     * by a line feed. No component contains one.
     */
    public String computeHash() {
        return Sha256.of(String.join(
                "\n",
                Long.toString(sequence),
                Long.toString(atMillis),
                kind,
                actor,
                action,
                documentId,
                sagaId,
                node,
                details,
                previousHash));
    }

    boolean hasItsHash() {
        return hash.equals(computeHash());
    }

    public Instant at() {
        return Instant.ofEpochMilli(atMillis);
    }

    /** The details by key, sorted. */
    public Map<String, String> detailMap() {
        try {
            return JSON.readValue(details, new TypeReference<LinkedHashMap<String, String>>() {});
        } catch (JsonProcessingException e) {
            return Map.of("unreadable", details);
        }
    }

    /** The entry as JSON shows it. */
    public Map<String, Object> fields() {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("sequence", sequence);
        fields.put("timestamp", at().toString());
        fields.put("actorKind", kind);
        fields.put("actor", actor);
        fields.put("action", action);
        fields.put("documentId", documentId.isEmpty() ? null : documentId);
        fields.put("sagaId", sagaId.isEmpty() ? null : sagaId);
        fields.put("node", node);
        fields.put("details", detailMap());
        fields.put("previousHash", previousHash);
        fields.put("hash", hash);
        return fields;
    }

    static String json(Map<String, String> details) {
        Map<String, String> sorted = new TreeMap<>();
        details.forEach((key, value) -> sorted.put(clean(key), clean(value)));
        try {
            return JSON.writeValueAsString(sorted);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("maps of text are JSON", e);
        }
    }

    /** Every database returns it as it was: no control characters, no halves of surrogate pairs. */
    static String clean(String text) {
        String bounded = text.length() > MAX_CHARS ? text.substring(0, MAX_CHARS) + "…" : text;
        return bounded.replaceAll("[\\p{Cc}\\p{Cs}]", "\uFFFD");
    }
}
