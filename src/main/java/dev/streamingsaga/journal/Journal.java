package dev.streamingsaga.journal;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.IntFunction;
import javax.sql.DataSource;

/**
 * The source of truth about every saga. Each method is one transaction, durable when it returns. State transitions are
 * conditional updates: of two that compete, one wins. A final state never changes, except between COMPENSATED and
 * PARTIALLY_COMPENSATED.
 */
public final class Journal {
    private static final Duration LEASE = Duration.ofSeconds(30);

    private final JournalDatabase db;
    private final SagaRows sagas;
    private final EventRows events;
    private final StateTransitions transitions;
    private final Leases leases;
    private final SagaRegistration registration;
    private final StepRows steps;
    private final OperatorCommands commands;
    private final CleanupEntries cleanups;
    private final SagaOutcomes outcomes;
    private final ChunkRows chunks;
    private final StatisticsRows statistics;
    private final SagaPages pages;
    private final DroppedFiles droppedFiles;

    /** With a lease of 30 s. */
    public Journal(DataSource dataSource, Clock clock, String node) {
        this(dataSource, clock, node, LEASE);
    }

    /**
     * @param node names this process in leases
     * @param lease how long an owner keeps a saga without renewing its lease
     */
    public Journal(DataSource dataSource, Clock clock, String node, Duration lease) {
        this.db = new JournalDatabase(dataSource, clock);
        this.sagas = new SagaRows(db);
        this.events = new EventRows(db);
        this.transitions = new StateTransitions(db, sagas, events, lease.toMillis());
        this.leases = new Leases(db, events, transitions, node);
        this.registration = new SagaRegistration(db, sagas, events, leases);
        this.steps = new StepRows(db, sagas, transitions);
        this.commands = new OperatorCommands(db, transitions, steps);
        this.cleanups = new CleanupEntries(db);
        this.outcomes = new SagaOutcomes(
                new SagaOutcomes.Repositories(db, sagas, events, transitions, registration, steps, cleanups));
        this.chunks = new ChunkRows(db);
        this.statistics = new StatisticsRows(db);
        this.pages = new SagaPages(db);
        this.droppedFiles = new DroppedFiles(db, events);
    }

    public CleanupEntries cleanups() {
        return cleanups;
    }

    /** Files of drop folders whose saga has ended. */
    public DroppedFiles dropped() {
        return droppedFiles;
    }

    ChunkRows chunkRows() {
        return chunks;
    }

    public Clock clock() {
        return db.clock;
    }

    /** Sets the listener that is notified of what sagas do in this process. */
    public void addListener(SagaListener listener) {
        db.listener = listener;
    }

    SagaListener listener() {
        return db.listener;
    }

    /** Counts over all sagas, read now. */
    public JournalStatistics figures() {
        return statistics.read();
    }

    /** How many sagas and open clean-up entries there are, read now; one pass over an index. */
    public SagaCounts counts() {
        return pages.counts();
    }

    /** Identifies this journal: a random id, created on first use and never changed. */
    public String epoch() {
        return Epoch.of(db);
    }

    /** Either the new saga, or the unfinished one that has already claimed the source. */
    public record RegisteredSaga(SagaRecord saga, boolean isNew) {}

    /** A saga, and the identity of the file as its last run, or its registration, saw it. */
    public record NewestSaga(SagaRecord saga, Optional<SourceIdentity> identity) {}

    /** The newest saga about a source. */
    public Optional<Journal.NewestSaga> newest(String source) {
        return registration.newest(source);
    }

    /** The saga that a request started, see {@link NewSaga}; empty if the request was answered with another saga. */
    public Optional<SagaRecord> requested(String request) {
        return registration.requested(request);
    }

    /** Records a saga and its steps, and claims its source, before any work begins. */
    public Journal.RegisteredSaga receive(NewSaga request) {
        return registration.receive(request);
    }

    /** The nine standard steps, with the configured participants instead of the four built-in stores. */
    public static List<String> steps(List<String> participants) {
        return SagaRegistration.steps(participants);
    }

    /** The unfinished saga that has claimed a source. */
    public Optional<String> holder(String source) {
        return registration.holder(source);
    }

    /** Binds the saga's LRA to its run, so that callbacks of any other LRA can be recognized. */
    public void bindLra(String sagaId, int run, String lraId) {
        transitions.requireUpdated(
                db.sql
                        .sql("UPDATE saga SET lra_id = ?, updated_at = ? WHERE saga_id = ? AND run = ?")
                        .params(lraId, db.now(), sagaId, run)
                        .update(),
                sagaId,
                run);
    }

