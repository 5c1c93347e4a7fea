package dev.streamingsaga.dropfolder;

import dev.streamingsaga.config.FailOn;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.dropfolder.ReadyFiles.Ready;
import dev.streamingsaga.ingest.Ingest;
import dev.streamingsaga.ingest.IngestResult;
import dev.streamingsaga.journal.DroppedFile;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.SagaState;
import dev.streamingsaga.journal.ShutdownException;
import dev.streamingsaga.journal.SourceIdentity;
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
 * Decides about each file at each look. No more files are taken than sagas may run; the others wait where they are, and
 * the next is taken as soon as one has ended.
 */
final class DropFolder {
    private static final int MAX_WATCHED = 100_000;
    private static final String WATCH = "SagaDropWatch";

    private final SagaConfig config;
    private final Journal journal;
    private final Ingest ingest;
    private final ProducerTemplate template;
    private final ExecutorService workers;
    private final Semaphore slots;
    private final ReadyFiles ready = new ReadyFiles(MAX_WATCHED);
    private final DeduplicatedWarnings complaints = new DeduplicatedWarnings();
    private final Set<Path> busy = ConcurrentHashMap.newKeySet();
    private final TrackedFiles watches = new TrackedFiles(MAX_WATCHED, System::nanoTime);
    private final RateLimit minute;
    private final DoneFileMarker marker;
    private final DropScan.Rules rules;
    private final Settlement settlement;
    private final Writers writers;
    private final ChangeAlerts changes;
    private final Rechecks rechecks;
    private final FolderOwner owner;
    private final Path root;
    private volatile boolean stopped;

    /** @param root a real path */
    DropFolder(Path root, DropFolderDependencies parts, CamelContext context) {
        this.root = root;
        this.config = parts.config();
        this.journal = parts.journal();
        this.ingest = parts.ingest();
        this.template = context.createProducerTemplate();
        this.workers = context.getExecutorServiceManager()
                .newFixedThreadPool(this, config.id("drop-saga"), config.concurrency());
        this.slots = new Semaphore(config.concurrency());
        this.marker = new DoneFileMarker(config.drop().doneFile());
        this.rules = new DropScan.Rules(
                config.drop().recursive(),
                new IgnoredNames(config.drop().limits().ignore()));
        this.minute = new RateLimit(config.drop().limits().perMinute(), System::nanoTime);
        ExecutorService asking =
                context.getExecutorServiceManager().newSingleThreadExecutor(this, config.id("drop-writers"));
        this.writers = new Writers(config.drop().writers().waitFor(), asking, complaints);
        this.settlement =
                new Settlement(root, config.drop(), new Settlement.Parts(journal, marker, writers, complaints));
        this.changes = new ChangeAlerts(root, journal, parts.alerts());
        this.rechecks = new Rechecks(root, new Rechecks.Parts(journal, writers, changes, complaints));
        this.owner = new FolderOwner(root.resolve(Settlement.DONE), journal::epoch, complaints);
    }

    /** One look; what fails is tried again at the next. */
    void scan() {
        if (!owner.isOurs()) {
            return;
        }
        try {
            new DropScan(root, rules, marker, complaints, this::guarded).run();
            watches.endScan();
        } catch (IOException e) {
            complaints.about(root, "the drop folder cannot be listed (" + e + "); tried again");
        }
        fill();
    }

    /** One look at the files that have ended. */
    void lookAgain() {
        if (owner.isOurs()) {
            rechecks.look();
        }
    }

    /** Takes no more files. */
    void stop() throws IOException {
        stopped = true;
        ready.clear();
        owner.close();
    }

    private void guarded(Path file, SourceIdentity identity) {
        try {
            TrackedFile watch = watches.track(file, identity);
            if (!busy.contains(file) && watch.state() != TrackedFile.State.SETTLED) {
                decide(watch);
            }
        } catch (RuntimeException e) {
            complaints.about(file, "could not be decided about (" + e + "); tried again");
        }
    }

    private void decide(TrackedFile watch) {
        Path file = watch.file();
        if (watch.state() == TrackedFile.State.UNKNOWN) {
            Optional<Journal.NewestSaga> newest = journal.newest(file.toString());
            if (newest.filter(seen -> !seen.saga().state().isFinal()).isPresent()) {
                return; // paused, being recovered, or another process's: it needs the file
            }
            Optional<SagaRecord> ended = newest.filter(seen ->
                            seen.identity().filter(watch.identity()::equals).isPresent())
                    .map(Journal.NewestSaga::saga);
            if (ended.isPresent()) {
                offer(new Ready(watch, ended));
                return;
            }
            newest.ifPresent(before -> reportChange(before, watch));
            watch.is(TrackedFile.State.FRESH);
        }
        if (marker.isWanted()
                ? marker.isThere(file)
                : watches.isStable(watch, config.drop().stableFor().toNanos())) {
            offer(new Ready(watch, Optional.empty()));
        }
    }

