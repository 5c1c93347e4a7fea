package dev.streamingsaga.operations;

import dev.streamingsaga.audit.AuditAction;
import dev.streamingsaga.retention.Retention;
import dev.streamingsaga.retention.RetentionReport;
import java.util.Map;

/**
 * Passes of retention of an open instance. Get it from {@link SagaOperator#retention}. Thread-safe.
 *
 * <p>Methods throw a {@link LimitedAccessException} for somebody who may not see every document.
 */
public final class RetentionOperator {
    private final Retention retention;
    private final Visibility visibility;
    private final AuditTrail trail;

    RetentionOperator(Retention retention, Visibility visibility, AuditTrail trail) {
        this.retention = retention;
        this.visibility = visibility;
        this.trail = trail;
    }

    /** What a pass would do now, rule by rule. Changes nothing. */
    public RetentionReport preview() {
        requireUnlimited();
        return retention.preview();
    }

    /**
     * Begins a pass in the background, before its time. Does nothing if one runs already, here or on another node.
     *
     * @return how far it is
     */
    public RetentionReport run() {
        requireUnlimited();
        trail.record(AuditAction.RETENTION, null, null, Map.of("pass", "requested"));
        return retention.begin();
    }

    /** How far the newest pass of this process is. */
    public RetentionReport progress() {
        requireUnlimited();
        return retention.progress();
    }

    private void requireUnlimited() {
        visibility.requireUnlimited("retention");
    }
}