    /** Records the saga's document. From now on its stores can be queried for it. */
    public void describe(String sagaId, int run, Document document) {
        transitions.requireUpdated(
                db.sql
                        .sql("""
                UPDATE saga SET document_id = ?, sha256 = ?, content_type = ?, size_bytes = ?, file_key = ?, modified_nanos = ?,
                       changed_nanos = ?, chunk_count = ?, chunk_size = ?, bucket = ?, key_prefix = ?, updated_at = ?
                WHERE saga_id = ? AND run = ? AND state NOT IN\s""" + SagaRows.FINAL)
                        .params(
                                document.documentId(),
                                document.sha256(),
                                document.contentType(),
                                document.sizeBytes(),
                                document.identity().fileKey(),
                                document.identity().modifiedNanos(),
                                document.identity().changedNanos(),
                                document.chunkCount(),
                                document.chunkSizeBytes(),
                                document.bucket(),
                                document.keyPrefix(),
                                db.now(),
                                sagaId,
                                run)
                        .update(),
                sagaId,
                run);
    }

    /**
     * Records that a step begins, and the saga's state in it.
     *
     * @throws SagaException if the run no longer owns the saga, or the saga was cancelled or paused
     */
    public void stepBegins(String sagaId, int run, String step, SagaState state) {
        steps.begins(sagaId, run, step, state);
    }

    /**
     * Records that a step has ended.
     *
     * @param expected number of pieces that its store reported
     */
    public void stepEnds(String sagaId, int run, String step, OptionalLong expected) {
        steps.ends(sagaId, run, step, expected);
    }

    /** Records the number of pieces that a store reported when a repair rewrote it. */
    public void stepExpects(String sagaId, String step, OptionalLong pieces) {
        steps.expects(sagaId, step, pieces);
    }

    /** Records a step's state during a compensation. */
    public void stepCompensation(String sagaId, int run, String step, StepState state) {
        steps.compensation(sagaId, run, step, state);
    }

    /**
     * Records the result of an attempt to compensate a step. Residue becomes open clean-up entries; entries of the step
     * whose residue has been removed become DONE. When the last entry closes, PARTIALLY_COMPENSATED becomes
     * COMPENSATED. When residue appears after a complete compensation, COMPENSATED becomes PARTIALLY_COMPENSATED.
     *
     * @param residue supplies the events that are journaled with PARTIALLY_COMPENSATED
     */
    public void stepCompensated(
            SagaRecord saga,
            String step,
            StepCompensation result,
            CleanupEntries.RetryPolicy policy,
            EventDraft.OnResidue residue) {
        outcomes.stepCompensated(saga, step, result, policy, residue);
    }

    /** Records one more piece of residue than the attempt to compensate the step found. */
    public void residue(
            SagaRecord saga,
            String step,
            CleanupEntries.Residue piece,
            CleanupEntries.RetryPolicy policy,
            EventDraft.OnResidue residue) {
        outcomes.residue(saga, step, piece, policy, residue);
    }

    /** Closes an entry on an operator's decision. With the last one PARTIALLY_COMPENSATED becomes COMPENSATED. */
    public void resolve(CleanupEntry entry, String reason) {
        outcomes.resolve(entry, reason);
    }

    /**
     * Decides that the saga is COMPLETED, if every step is written. The decision is final, whatever arrives later.
     *
     * @return whether the saga is COMPLETED, by this call or an earlier one
     */
    public boolean complete(String sagaId, int run) {
        return outcomes.complete(sagaId, run);
    }

    /** COMPLETED sagas whose document is not visible in every store yet and whose next attempt is due; oldest first. */
    public List<SagaRecord> publicationsDue() {
        return sagas.publicationsDue();
    }

    /**
     * Records that a store could not make the document visible. The attempt is repeated after a growing delay, without
     * a limit.
     *
     * @param drafts supplies the events that are journaled with it, given the number of attempts so far
     */
    public void notPublished(String sagaId, CleanupEntries.RetryPolicy policy, IntFunction<List<EventDraft>> drafts) {
        outcomes.notPublished(sagaId, policy, drafts);
    }

    /** Records that the document is visible in every store. */
    public void published(String sagaId) {
        outcomes.published(sagaId);
    }

