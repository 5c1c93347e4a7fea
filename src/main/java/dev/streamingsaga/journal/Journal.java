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
 * The truth about every saga. Each method is one transaction, durable when it returns. Moves of state are conditional
 * updates: of two that compete, one wins, and a final state never changes but between COMPENSATED and
 * PARTIALLY_COMPENSATED.
 */
public final class Journal {
    private static final Duration LEASE = Duration.ofSeconds(30);

    private final JournalDatabase db;
    private final SagaRows sagas;
    private final EventRows events;
    private final StateTransitions moves;
    private final Leases leases;
    private final SagaRegistration intake;
    private final StepRows steps;
    private final OperatorCommands wishes;
    private final CleanupEntries cleanups;
    private final SagaOutcomes outcomes;
    private final ChunkRows chunks;
    private final StatisticsRows figures;
    private final SagaPages pages;
    private final DroppedFiles dropped;

    /** With a lease of 30 s. */
    public Journal(DataSource dataSource, Clock clock, String node) {
        this(dataSource, clock, node, LEASE);
    }

    /**
     * @param node names this process in leases
     * @param lease how long an owner that does not renew it keeps a saga
     */
    public Journal(DataSource dataSource, Clock clock, String node, Duration lease) {
        this.db = new JournalDatabase(dataSource, clock);
        this.sagas = new SagaRows(db);
        this.events = new EventRows(db);
        this.moves = new StateTransitions(db, sagas, events, lease.toMillis());
        this.leases = new Leases(db, events, moves, node);
        this.intake = new SagaRegistration(db, sagas, events, leases);
        this.steps = new StepRows(db, sagas, moves);
        this.wishes = new OperatorCommands(db, moves, steps);
        this.cleanups = new CleanupEntries(db);
        this.outcomes = new SagaOutcomes(new SagaOutcomes.Parts(db, sagas, events, moves, intake, steps, cleanups));
        this.chunks = new ChunkRows(db);
        this.figures = new StatisticsRows(db);
        this.pages = new SagaPages(db);
        this.dropped = new DroppedFiles(db, events);
    }

    public CleanupEntries cleanups() {
        return cleanups;
    }

    /** What has become of dropped files. */
    public DroppedFiles dropped() {
        return dropped;
    }

    ChunkRows chunkRows() {
        return chunks;
    }

    public Clock clock() {
        return db.clock;
    }

    /** From now on told of what sagas do in this process. */
    public void addListener(SagaListener watcher) {
        db.watcher = watcher;
    }

    SagaListener listener() {
        return db.watcher;
    }

    /** Counts over all sagas, read now. */
    public JournalStatistics figures() {
        return figures.read();
    }

    /** How many sagas and open clean-up entries there are, read now; one pass over an index. */
    public SagaCounts counts() {
        return pages.counts();
    }

    /** Which journal this is: a random id, made at first need and never changed. */
    public String epoch() {
        return Epoch.of(db);
    }

    /** Either the new saga, or the unfinished one that already holds the source. */
    public record RegisteredSaga(SagaRecord saga, boolean isNew) {}

    /** A saga, and the file as its last run, or whoever took it in, saw it. */
    public record NewestSaga(SagaRecord saga, Optional<SourceIdentity> identity) {}

    /** The newest saga about a source. */
    public Optional<Journal.NewestSaga> newest(String source) {
        return intake.seen(source);
    }

    /** The saga that a request began, see {@link NewSaga}; none if it was answered with another's. */
    public Optional<SagaRecord> requested(String request) {
        return intake.requested(request);
    }

    /** Records a saga and its steps before anything is done for it, and claims its source. */
    public Journal.RegisteredSaga receive(NewSaga wanted) {
        return intake.receive(wanted);
    }

    /** The nine steps of the seed, with the configured participants in the place of its four stores. */
    public static List<String> steps(List<String> participants) {
        return SagaRegistration.steps(participants);
    }

    /** The unfinished saga that holds a source. */
    public Optional<String> holder(String source) {
        return intake.holder(source);
    }

    /** Binds the saga's LRA to its run, so that callbacks of any other can be told apart. */
    public void bindLra(String sagaId, int run, String lraId) {
        moves.fenced(
                db.sql
                        .sql("UPDATE saga SET lra_id = ?, updated_at = ? WHERE saga_id = ? AND run = ?")
                        .params(lraId, db.now(), sagaId, run)
                        .update(),
                sagaId,
                run);
    }

