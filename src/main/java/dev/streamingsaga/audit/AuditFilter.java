package dev.streamingsaga.audit;

import dev.streamingsaga.annotation.PublicApi;
import java.time.Instant;
import java.util.Optional;

/**
 * Which entries of the audit log are read; each condition must hold.
 *
 * @param actor id of the actor, or kind and id such as {@code KEY:name}
 * @param since written at this time or later
 */
@PublicApi
public record AuditFilter(
        Optional<String> documentId, Optional<String> actor, Optional<AuditAction> action, Optional<Instant> since) {
    public static final AuditFilter ALL =
            new AuditFilter(Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty());
}
