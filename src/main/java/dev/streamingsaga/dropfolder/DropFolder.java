package dev.streamingsaga.dropfolder;

import dev.streamingsaga.access.Access;
import dev.streamingsaga.access.AccessLimit;
import dev.streamingsaga.audit.Actor;
import dev.streamingsaga.config.FailOn;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.dropfolder.ReadyFiles.Ready;
import dev.streamingsaga.ingest.Ingest;
import dev.streamingsaga.ingest.IngestResult;
import dev.streamingsaga.journal.Delivery;
import dev.streamingsaga.journal.Delivery.Redelivery;
import dev.streamingsaga.journal.DroppedFile;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.SagaRegistration;
import dev.streamingsaga.journal.SagaState;
import dev.streamingsaga.journal.ShutdownException;
import dev.streamingsaga.journal.SourceIdentity;
import dev.streamingsaga.source.SourceHost;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import org.apache.camel.CamelContext;
import org.apache.camel.Exchange;
import org.apache.camel.ExchangePattern;
import org.apache.camel.ProducerTemplate;

/**
 * Decides at every scan what to do with each file. Ingests at most as many files at a time as sagas may run; the others
 * stay in the folder until a saga ends.
 */
final class DropFolder {
    private static final Access ACCESS = new Access(Actor.system("drop-folder"), "drop-folder", AccessLimit.NONE);
    private static final int MAX_FILES = 100_000;
    private static final String WATCH = "SagaDropWatch";

    private final SagaConfig config;
    private final Journal journal;
    private final Ingest ingest;
    private final ProducerTemplate template;
    private final ExecutorService workers;
    private final Semaphore slots;
    private final ReadyFiles ready = new ReadyFiles(MAX_FILES);
    private final DeduplicatedWarnings warnings = new DeduplicatedWarnings();
    private final Set<Path> busy = ConcurrentHashMap.newKeySet();
    private final TrackedFiles trackedFiles = new TrackedFiles(MAX_FILES, System::nanoTime);
    private final RateLimit rateLimit;
    private final DoneFileMarker marker;
    private final DropScan.Rules rules;
    private final Settlement settlement;
    private final Writers writers;
    private final ChangeAlerts changes;
    private final Rechecks rechecks;
    private final DeletedFiles deleted;
    private final FolderOwner owner;
    private final SourceHost host;
    private final Path root;
    private volatile boolean stopped;

    /** @param root a real path */
    DropFolder(Path root, DropFolderDependencies parts, CamelContext context) {
        this.root = root;
        this.config = parts.config();
        this.journal = parts.journal();
        this.ingest = parts.ingest();
        this.host = parts.host();
        this.template = context.createProducerTemplate();
        this.workers = context.getExecutorServiceManager()
                .newFixedThreadPool(this, config.id("drop-saga"), config.concurrency());
        this.slots = new Semaphore(config.concurrency());
        this.marker = new DoneFileMarker(config.endpoints().drop().doneFile());
        this.rules = new DropScan.Rules(
                config.endpoints().drop().recursive(),
                new IgnoredNames(config.endpoints().drop().limits().ignore()));
        this.rateLimit = new RateLimit(config.endpoints().drop().limits().perMinute(), System::nanoTime);
        ExecutorService writerChecks =
                context.getExecutorServiceManager().newSingleThreadExecutor(this, config.id("drop-writers"));
        this.writers = new Writers(config.endpoints().drop().writers().waitFor(), writerChecks, warnings);
        this.settlement = new Settlement(
                root,
                config.endpoints().drop(),
                new Settlement.SettlementDependencies(journal, marker, writers, warnings));
        this.changes = new ChangeAlerts(root, journal, parts.alerts());
        this.rechecks = new Rechecks(root, new Rechecks.RecheckDependencies(journal, writers, changes, warnings));
        this.deleted = new DeletedFiles(
                root,
                new DeletedFiles.DeletedFileDependencies(journal, ingest, settlement, warnings),
                config.endpoints().drop().writers().watchAfter());
        this.owner = new FolderOwner(root.resolve(Settlement.DONE), journal::epoch, warnings);
    }