    /**
     * Decides that the saga is compensated.
     *
     * @return false if the saga is final or belongs to another run; nothing has changed then
     */
    public boolean beginCompensation(String sagaId, int run, Reason reason, String message) {
        return outcomes.beginCompensation(sagaId, run, reason, message);
    }

    /**
     * Ends a compensation: PARTIALLY_COMPENSATED if clean-up entries are open, else COMPENSATED.
     *
     * @param residue supplies the events that are journaled with PARTIALLY_COMPENSATED, in the same transaction
     * @return the saga's state, also if an earlier call has decided it
     */
    public SagaState finishCompensation(String sagaId, int run, EventDraft.OnResidue residue) {
        return outcomes.finishCompensation(sagaId, run, residue);
    }

    /**
     * Renews the leases of the sagas that this process works on. Call it well within the lease.
     *
     * @param sagaIds only sagas that this process really works on. A saga that it lost, for example because the journal
     *     could not be reached when it failed, must become stale so that it is found again
     * @return the sagas that this process still owns
     */
    public Set<String> renewLeases(Collection<String> sagaIds) {
        return leases.renew(sagaIds);
    }

    /** When a lease ends that is renewed now. */
    Instant leaseEnd() {
        return leases.end();
    }

    /**
     * @throws SagaException if the run no longer owns the saga, or the saga was cancelled or paused; otherwise the
     *     lease is renewed
     */
    void requireOwned(String sagaId, int run) {
        leases.requireOwned(sagaId, run);
    }

    /**
     * Unfinished sagas without an owner: with {@code lockHeld} all sagas of other processes, otherwise those without a
     * heartbeat.
     */
    public List<SagaRecord> stale(boolean lockHeld) {
        return leases.stale(lockHeld);
    }

    /**
     * Releases a saga of this process, under the next run number, for any process to take over. Nothing that this run
     * does afterwards affects the saga.
     *
     * @return false if the run does not own the saga, or the saga is paused, being compensated or final; nothing has
     *     changed then
     */
    boolean handOver(String sagaId, int run) {
        return leases.handOver(sagaId, run);
    }

    /**
     * Takes over a stale saga under the next run number, which fences off its former owner.
     *
     * @return whether this process won it
     */
    public boolean takeOver(SagaRecord stale) {
        return leases.takeOver(stale);
    }

    /**
     * Takes over a stale or paused saga for another attempt: the next run number, from the first step, with a new time
     * limit. The record of what earlier runs wrote is kept.
     *
     * @return whether this process won it
     */
    public boolean resume(SagaRecord stale, Duration timeLimit) {
        return leases.resume(stale, timeLimit);
    }

    /** Pauses a saga without compensating it. Only resume or cancel continues it. */
    public boolean pause(String sagaId) {
        return commands.pause(sagaId);
    }

    /** What an operator requests for a saga. The process that owns it executes the command within about a second. */
    public enum OperatorCommand {
        CANCEL,
        PAUSE,
        RESUME
    }

    public void operatorCommand(String sagaId, Journal.OperatorCommand command) {
        commands.request(sagaId, command);
    }

    public void clearOperatorCommand(String sagaId) {
        commands.clear(sagaId);
    }

    public Optional<Journal.OperatorCommand> operatorCommand(String sagaId) {
        return commands.find(sagaId);
    }

    /** Sagas with a command that this process has to execute: its own sagas, and paused ones, which no process runs. */
    public Map<SagaRecord, Journal.OperatorCommand> operatorCommands() {
        return commands.find(leases);
    }

    /** Counts bytes of chunks that an earlier run sent and the bucket confirmed. */
    void addResumedBytes(String sagaId, int run, long bytes) {
        db.sql
                .sql("UPDATE saga SET resumed_bytes = resumed_bytes + ? WHERE saga_id = ? AND run = ?")
                .params(bytes, sagaId, run)
                .update();
    }

    /** Marks the saga as replaced by a newer version, which is visible. */
    public void supersede(String sagaId, String bySagaId) {
        outcomes.supersede(sagaId, bySagaId);
    }

    /** Appends to the saga's history. */
    public void event(String sagaId, Event.EventKind kind, String step, String message, String detail) {
        events.append(sagaId, kind, step, message, detail);
    }

    public List<Event> events(String sagaId) {
        return events.of(sagaId);
    }

