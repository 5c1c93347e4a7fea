package dev.streamingsaga.operations;

import dev.streamingsaga.access.SecurityLabel;
import dev.streamingsaga.audit.AuditAction;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.journal.LegalHold;
import dev.streamingsaga.journal.LegalHold.Subject;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Legal holds, which forbid to delete documents: neither a person nor retention nor a newer version removes what a hold
 * covers. Get it from {@link SagaOperator#legalHolds} or {@link SagaCommands#legalHolds}. Thread-safe.
 *
 * <p>Methods throw a {@link LimitedAccessException} for somebody who may not see every document.
 */
public final class LegalHoldOperator {
    /** Longest reason, in characters. */
    public static final int MAX_REASON = SagaOperator.MAX_REASON;

    private final Journal journal;
    private final Visibility visibility;
    private final AuditTrail trail;

    LegalHoldOperator(Journal journal, Visibility visibility, AuditTrail trail) {
        this.journal = journal;
        this.visibility = visibility;
        this.trail = trail;
    }

    /**
     * Places a hold on a document, with all its versions.
     *
     * @throws UnknownDocumentException if there is no such completed document, or it is deleted
     * @throws IllegalArgumentException if the reason is blank or too long
     */
    public LegalHold placeOnDocument(String documentId, String reason, String placedBy) {
        return place(Subject.DOCUMENT, documentId, reason, placedBy)
                .orElseThrow(() -> new UnknownDocumentException(documentId));
    }

    /**
     * Places a hold on all documents of an owner, also on those that are yet to come.
     *
     * @throws IllegalArgumentException if the name or the reason is not valid
     */
    public LegalHold placeOnOwner(String owner, String reason, String placedBy) {
        SecurityLabel.requireOwner(owner);
        return place(Subject.OWNER, owner, reason, placedBy).orElseThrow();
    }

    private Optional<LegalHold> place(Subject subject, String value, String reason, String placedBy) {
        visibility.requireUnlimited("legal holds");
        requireReason(reason);
        trail.record(
                AuditAction.LEGAL_HOLD,
                subject == Subject.DOCUMENT ? value : null,
                null,
                subject == Subject.DOCUMENT
                        ? Map.of("operation", "place", "reason", reason)
                        : Map.of("operation", "place", "owner", value, "reason", reason));
        return journal.legalHolds().place(subject, value, reason, placedBy);
    }

    /**
     * Ends a hold. Releasing it again has no effect.
     *
     * @return the hold as it is now
     * @throws UnknownHoldException if there is no such hold
     * @throws IllegalArgumentException if the reason is blank or too long
     */
    public LegalHold release(String holdId, String reason, String releasedBy) {
        visibility.requireUnlimited("legal holds");
        requireReason(reason);
        LegalHold hold = journal.legalHolds().find(holdId).orElseThrow(() -> new UnknownHoldException(holdId));
        trail.record(
                AuditAction.LEGAL_HOLD,
                hold.subject() == Subject.DOCUMENT ? hold.value() : null,
                null,
                Map.of("operation", "release", "hold", holdId, "reason", reason));
        return journal.legalHolds().release(holdId, reason, releasedBy).orElseThrow();
    }

    /**
     * Lists holds, newest first.
     *
     * @param below only holds with a lower id than this; empty: from the newest
     * @param released whether to list ended holds as well
     */
    public List<LegalHold> list(String below, boolean released, int limit) {
        visibility.requireUnlimited("legal holds");
        return journal.legalHolds().list(below, released, limit);
    }

    private static void requireReason(String reason) {
        if (reason.isBlank() || reason.length() > MAX_REASON) {
            throw new IllegalArgumentException("a legal hold needs a reason of 1 to " + MAX_REASON
                    + " characters, which the journal keeps; nothing was changed");
        }
    }
}