    /** Scans the folder once. The next scan retries what failed. */
    void scan() {
        if (!owner.isOwned()) {
            return;
        }
        try {
            new DropScan(root, rules, marker, warnings, this::handle).run();
            trackedFiles.endScan();
        } catch (IOException e) {
            warnings.warn(root, "cannot list the drop folder (" + e + "); the next scan retries");
        }
        submitReady();
    }

    /** Checks once whether files whose saga has ended have changed, or were deleted while nobody followed them. */
    void recheck() {
        if (owner.isOwned()) {
            rechecks.run();
            deleted.run();
        }
    }

    /** Stops ingesting further files. */
    void stop() throws IOException {
        stopped = true;
        ready.clear();
        owner.close();
    }

    private void handle(Path file, SourceIdentity identity) {
        try {
            TrackedFile tracked = trackedFiles.track(file, identity);
            if (!busy.contains(file) && tracked.state() != TrackedFile.State.SETTLED) {
                decide(tracked);
            }
        } catch (RuntimeException e) {
            warnings.warn(file, "cannot be processed (" + e + "); the next scan retries");
        }
    }

    private void decide(TrackedFile tracked) {
        Path file = tracked.file();
        if (tracked.state() == TrackedFile.State.UNKNOWN) {
            Optional<SagaRegistration.NewestSaga> newest =
                    journal.registration().newest(file.toString());
            if (newest.filter(seen -> !seen.saga().state().isFinal()).isPresent()) {
                return; // the saga is paused, being recovered, or runs in another process; it needs the file
            }
            Optional<SagaRecord> ended =
                    newest.filter(seen -> isSame(seen, tracked)).map(SagaRegistration.NewestSaga::saga);
            if (ended.filter(saga -> saga.delivery().isPending()).isPresent()) {
                return; // it is delivered again
            }
            if (ended.isPresent()) {
                offer(new Ready(tracked, ended));
                return;
            }
            newest.ifPresent(before -> reportChange(before, tracked));
            tracked.setState(TrackedFile.State.FRESH);
        }
        if (marker.isRequired()
                ? marker.exists(file)
                : trackedFiles.isStable(
                        tracked, config.endpoints().drop().stableFor().toNanos())) {
            offer(new Ready(tracked, Optional.empty()));
        }
    }

    /** A saga of another host may have seen the file through another mount: then its content decides. */
    private boolean isSame(SagaRegistration.NewestSaga seen, TrackedFile tracked) {
        if (!seen.isOf(tracked.identity(), host.id())) {
            return false;
        }
        SagaRecord saga = seen.saga();
        return host.holds(saga)
                || saga.delivery().isPending()
                || saga.document().isEmpty()
                || ChangeAlerts.isSameContent(saga, tracked.file(), tracked.identity(), tracked.identity());
    }

    /**
     * Sends an alert if a saga recently stored the same file with other content. Only recently: the file system reuses
     * inodes, so later it may be another file.
     */
    private void reportChange(SagaRegistration.NewestSaga before, TrackedFile tracked) {
        SagaRecord saga = before.saga();
        boolean recent = saga.finishedAt()
                .map(end -> end.plus(config.endpoints().drop().writers().watchAfter()))
                .filter(journal.clock().instant()::isBefore)
                .isPresent();
        SourceIdentity seen = before.identity().orElse(tracked.identity());
        if (!recent
                || saga.state() != SagaState.COMPLETED
                || !seen.fileKey().equals(tracked.identity().fileKey())
                || ChangeAlerts.isSameContent(saga, tracked.file(), seen, tracked.identity())) {
            return;
        }
        Optional<DroppedFile> recorded = journal.droppedFiles().find(tracked.file());
        if (recorded.isPresent()) {
            changes.afterEnd(saga, recorded.get(), tracked.identity());
        } else if (!journal.droppedFiles().has(saga.sagaId())) {
            changes.beforeMove(saga, tracked.file(), tracked.identity());
        }
    }

    private void offer(Ready file) {
        ready.add(file);
        submitReady();
    }