    /** Fixes what the saga is about; from here on its stores may be asked for it. */
    public void describe(String sagaId, int run, Document d) {
        moves.fenced(
                db.sql
                        .sql("""
                UPDATE saga SET document_id = ?, sha256 = ?, content_type = ?, size_bytes = ?, file_key = ?, modified_nanos = ?,
                       changed_nanos = ?, chunk_count = ?, chunk_size = ?, bucket = ?, key_prefix = ?, updated_at = ?
                WHERE saga_id = ? AND run = ? AND state NOT IN\s""" + SagaRows.FINAL)
                        .params(
                                d.documentId(),
                                d.sha256(),
                                d.contentType(),
                                d.sizeBytes(),
                                d.identity().fileKey(),
                                d.identity().modifiedNanos(),
                                d.identity().changedNanos(),
                                d.chunkCount(),
                                d.chunkSizeBytes(),
                                d.bucket(),
                                d.keyPrefix(),
                                db.now(),
                                sagaId,
                                run)
                        .update(),
                sagaId,
                run);
    }

    /**
     * Intent of a step, and the state that comes with it.
     *
     * @throws SagaException if the run is no longer the saga's, or the saga was called off
     */
    public void stepBegins(String sagaId, int run, String step, SagaState state) {
        steps.begins(sagaId, run, step, state);
    }

    /**
     * Mark of a step.
     *
     * @param expected pieces that its store said it was given
     */
    public void stepEnds(String sagaId, int run, String step, OptionalLong expected) {
        steps.ends(sagaId, run, step, expected);
    }

    /** A repair has written a store of a completed document anew, and this is what the store said now. */
    public void stepExpects(String sagaId, String step, OptionalLong pieces) {
        steps.expects(sagaId, step, pieces);
    }

    /** Progress of a compensation, step by step. */
    public void stepCompensation(String sagaId, int run, String step, StepState state) {
        steps.compensation(sagaId, run, step, state);
    }

    /**
     * What an attempt to undo a step left: open clean-up entries. Those of the step that are not left any more are
     * DONE, and with the last one PARTIALLY_COMPENSATED becomes COMPENSATED. With the first one COMPENSATED becomes
     * PARTIALLY_COMPENSATED: a residue appeared after all was undone.
     *
     * @param residue journaled with the latter
     */
    public void stepCompensated(
            SagaRecord saga,
            String step,
            StepCompensation undone,
            CleanupEntries.RetryPolicy policy,
            EventDraft.OnResidue residue) {
        outcomes.stepCompensated(saga, step, undone, policy, residue);
    }

    /** One residue more than the attempt to undo the step found. */
    public void residue(
            SagaRecord saga,
            String step,
            CleanupEntries.Residue piece,
            CleanupEntries.RetryPolicy policy,
            EventDraft.OnResidue residue) {
        outcomes.residue(saga, step, piece, policy, residue);
    }

    /** A person closes an entry; with the last one PARTIALLY_COMPENSATED becomes COMPENSATED. */
    public void resolve(CleanupEntry entry, String why) {
        outcomes.resolve(entry, why);
    }

    /**
     * The decision that the saga completed: only with every step written. From here on it is final, whatever arrives
     * later.
     *
     * @return whether this call, or an earlier one, decided so
     */
    public boolean complete(String sagaId, int run) {
        return outcomes.complete(sagaId, run);
    }

    /**
     * COMPLETED sagas whose document is not visible everywhere yet, and whose time for another attempt has come; oldest
     * first.
     */
    public List<SagaRecord> publicationsDue() {
        return sagas.publicationsDue();
    }

    /**
     * A store could not turn the document visible: tried again after a growing delay, never given up.
     *
     * @param notes journaled with it, by the number of attempts so far
     */
    public void notPublished(String sagaId, CleanupEntries.RetryPolicy policy, IntFunction<List<EventDraft>> notes) {
        outcomes.notPublished(sagaId, policy, notes);
    }

    /** All stores have turned the document visible. */
    public void published(String sagaId) {
        outcomes.published(sagaId);
    }

    /**
     * The decision that the saga is to be undone.
     *
     * @return false if it is final already, or another run's; nothing changed then
     */
    public boolean beginCompensation(String sagaId, int run, Reason reason, String message) {
        return outcomes.beginCompensation(sagaId, run, reason, message);
    }

    /**
     * The end of a compensation: PARTIALLY_COMPENSATED while clean-up entries are open.
     *
     * @param residue journaled with PARTIALLY_COMPENSATED, in the same transaction
     * @return the saga's state, whatever it was decided by
     */
    public SagaState finishCompensation(String sagaId, int run, EventDraft.OnResidue residue) {
        return outcomes.finishCompensation(sagaId, run, residue);
    }

    /**
     * Keeps what this process works on from looking stale; to be called well within the lease.
     *
     * @param sagaIds what it really works on: one that it lost, say because the journal was away when it failed, is to
     *     be found again
     * @return those that are still ours
     */
    public Set<String> renewLeases(Collection<String> sagaIds) {
        return leases.renew(sagaIds);
    }

    /** Until when what is renewed now is ours. */
    Instant leaseEnd() {
        return leases.end();
    }

