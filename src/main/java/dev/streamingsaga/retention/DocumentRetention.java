package dev.streamingsaga.retention;

import dev.streamingsaga.access.Classification;
import dev.streamingsaga.audit.Actor;
import dev.streamingsaga.audit.AuditAction;
import dev.streamingsaga.config.RetentionPeriod;
import dev.streamingsaga.deletion.DeletionRefusedException;
import dev.streamingsaga.deletion.DeletionRequest;
import dev.streamingsaga.deletion.Deletions;
import dev.streamingsaga.journal.AgedDocuments.AgedDocument;
import dev.streamingsaga.journal.AgedDocuments.Position;
import dev.streamingsaga.journal.Deletion;
import dev.streamingsaga.journal.Journal;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Deletes documents whose current version was completed long ago, with all their versions, as a person would: each by a
 * deletion of its own, one after the other. What a legal hold covers stays.
 */
public final class DocumentRetention implements RetentionRule {
    private static final String REQUESTER = "retention";
    private static final int PAGE = 200;

    private final Journal journal;
    private final Clock clock;
    private final Deletions deletions;
    private final Map<Classification, RetentionPeriod> periods;
    private final Duration patience;

    /**
     * @param periods by classification; documents of one that is absent stay
     * @param patience how long a pass waits for the end of each deletion, which continues in any case
     */
    public DocumentRetention(
            Journal journal, Deletions deletions, Map<Classification, RetentionPeriod> periods, Duration patience) {
        this.journal = journal;
        this.clock = journal.clock();
        this.deletions = deletions;
        this.periods = periods;
        this.patience = patience;
    }

    @Override
    public String name() {
        return "documents";
    }

    @Override
    public String period() {
        return Arrays.stream(Classification.values())
                .filter(periods::containsKey)
                .map(level -> level.word() + " " + periods.get(level))
                .collect(Collectors.joining(", "));
    }

    @Override
    public RuleReport preview(RetentionPass limits) {
        return new Work(limits, false).all();
    }

    @Override
    public RuleReport run(RetentionPass pass) {
        return new Work(pass, true).all();
    }

    /** One pass. */
    private final class Work {
        private final RetentionPass pass;
        private final boolean deletes;
        private final Instant now = clock.instant();
        private final RuleReport.Builder report;

        Work(RetentionPass pass, boolean deletes) {
            this.pass = pass;
            this.deletes = deletes;
            this.report = new RuleReport.Builder(DocumentRetention.this, pass);
        }

        RuleReport all() {
            for (Classification level : Classification.values()) {
                RetentionPeriod period = periods.get(level);
                if (period != null && !every(level, period)) {
                    report.incomplete();
                    break;
                }
            }
            return report.build();
        }

        /** Returns false if the pass stops. */
        private boolean every(Classification level, RetentionPeriod period) {
            Position last = Position.START;
            List<AgedDocument> page;
            do {
                page = journal.agedDocuments().completedBefore(level, period.before(now), last, PAGE);
                for (AgedDocument document : page) {
                    if (report.left() == 0 || !pass.mayContinue()) {
                        return false;
                    }
                    one(document, period);
                    last = Position.of(document);
                }
            } while (page.size() == PAGE);
            return true;
        }

        private void one(AgedDocument document, RetentionPeriod period) {
            if (document.held()) {
                report.held(document.documentId(), heldBecause(document));
            } else if (deletes) {
                delete(document, period);
            } else {
                report.add(document.documentId());
            }
        }

        private String heldBecause(AgedDocument document) {
            return journal.legalHolds()
                    .covering(document.sagaId())
                    .map(hold -> "legal hold " + hold.holdId() + ": " + hold.reason())
                    .orElse("a legal hold that has just ended");
        }

        private void delete(AgedDocument document, RetentionPeriod period) {
            String reason = "retention " + period + ", completed " + document.completedAt();
            journal.audit()
                    .record(
                            Actor.system(REQUESTER),
                            AuditAction.RETENTION,
                            document.documentId(),
                            document.sagaId(),
                            Map.of("rule", name(), "reason", reason));
            try {
                Deletion deletion =
                        deletions.request(DeletionRequest.document(document.documentId(), reason, REQUESTER));
                report.add(document.documentId());
                deletions.await(deletion.deletionId(), patience);
                pass.pause();
            } catch (DeletionRefusedException e) {
                report.held(document.documentId(), String.valueOf(e.getMessage()));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