    /**
     * The same file had a saga that stored it as it was before, and not long ago. Inodes are used again: later it may
     * be another file.
     */
    private void reportChange(Journal.NewestSaga before, TrackedFile watch) {
        SagaRecord saga = before.saga();
        boolean lately = saga.finishedAt()
                .map(end -> end.plus(config.drop().writers().watchAfter()))
                .filter(journal.clock().instant()::isBefore)
                .isPresent();
        SourceIdentity seen = before.identity().orElse(watch.identity());
        if (!lately
                || saga.state() != SagaState.COMPLETED
                || !seen.fileKey().equals(watch.identity().fileKey())
                || ChangeAlerts.isSameContent(saga, watch.file(), seen, watch.identity())) {
            return;
        }
        Optional<DroppedFile> kept = journal.dropped().find(watch.file());
        if (kept.isPresent()) {
            changes.afterEnd(saga, kept.get(), watch.identity());
        } else if (!journal.dropped().has(saga.sagaId())) {
            changes.beforeMove(saga, watch.file(), watch.identity());
        }
    }

    private void offer(Ready file) {
        ready.add(file);
        fill();
    }

    /** As many as may run: at each look, and as soon as one has ended. */
    private void fill() {
        boolean more = true;
        while (more && !stopped && slots.tryAcquire()) {
            Optional<Ready> next = ready.next(minute.hasRoom());
            if (next.isPresent()) {
                submit(next.get());
            } else {
                slots.release();
                more = ready.has(minute.hasRoom()); // added by another thread, which found no slot
            }
        }
    }

    private void submit(Ready next) {
        Path file = next.watch().file();
        busy.add(file);
        try {
            workers.execute(() -> {
                try {
                    work(next);
                } catch (RuntimeException e) {
                    complaints.about(file, "was not brought to its end (" + e + "); tried again");
                } finally {
                    busy.remove(file);
                    slots.release();
                    fill();
                }
            });
        } catch (RejectedExecutionException e) {
            stopped = true;
            busy.remove(file);
            slots.release();
        }
    }

    /** The file may have changed since it was found. */
    private void work(Ready next) {
        TrackedFile watch = next.watch();
        TrackedFile.State expected = next.ended().isPresent() ? TrackedFile.State.UNKNOWN : TrackedFile.State.FRESH;
        if (watch.state() != expected || !Settlement.isUnchanged(watch)) {
            return;
        }
        if (next.ended().isPresent()) {
            settle(watch, next.ended().get().sagaId(), next.ended().get().state());
            return;
        }
        Optional<String> writer = writers.of(watch.identity(), watch.sinceNanos());
        if (writer.isPresent()) {
            complaints.about(
                    watch.file(), writer.get() + " has it open for writing;" + " it is taken when that has closed it");
        } else if ((!marker.isWanted() || marker.isThere(watch.file())) && minute.tryTake()) {
            take(watch);
        }
    }

    private void take(TrackedFile watch) {
        // Whatever comes of it, only the journal knows.
        watch.is(TrackedFile.State.UNKNOWN);
        Exchange exchange = template.send(config.direct("drop-file"), ExchangePattern.InOut, request -> {
            request.getMessage().setBody(watch.file());
            request.setProperty(WATCH, watch);
        });
        Exception failure = exchange.getException();
        if (failure instanceof SagaException e && e.reason() == Reason.SOURCE_BUSY) {
            return; // another process was quicker
        }
        if (failure instanceof ShutdownException) {
            return; // the next start finds its saga
        }
        if (failure != null) {
            complaints.about(watch.file(), "was not ingested (" + failure + "); tried again");
        }
    }

    /** What the way in has to know. */
    void claim(Exchange exchange) {
        TrackedFile watch = exchange.getProperty(WATCH, TrackedFile.class);
        exchange.setProperty(Ingest.ONCE, watch.identity());
        exchange.setProperty(Ingest.FAIL_ON, FailOn.NEVER);
    }

    void ended(Exchange exchange) {
        IngestResult result = exchange.getMessage().getBody(IngestResult.class);
        settle(exchange.getProperty(WATCH, TrackedFile.class), result.sagaId(), SagaState.valueOf(result.status()));
    }

    private void settle(TrackedFile watch, String sagaId, SagaState state) {
        if (!state.isFinal()) {
            return; // paused: it needs the file
        }
        try {
            if (settlement.settle(watch, new Settlement.EndedSaga(sagaId, state, () -> ingest.result(sagaId)))) {
                watch.is(TrackedFile.State.SETTLED);
            }
        } catch (IOException e) {
            complaints.about(
                    watch.file(),
                    "saga " + sagaId + " is " + state + ", but the file could not be moved or its outcome written (" + e
                            + "); tried again");
        }
    }
}
