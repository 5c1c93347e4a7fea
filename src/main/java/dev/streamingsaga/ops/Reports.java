package dev.streamingsaga.ops;

import dev.streamingsaga.config.RouteNames;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.journal.CleanupEntry;
import dev.streamingsaga.journal.EventDraft;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.outage.DownDependency;
import dev.streamingsaga.saga.Alerts;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ScheduledExecutorService;
import org.apache.camel.CamelContext;

/**
 * Sends the audit log to the operator's route. Journals alerts, then delivers them: as a log line, to
 * {@code direct:<name>-alert} if the operator defines that route, and in the three report files in
 * {@code DATA/reports}.
 */
public final class Reports implements Alerts, AutoCloseable {
    private final Journal journal;
    private final AlertDrafts drafts;
    private final AlertDelivery delivery;
    private final AuditExport audit;
    private final ReportFiles files;
    private final ScheduledExecutorService timer;
    /** Outages whose alert was journaled, by this node or another. */
    private final Set<DownDependency> knownDown = new HashSet<>();

    public Reports(SagaConfig config, Journal journal, CamelContext context) {
        this.journal = journal;
        this.drafts = new AlertDrafts(journal.clock());
        this.delivery = new AlertDelivery(journal, context, "direct://" + config.id(RouteNames.ALERT));
        this.audit = new AuditExport(config, journal, context);
        this.timer = context.getExecutorServiceManager().newSingleThreadScheduledExecutor(this, config.id("reports"));
        this.files = new ReportFiles(journal, config.dataDir().resolve("reports"), timer, System::nanoTime);
    }

    /** Reports that could not be written since the start. */
    public long unwritten() {
        return files.unwritten();
    }

    /**
     * Brings the reports up to date. {@link #redeliver} delivers the alerts that a killed process journaled and did not
     * deliver.
     *
     * @param exclusive no other process can be delivering alerts now
     */
    public void start(boolean exclusive) {
        if (exclusive) {
            delivery.startExclusively();
        }
        files.update();
    }

    @Override
    public List<EventDraft> residue(SagaRecord saga, List<CleanupEntry> open) {
        return drafts.residue(saga, open);
    }

    @Override
    public List<EventDraft> notDeleted(SagaRecord saga, List<CleanupEntry> open) {
        return drafts.notDeleted(saga, open);
    }

    @Override
    public List<EventDraft> blocked(SagaRecord saga, List<CleanupEntry> blocked) {
        return drafts.blocked(saga, blocked);
    }

    @Override
    public List<EventDraft> crashed(SagaRecord saga, String step, String error) {
        return drafts.crashed(saga, step, error);
    }

    @Override
    public List<EventDraft> notVisible(SagaRecord saga, String store, String error, int attempts) {
        return drafts.notVisible(saga, store, error, attempts);
    }

    @Override
    public List<EventDraft> sourceChanged(SagaRecord saga, String message, String action, boolean critical) {
        return drafts.sourceChanged(saga, message, action, critical);
    }

    @Override
    public EventDraft sourceHostAway(SagaRecord saga, String host, Instant since) {
        return drafts.sourceHostAway(saga, host, since);
    }

    /** Creates the alert for a document that is not delivered again. Called like {@link #residue}. */
    public List<EventDraft> redeliveryGivenUp(SagaRecord saga) {
        return drafts.redeliveryGivenUp(saga);
    }

    /**
     * Journals and delivers one alert for each dependency that went down, on the saga that met it first. Of several
     * nodes that meet the same outage, the first one does. After a failure of the journal, call it again.
     */
    public synchronized void outagesChanged(List<DownDependency> down) {
        for (DownDependency former : List.copyOf(knownDown)) {
            if (!down.contains(former)) {
                journal.singletons().release(lease(former));
                knownDown.remove(former);
            }
        }
        for (DownDependency now : down) {
            if (!knownDown.contains(now)) {
                Optional<SagaRecord> alerted =
                        journal.singletons().hold(lease(now)) ? journal.sagas().find(now.sagaId()) : Optional.empty();
                alerted.ifPresent(saga -> append(saga, drafts.dependencyDown(saga, now)));
                knownDown.add(now);
                alerted.ifPresent(saga -> deliver(saga.sagaId()));
            }
        }
    }

    private void append(SagaRecord saga, EventDraft alert) {
        journal.events().append(saga.sagaId(), alert.kind(), alert.step(), alert.message(), alert.detail());
    }

    private static String lease(DownDependency down) {
        return "outage-" + down.outage().dependency();
    }

    /** Skips alerts whose delivery failed before: {@link #redeliver} repeats them. */
    @Override
    public void deliver(String sagaId) {
        delivery.deliver(sagaId);
        files.update();
    }

    @Override
    public void redeliver() {
        delivery.redeliver();
        audit.run();
    }

    /** Writes what the reports still lack. */
    @Override
    public void close() {
        timer.shutdownNow();
        files.close();
    }
}