    /** Submits ready files while slots are free. Runs at each scan, and as soon as a saga has ended. */
    private void submitReady() {
        boolean retry = true;
        while (retry && !stopped && slots.tryAcquire()) {
            Optional<Ready> next = ready.next(rateLimit.hasCapacity());
            if (next.isPresent()) {
                submit(next.get());
            } else {
                slots.release();
                // Another thread may have added a file and found no free slot.
                retry = ready.has(rateLimit.hasCapacity());
            }
        }
    }

    private void submit(Ready next) {
        Path file = next.tracked().file();
        busy.add(file);
        try {
            workers.execute(() -> {
                try {
                    work(next);
                } catch (RuntimeException e) {
                    warnings.warn(file, "could not be processed to the end (" + e + "); the next scan retries");
                } finally {
                    busy.remove(file);
                    slots.release();
                    submitReady();
                }
            });
        } catch (RejectedExecutionException e) {
            stopped = true;
            busy.remove(file);
            slots.release();
        }
    }

    /** Ingests or moves the file, unless it has changed since the scan found it. */
    private void work(Ready next) {
        TrackedFile tracked = next.tracked();
        TrackedFile.State expected = next.ended().isPresent() ? TrackedFile.State.UNKNOWN : TrackedFile.State.FRESH;
        if (tracked.state() != expected || !Settlement.isUnchanged(tracked)) {
            return;
        }
        if (next.ended().isPresent()) {
            settle(tracked, next.ended().get().sagaId(), next.ended().get().state());
            return;
        }
        Optional<String> writer = writers.of(tracked.identity(), tracked.sinceNanos());
        if (writer.isPresent()) {
            warnings.warn(
                    tracked.file(), writer.get() + " has it open for writing; the file is ingested once it is closed");
        } else if ((!marker.isRequired() || marker.exists(tracked.file())) && rateLimit.tryAcquire()) {
            ingest(tracked);
        }
    }

    private void ingest(TrackedFile tracked) {
        // From here on only the journal knows the state of the file.
        tracked.setState(TrackedFile.State.UNKNOWN);
        Exchange exchange = template.send(config.direct("drop-file"), ExchangePattern.InOut, request -> {
            request.getMessage().setBody(tracked.file());
            request.setProperty(WATCH, tracked);
        });
        Exception failure = exchange.getException();
        if (failure instanceof SagaException e && e.reason() == Reason.SOURCE_BUSY) {
            return; // another process is ingesting the file
        }
        if (failure instanceof ShutdownException) {
            return; // the saga is recovered at the next start
        }
        if (failure != null) {
            warnings.warn(tracked.file(), "was not ingested (" + failure + "); the next scan retries");
        }
    }

    /** Sets the exchange properties that the ingest route reads. */
    void claim(Exchange exchange) {
        TrackedFile tracked = exchange.getProperty(WATCH, TrackedFile.class);
        exchange.setProperty(Ingest.ONCE, tracked.identity());
        exchange.setProperty(Ingest.ACCESS, ACCESS);
        exchange.setProperty(Ingest.FAIL_ON, FailOn.NEVER);
        Ingest.deliveredBy(exchange, Delivery.Endpoint.DROP_FOLDER);
    }

    void ended(Exchange exchange) {
        IngestResult result = exchange.getMessage().getBody(IngestResult.class);
        settle(exchange.getProperty(WATCH, TrackedFile.class), result.sagaId(), SagaState.valueOf(result.status()));
    }

    private boolean isDeliveredAgain(String sagaId) {
        return journal.sagas()
                .find(sagaId)
                .filter(saga -> saga.delivery().isPending()
                        || saga.delivery()
                                .redelivery()
                                .filter(Redelivery.STARTED::equals)
                                .isPresent())
                .isPresent();
    }

    private void settle(TrackedFile tracked, String sagaId, SagaState state) {
        if (!state.isFinal() || isDeliveredAgain(sagaId)) {
            return; // the saga is paused and needs the file, or the next one does
        }
        try {
            if (settlement.settle(tracked, new Settlement.EndedSaga(sagaId, state, () -> ingest.result(sagaId)))) {
                tracked.setState(TrackedFile.State.SETTLED);
            }
        } catch (IOException e) {
            warnings.warn(
                    tracked.file(),
                    "saga " + sagaId + " is " + state + ", but the file could not be moved or its outcome not written ("
                            + e + "); the next scan retries");
        }
    }
}
