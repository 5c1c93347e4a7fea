package dev.streamingsaga.operations;

import dev.streamingsaga.access.Access;
import dev.streamingsaga.audit.AuditAction;
import dev.streamingsaga.audit.AuditLog;
import dev.streamingsaga.digest.Sha256;
import dev.streamingsaga.journal.Document;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Records what somebody does, under their name. Throws if it cannot be recorded; then do not do it. */
final class AuditTrail {
    private final AuditLog log;
    private final Access access;

    AuditTrail(AuditLog log, Access access) {
        this.log = log;
        this.access = access;
    }

    void record(AuditAction action, Document document, Map<String, String> details) {
        record(action, document.documentId(), document.sagaId(), details);
    }

    void record(AuditAction action, @Nullable String documentId, @Nullable String sagaId, Map<String, String> details) {
        log.record(access.actor(), action, documentId, sagaId, with(details));
    }

    /** Records it in the transaction in which the work writes to the journal. */
    void recordWith(Runnable work, AuditAction action, @Nullable String sagaId, Map<String, String> details) {
        log.recordWith(work, access.actor(), action, sagaId, with(details));
    }

    /** Runs work that writes to the journal and records several entries, in one transaction. */
    void inTransaction(Runnable work) {
        log.inTransaction(work);
    }

    /** Length and beginning of the hash tell equal texts, not what they say. */
    void search(String text) {
        record(
                AuditAction.SEARCH,
                null,
                null,
                Map.of(
                        "textChars",
                        Integer.toString(text.length()),
                        "textSha256",
                        Sha256.of(text).substring(0, 16)));
    }

    private Map<String, String> with(Map<String, String> details) {
        Map<String, String> all = new LinkedHashMap<>(details);
        all.put("surface", access.surface());
        return all;
    }
}
