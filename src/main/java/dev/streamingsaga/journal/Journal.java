package dev.streamingsaga.journal;

import dev.streamingsaga.access.AccessLimit;
import dev.streamingsaga.audit.AuditLog;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * The source of truth about every saga, as one repository for each kind of record. Each method of a repository is one
 * transaction, durable when it returns. State transitions are conditional updates: of two that compete, one wins. A
 * final state never changes, except between COMPENSATED and PARTIALLY_COMPENSATED.
 */
public final class Journal {
    private static final Duration LEASE = Duration.ofSeconds(30);

    private final JournalDatabase db;
    private final SagaRepository sagas;
    private final EventRepository events;
    private final StateTransitions transitions;
    private final Leases leases;
    private final SagaRegistration registration;
    private final StepRepository steps;
    private final OperatorCommands commands;
    private final CleanupRepository cleanups;
    private final SagaOutcomes outcomes;
    private final ChunkRepository chunks;
    private final RunRepository runs;
    private final TextRepository texts;
    private final UploadRepository uploads;
    private final StatisticsRepository statistics;
    private final SagaPages pages;
    private final DroppedFileRepository droppedFiles;
    private final HostWaits hostWaits;
    private final SingletonLease singletons;
    private final NodeRepository nodes;
    private final Redeliveries redeliveries;
    private final WarningRepository warnings;
    private final AuditLog audit;
    private final DocumentKeyRepository keys;
    private final ReceiptRepository receipts;
    private final VersionRepository versions;
    private final DeletionRepository deletions;
    private final SecurityLabels labels;
    private final ArchiveRepository archive;
    private final AgedDocuments agedDocuments;
    private final LegalHoldRepository legalHolds;
    private volatile @Nullable String epoch;

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
        this.sagas = new SagaRepository(db);
        this.events = new EventRepository(db);
        this.audit = new AuditLog(dataSource, clock, node);
        this.transitions = new StateTransitions(db, sagas, events, audit, lease.toMillis());
        this.leases = new Leases(db, events, transitions, node);
        this.redeliveries = new Redeliveries(db, sagas, events);
        this.registration = new SagaRegistration(db, sagas, events, leases, redeliveries, audit);
        this.steps = new StepRepository(db, sagas, transitions);
        this.commands = new OperatorCommands(db, transitions, steps, leases);
        this.cleanups = new CleanupRepository(db);
        this.deletions = new DeletionRepository(db, sagas, events, cleanups, leases);
        this.outcomes = new SagaOutcomes(new SagaOutcomes.Repositories(
                db, sagas, events, transitions, registration, steps, cleanups, redeliveries, deletions));
        this.chunks = new ChunkRepository(db);
        this.runs = new RunRepository(db, transitions, events);
        this.warnings = new WarningRepository(db, transitions);
        this.texts = new TextRepository(db, transitions);
        this.versions = new VersionRepository(db, sagas, events);
        this.uploads = new UploadRepository(new UploadRepository.Repositories(
                db, sagas, events, registration, chunks, runs, leases, redeliveries, versions));
        this.archive = new ArchiveRepository(db, audit);
        this.agedDocuments = new AgedDocuments(db);
        this.statistics = new StatisticsRepository(db, archive);
        this.pages = new SagaPages(db, statistics);
        this.hostWaits = new HostWaits(db, sagas, events);
        this.droppedFiles = new DroppedFileRepository(db, events);
        this.receipts = new ReceiptRepository(db);
        this.singletons = new SingletonLease(db, leases);
        this.nodes = new NodeRepository(db, leases);
        this.keys = new DocumentKeyRepository(db);
        this.labels = new SecurityLabels(db);
        this.legalHolds = new LegalHoldRepository(db);
    }

    /** Records new sagas, and which saga has claimed a source. */
    public SagaRegistration registration() {
        return registration;
    }

    /** Documents by their age, for retention. */
    public AgedDocuments agedDocuments() {
        return agedDocuments;
    }

    /** Forbid the deletion of documents. */
    public LegalHoldRepository legalHolds() {
        return legalHolds;
    }

    /** Finds sagas. */
    public SagaRepository sagas() {
        return sagas;
    }

    /** Lists and counts sagas for people. */
    public SagaPages pages() {
        return pages;
    }

    public StepRepository steps() {
        return steps;
    }

    public ChunkRepository chunks() {
        return chunks;
    }

    /** Each saga's history, and alerts. */
    public EventRepository events() {
        return events;
    }

    /** Decides and records outcomes: completion, publication, compensation, residue. */
    public SagaOutcomes outcomes() {
        return outcomes;
    }

    public CleanupRepository cleanups() {
        return cleanups;
    }

    /** Which process owns a saga. */
    public Leases leases() {
        return leases;
    }

    /** Which sagas wait for the host that has their original. */
    public HostWaits hostWaits() {
        return hostWaits;
    }

    /** Which node does the work that one node at a time does. */
    public SingletonLease singletons() {
        return singletons;
    }

    /** The nodes that use this journal now. */
    public NodeRepository nodes() {
        return nodes;
    }

    /** What operators request for sagas. */
    public OperatorCommands commands() {
        return commands;
    }

    /** Files of drop folders whose saga has ended. */
    public DroppedFileRepository droppedFiles() {
        return droppedFiles;
    }

    /** Redeliveries of documents after a transient failure. */
    public Redeliveries redeliveries() {
        return redeliveries;
    }

    /** What is missing or uncertain about the text of documents. */
    public WarningRepository warnings() {
        return warnings;
    }

    /** Signed statements about documents. */
    public ReceiptRepository receipts() {
        return receipts;
    }

    /** The versions of documents. */
    public VersionRepository versions() {
        return versions;
    }

    /** Deletions of documents, and the tombstones that they leave. */
    public DeletionRepository deletions() {
        return deletions;
    }

    /** Bodies that arrive in the bucket before their saga runs. */
    public UploadRepository uploads() {
        return uploads;
    }

    /** Who did what, when, to which document. */
    public AuditLog audit() {
        return audit;
    }

    /** What is archived and removed. */
    public ArchiveRepository archive() {
        return archive;
    }

    /** The wrapped data keys of documents. */
    public DocumentKeyRepository keys() {
        return keys;
    }

    /** Owner and classification of documents. */
    public SecurityLabels labels() {
        return labels;
    }

    /** The results of reading the text of documents. */
    public TextRepository texts() {
        return texts;
    }

    RunRepository runs() {
        return runs;
    }

    /** Whether there is work that this process may have to do now. */
    public DueWork dueWork() {
        return dueWork(List.of());
    }

    /** @param left ids of stale sagas that this process leaves to others for now, unless there is a command for them */
    public DueWork dueWork(Collection<String> left) {
        return DueWork.read(db, left);
    }

    /** Counts over all sagas, read now. */
    public JournalStatistics statistics() {
        return statistics.read();
    }

    /**
     * The sagas that ended in the present hour and in the hours before it, oldest first.
     *
     * @param hours how many hours, including the present one
     * @param limit of the sagas that count
     */
    public List<HourlyTotal> hourly(int hours, AccessLimit limit) {
        Instant from = db.clock.instant().truncatedTo(ChronoUnit.HOURS).minus(Duration.ofHours(hours - 1L));
        Map<Instant, HourlyTotal> found = statistics.hourly(from, limit).stream()
                .collect(Collectors.toMap(HourlyTotal::from, Function.identity()));
        return Stream.iterate(from, hour -> hour.plus(Duration.ofHours(1)))
                .limit(hours)
                .map(hour -> found.getOrDefault(hour, new HourlyTotal(hour, 0, 0, 0)))
                .toList();
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

    /** Identifies this journal: a random id, created on first use and never changed. Reads the database. */
    public String epoch() {
        return Epoch.of(db);
    }

    /**
     * As {@link #epoch}, read once by this process: not for whoever asks whether the database is there, or the same.
     */
    public String knownEpoch() {
        String known = epoch;
        if (known == null) {
            known = epoch();
            epoch = known;
        }
        return known;
    }
}