    /** All events of a kind, oldest first. */
    public List<Event> events(Event.EventKind kind) {
        return events.of(kind);
    }

    /**
     * Alerts that were journaled by this time and are not delivered yet, oldest first. Their detail is the alert as
     * JSON.
     */
    public List<Event> undeliveredAlerts(Instant by) {
        return events.undelivered(by);
    }

    /** Records that the alert was delivered; it is not delivered again. */
    public void alertDelivered(Event alert) {
        events.delivered(alert.eventId());
    }

    public Optional<SagaRecord> saga(String sagaId) {
        return sagas.find(sagaId);
    }

    /** Newest first. */
    public List<SagaRecord> sagas(int limit) {
        return sagas.newest(limit);
    }

    /**
     * Newest first, of these states only.
     *
     * @param before only sagas received before this one; empty: from the newest on
     */
    public List<SagaRecord> sagas(Collection<SagaState> states, String before, int limit) {
        return sagas(SagaQuery.ALL.in(Set.copyOf(states)).before(before), limit).sagas();
    }

    /** One page of the sagas that match the query. */
    public SagaPage sagas(SagaQuery query, int limit) {
        return pages.page(query, limit);
    }

    /**
     * The sagas to monitor: the newest, those in progress, the first of those that wait, and the newest that need
     * attention. At most {@code 4 * limit}, in no particular order.
     */
    public Set<SagaRecord> watched(int limit) {
        return pages.watched(limit);
    }

    /**
     * Every saga without an outcome, and every COMPLETED saga whose document is not visible in every store yet; oldest
     * first.
     */
    public List<SagaRecord> unfinished() {
        return sagas.unfinished();
    }

    /** The newest completed saga for a body that the sender sent under this name. */
    public Optional<SagaRecord> stored(String sender, String fileName) {
        return sagas.stored(sender, fileName);
    }

    /** The newest saga for such a body that has no outcome yet. */
    public Optional<SagaRecord> underWay(String sender, String fileName) {
        return sagas.underWay(sender, fileName);
    }

    /** The newest completed saga of a document. */
    public Optional<SagaRecord> document(String documentId) {
        return completed(documentId).stream().findFirst();
    }

    /** Completed sagas of a document that no newer one superseded, newest first. */
    public List<SagaRecord> completed(String documentId) {
        return sagas.completed(documentId);
    }

    /**
     * Compensated sagas that ended before {@code limit}, that a late write may have reached since, and that were not
     * swept yet: a chunk or the manifest was sent without an answer, or another process ran the saga before.
     */
    public List<SagaRecord> unswept(Instant limit) {
        return sagas.unswept(limit);
    }

    /**
     * Records that the bucket was checked after the last write can have arrived. What it held was removed, or became a
     * clean-up entry.
     */
    public void swept(String sagaId) {
        outcomes.swept(sagaId);
    }

    /** Keys of chunks whose last attempt got no answer. */
    public List<String> unansweredKeys(String sagaId) {
        return chunks.unanswered(sagaId);
    }

    /** Every bucket and prefix that a saga was ever stored under; settings may have changed since then. */
    public List<BucketLocation> bucketLocations() {
        return sagas.bucketLocations();
    }

    /** All completed documents that are current, oldest first. */
    public List<SagaRecord> currentDocuments() {
        return sagas.current();
    }

    /** Whether a completed document of this source has this size, so that its content may be the same. */
    public boolean mayBeDuplicate(String source, long sizeBytes) {
        return sagas.completedFrom(source, sizeBytes);
    }

    public List<StepRecord> steps(String sagaId) {
        return sagas.steps(sagaId);
    }

    /** How many of the saga's chunks are in each state, and how many bytes; damaged rows count too. */
    public Map<ChunkRow.ChunkState, ChunkTally> chunkTally(String sagaId) {
        return chunks.tally(sagaId);
    }

    /** Chunks that the bucket confirmed so far. */
    public int chunksSent(String sagaId) {
        return chunks.sent(sagaId);
    }

    /**
     * Object keys of the saga's chunks, damaged rows included, for the compensation, which deletes every key that is
     * known from anywhere.
     */
    public List<String> chunkKeys(String sagaId) {
        return chunks.keys(sagaId);
    }

    /**
     * The saga's chunks by index.
     *
     * @throws SagaException METADATA_CORRUPT if a row is damaged
     */
    public List<ChunkRow> chunks(String sagaId) {
        return chunks.all(sagaId);
    }
}
