package dev.streamingsaga.audit;

import dev.streamingsaga.annotation.PublicApi;
import java.util.List;

/**
 * What a check of the audit log found.
 *
 * @param entries number of entries that were read
 * @param findings empty if the log is as it was written; at most the first hundred
 * @param newest the newest entry, to be remembered elsewhere
 */
@PublicApi
public record AuditReport(long entries, List<AuditFinding> findings, AuditAnchor newest) {
    public boolean isClean() {
        return findings.isEmpty();
    }
}