    /** @throws SagaException if the saga is no longer this run's, or was called off; renews the lease otherwise */
    void requireOwned(String sagaId, int run) {
        leases.requireOwned(sagaId, run);
    }

    /**
     * Unfinished sagas whose owner is gone: all that other processes held before this one, if {@code lockHeld}; else
     * those without a heartbeat.
     */
    public List<SagaRecord> stale(boolean lockHeld) {
        return leases.stale(lockHeld);
    }

    /**
     * Leaves a saga of ours to whoever comes first, under the next run number: nothing that this run still does or
     * meets concerns it any more.
     *
     * @return false if it is not this run's, paused, being compensated or final; nothing changed then
     */
    boolean handOver(String sagaId, int run) {
        return leases.handOver(sagaId, run);
    }

    /**
     * Takes a stale saga over under the next run number; whoever held it before is fenced off.
     *
     * @return whether this process won it
     */
    public boolean takeOver(SagaRecord stale) {
        return leases.takeOver(stale);
    }

    /**
     * Takes a stale or paused saga over for another attempt: the next run number, from the first step, with a new time
     * limit. What earlier runs wrote stays on record.
     *
     * @return whether this process won it
     */
    public boolean resume(SagaRecord stale, Duration timeLimit) {
        return leases.resume(stale, timeLimit);
    }

    /** Stops a saga without undoing anything; only resume or cancel move it on. */
    public boolean pause(String sagaId) {
        return wishes.pause(sagaId);
    }

    /** What a person wants of a saga that some process owns; that process hears of it within a second or so. */
    public enum OperatorCommand {
        CANCEL,
        PAUSE,
        RESUME
    }

    public void operatorCommand(String sagaId, Journal.OperatorCommand wish) {
        wishes.request(sagaId, wish);
    }

    public void clearOperatorCommand(String sagaId) {
        wishes.clear(sagaId);
    }

    public Optional<Journal.OperatorCommand> operatorCommand(String sagaId) {
        return wishes.find(sagaId);
    }

    /** Sagas with a wish that this process has to see to: its own, and paused ones, which nobody runs. */
    public Map<SagaRecord, Journal.OperatorCommand> operatorCommands() {
        return wishes.find(leases);
    }

    /** Counts bytes of chunks that an earlier run sent and the bucket confirmed. */
    void addResumedBytes(String sagaId, int run, long bytes) {
        db.sql
                .sql("UPDATE saga SET resumed_bytes = resumed_bytes + ? WHERE saga_id = ? AND run = ?")
                .params(bytes, sagaId, run)
                .update();
    }

    /** The newer version is visible: the older one is history, its data is being removed. */
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

    /** Alerts that nobody has been told of yet, journaled by then, oldest first; their detail is the alert as JSON. */
    public List<Event> undeliveredAlerts(Instant by) {
        return events.undelivered(by);
    }

    /** Somebody was told; whatever happens now, not again. */
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

    /** One page of what the query asks for. */
    public SagaPage sagas(SagaQuery query, int limit) {
        return pages.page(query, limit);
    }

    /**
     * The sagas to watch: the newest, those that are worked on, the first of those that wait, and the newest that need
     * attention. Not more than about {@code 4 * limit}, in no order.
     */
    public Set<SagaRecord> watched(int limit) {
        return pages.watched(limit);
    }

    /**
     * Everything that has no outcome yet, and every COMPLETED saga whose document is not visible everywhere yet; oldest
     * first.
     */
    public List<SagaRecord> unfinished() {
        return sagas.unfinished();
    }

    /** The newest completed saga about a body that the sender sent under the name. */
    public Optional<SagaRecord> stored(String sender, String fileName) {
        return sagas.stored(sender, fileName);
    }

    /** The newest saga about such a body that has no outcome yet. */
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
     * Compensated sagas that a late write may have reached since, ended before {@code limit} and not looked at again
     * yet: a chunk or the manifest was sent and never answered, or another process had the saga before.
     */
    public List<SagaRecord> unswept(Instant limit) {
        return sagas.unswept(limit);
    }

    /**
     * The bucket was asked again after the last attempt can have arrived; what it held is gone, or a clean-up entry.
     */
    public void swept(String sagaId) {
        outcomes.swept(sagaId);
    }

    /** Keys of chunks whose last attempt was never answered. */
    public List<String> unansweredKeys(String sagaId) {
        return chunks.unanswered(sagaId);
    }

    /** Every place that a saga was ever sent to; settings may have changed since then. */
    public List<BucketLocation> bucketLocations() {
        return sagas.bucketLocations();
    }

    /** All completed documents that are current, oldest first. */
    public List<SagaRecord> currentDocuments() {
        return sagas.current();
    }

    /** Completed documents from a source with this size: candidates for "the same content again". */
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
     * Object keys of the saga's chunks, damaged rows included: for the compensation, which deletes what any source
     * names.
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
