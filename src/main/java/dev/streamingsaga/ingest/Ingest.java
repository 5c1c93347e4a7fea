package dev.streamingsaga.ingest;

import dev.streamingsaga.chunk.ChunkRoutes;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.config.SagaConfig.Duplicates;
import dev.streamingsaga.config.SagaConfig.OnConflict;
import dev.streamingsaga.content.DocumentContent;
import dev.streamingsaga.journal.ActiveRun;
import dev.streamingsaga.journal.ChunkRow;
import dev.streamingsaga.journal.Document;
import dev.streamingsaga.journal.Event;
import dev.streamingsaga.journal.Ids;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.journal.NewSaga;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.Run;
import dev.streamingsaga.journal.Runs;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.SagaState;
import dev.streamingsaga.journal.ShutdownException;
import dev.streamingsaga.saga.SagaEngine;
import dev.streamingsaga.source.Digests;
import dev.streamingsaga.source.SourceFile;
import dev.streamingsaga.source.SourceLock;
import dev.streamingsaga.journal.SourceIdentity;
import dev.streamingsaga.trace.Traces;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.apache.camel.Exchange;
import org.apache.camel.RoutesBuilder;
import org.apache.camel.WrappedFile;
import org.jspecify.annotations.Nullable;

/** The door of the way in. One saga per call; calls beyond {@code saga.concurrency} wait for their turn. */
public final class Ingest {
    /** Exchange property: the saga whose outcome answers this call, when that is not a saga of its own. */
    static final String SAGA_ID = "SagaJoined";

    /** Exchange property, a String: what people call the file, if not by its path. */
    public static final String FILE_NAME = "SagaFileName";

    /** Exchange property, a {@code Consumer<String>}: told the saga's id as soon as the journal has it. */
    public static final String LISTENER = "SagaListener";

    /**
     * Exchange property, a {@link SourceIdentity}: the file as it was seen, to be taken in once, however many see it. The call fails with
     * SOURCE_BUSY if a saga holds the file, or had it as it is now and has ended. Symbolic links are not followed.
     */
    public static final String ONCE = "SagaOnce";

    /**
     * Exchange property, a String: names what asks for the saga, a message by its place for one. When the same asks again for the same file, it is answered
     * by the saga it had begun.
     */
    public static final String REQUEST = "SagaRequest";

    private static final String SLOT = "SagaSlot";
    private static final long LOOK_MILLIS = 500;
    private static final int MORE_THAN_WAIT = 1_000_000;

    /** As long as a path can be on the systems that we know. */
    private static final int MAX_PATH_CHARS = 4096;

    private final SagaConfig config;
    private final Journal journal;
    private final Runs runs;
    private final DocumentContent content;
    private final SagaEngine engine;
    private final FolderLimits limits;
    private final Semaphore slots;

    /** @param engine runs and settles what comes in */
    public Ingest(SagaConfig config, Journal journal, Runs runs, DocumentContent content, SagaEngine engine) {
        this.config = config;
        this.journal = journal;
        this.runs = runs;
        this.content = content;
        this.engine = engine;
        this.limits = new FolderLimits(config.drop(), content);
        this.slots = new Semaphore(config.concurrency(), true);
    }

    public RoutesBuilder routes() {
        return new IngestRoutes(config, this);
    }

    /** Journals the file, or finds the saga that has it already. */
    void receive(Exchange exchange) throws InterruptedException {
        String sagaId = claim(exchange);
        @SuppressWarnings("unchecked")
        Consumer<String> listener = exchange.getProperty(LISTENER, Consumer.class);
        if (listener != null) {
            listener.accept(sagaId);
        }
    }

    private String claim(Exchange exchange) throws InterruptedException {
        // What an earlier call with the same exchange left behind must not answer this one.
        exchange.removeProperty(SAGA_ID);
        exchange.removeProperty(Run.PROPERTY);
        exchange.removeProperty(ChunkRoutes.DIGESTS_OF_EARLIER_RUN);
        Path path = path(exchange.getMessage().getBody());
        runs.requireOpen(String.valueOf(path));
        Optional<SourceIdentity> once = Optional.ofNullable(exchange.getProperty(ONCE, SourceIdentity.class));
        if (once.isPresent() && !path.equals(exchange.getMessage().getBody())) {
            throw new SagaException(Reason.FILE_NOT_READABLE, exchange.getMessage().getBody() + " is reached through a symbolic link; nothing was read");
        }
        Optional<String> request = Optional.ofNullable(exchange.getProperty(REQUEST, String.class));
        // A queue or topic that was made anew counts from the beginning: the file tells.
        Optional<String> begun = request.flatMap(journal::requested).filter(saga -> saga.source().equals(path)).map(SagaRecord::sagaId);
        if (begun.isPresent()) {
            exchange.setProperty(SAGA_ID, begun.get());
            return begun.get();
        }
        OnConflict onConflict = config.source().onConflict();
        String fileName = exchange.getProperty(FILE_NAME, String.valueOf(path.getFileName()), String.class);
        NewSaga wanted = new NewSaga(path, fileName, config.participants(), config.timeLimit(), config.security().owner(),
                config.security().classification(), config.security().keyId(),
                onConflict == OnConflict.JOIN || onConflict == OnConflict.WAIT, once,
                request);
        while (true) {
            Optional<SagaRecord> known = config.source().duplicates() == Duplicates.SKIP ? alreadyStored(path) : Optional.empty();
            if (known.isPresent()) {
                exchange.setProperty(SAGA_ID, known.get().sagaId());
                return known.get().sagaId();
            }
            Journal.Received received = journal.receive(wanted);
            if (received.isNew()) {
                exchange.setProperty(Run.PROPERTY, runs.begin(received.saga()));
                return received.saga().sagaId();
            }
            if (once.isPresent()) {
                throw new SagaException(Reason.SOURCE_BUSY, path + " is, or was as it is now, in saga " + received.saga().sagaId());
            }
            if (onConflict == OnConflict.JOIN) {
                exchange.setProperty(SAGA_ID, received.saga().sagaId());
                return received.saga().sagaId();
            }
            // What was waited for may have stored just this content.
            awaitEnd(received.saga().sagaId(), true);
        }
    }

    /** Body: the saga as it was taken over, its run already in {@link Runs}. */
    void resume(Exchange exchange) {
        String sagaId = exchange.getMessage().getBody(String.class);
        exchange.setProperty(Run.PROPERTY, runs.find(sagaId).orElseThrow());
    }

    private static Path path(@Nullable Object given) {
        // What a file: consumer hands on; its toString() is no path.
        Object body = given instanceof WrappedFile<?> wrapped ? wrapped.getFile() : given;
        try {
            if (body instanceof String text && text.length() <= MAX_PATH_CHARS) {
                return real(Path.of(text));
            }
            return body instanceof Path p ? real(p) : body instanceof File f ? real(f.toPath()) : noPath(body);
        } catch (InvalidPathException e) {
            return noPath(e.getInput(), e.getReason());
        }
    }

    /** A document itself, most likely, which must not become a name. */
    private static Path noPath(@Nullable Object body) {
        String what = body instanceof String text ? "text of " + text.length() + " characters" : body == null ? "nothing" : body.getClass().getSimpleName();
        return noPath(what, "the body must name a file, as Path, File or String of " + MAX_PATH_CHARS + " characters at most");
    }

    /** No file can have such a name; the saga says so with an outcome, under a name that can be written down. */
    private static Path noPath(String what, String why) {
        return Path.of(what.replaceAll("[^\\x20-\\x7e]", "?") + " (no path: " + why + ")").toAbsolutePath();
    }

    private static Path real(Path path) {
        try {
            return path.toRealPath();
        } catch (IOException e) {
            return path.toAbsolutePath().normalize();
        }
    }

    /** The same content from the same source again: answered with the document that is there. */
    private Optional<SagaRecord> alreadyStored(Path path) {
        if (!Files.isRegularFile(path)) {
            return Optional.empty();
        }
        try {
            SourceIdentity identity = SourceFile.identity(path);
            if (!journal.mayBeDuplicate(path.toString(), identity.sizeBytes())) {
                return Optional.empty();
            }
            Digests digests = SourceFile.digest(path, identity, config.chunk().sizeBytes(), done -> {}, () -> {});
            return journal.document(Ids.document(path.toString(), digests.sha256()));
        } catch (SagaException e) {
            // Whatever is wrong with the file, the saga's own validation says it with an outcome.
            return Optional.empty();
        }
    }

    void takeSlot(Exchange exchange) throws InterruptedException {
        ActiveRun run = exchange.getProperty(Run.PROPERTY, ActiveRun.class);
        Duration left = Duration.between(journal.clock().instant(), run.received().deadline());
        if (!slots.tryAcquire(Math.max(0, left.toMillis()), TimeUnit.MILLISECONDS)) {
            throw new SagaException(Reason.TIMEOUT, "saga " + run.sagaId() + " found no free place among "
                    + config.concurrency() + " within its time limit; raise saga.concurrency or saga.time-limit");
        }
        exchange.setProperty(SLOT, true);
        Traces.of(exchange.getContext()).begin(run.sagaId(), exchange);
        run.check();
    }

    /** After the runs were called off: lets through whoever waits for his turn, to find that his run was, too. */
    public void standDown() {
        slots.release(MORE_THAN_WAIT);
    }

    void freeSlot(Exchange exchange) {
        // Settled, or lost because the journal is away: then it has no owner any more, and the recovery finds it.
        ActiveRun run = exchange.getProperty(Run.PROPERTY, ActiveRun.class);
        runs.end(run);
        Traces.of(exchange.getContext()).end(run.sagaId(), exchange);
        if (Boolean.TRUE.equals(exchange.removeProperty(SLOT))) {
            slots.release();
        }
    }

    /** Step {@code validate}: a readable regular file, small enough, where it may be; its type and digests. */
    public void validate(Exchange exchange) {
        ActiveRun run = exchange.getProperty(Run.PROPERTY, ActiveRun.class);
        Path path = run.received().source();
        SourceIdentity identity = SourceFile.identity(path);
        requireSameSize(run, identity);
        if (identity.sizeBytes() > config.source().maxSizeBytes()) {
            throw new SagaException(Reason.FILE_TOO_LARGE, path + " has " + identity.sizeBytes() + " bytes, saga.file.max-size allows "
                    + config.source().maxSizeBytes() + "; nothing was written");
        }
        requireAllowed(path);
        limits.check(path, real(path), identity);
        // Only now: closing a descriptor of a file of our own would drop the locks that our databases hold on it.
        lock(run, path);
        if (config.source().onConflict() == OnConflict.REFUSE) {
            requireUnclaimed(run, path);
        }
        Optional<Digests> taken = alreadyTaken(run, identity);
        Digests digests = taken.orElseGet(() -> digests(run, path, identity));
        exchange.setProperty(ChunkRoutes.DIGESTS_OF_EARLIER_RUN, taken.isPresent());
        String documentId = Ids.document(path.toString(), digests.sha256());
        if (config.source().duplicates() == Duplicates.REJECT && journal.document(documentId).isPresent()) {
            throw new SagaException(Reason.DUPLICATE, path + " is already stored as document " + documentId + "; nothing was written");
        }
        exchange.setProperty(ChunkRoutes.DIGESTS, digests);
        exchange.setProperty(SourceIdentity.class.getSimpleName(), identity);
    }

    private Digests digests(ActiveRun run, Path path, SourceIdentity identity) {
        long chunkSize = run.received().document().map(Document::chunkSizeBytes).orElse(config.chunk().sizeBytes());
        Digests digests = SourceFile.digest(path, identity, chunkSize,
                done -> run.progress("validate", done, identity.sizeBytes(), "bytes"), run::check);
        requireSameContent(run, digests);
        return digests;
    }

    /**
     * What an earlier run journaled, if nobody can have touched the file since as far as its inode, size and both of its times tell:
     * enough to go on sending. The upload compares each chunk with the source once more. Empty without the time of the last change, which alone can't be set back.
     */
    private Optional<Digests> alreadyTaken(ActiveRun run, SourceIdentity now) {
        Optional<Document> untouched = run.received().document()
                .filter(before -> before.identity().equals(now) && now.changedNanos() != 0);
        return untouched.map(before -> new Digests(before.sha256(), before.sizeBytes(),
                        journal.chunks(run.sagaId()).stream().map(ChunkRow::sha256).toList()))
                .filter(known -> known.chunkSha256().size() == untouched.get().chunkCount());
    }

    /** Held while the saga reads, and proved again before each side effect. */
    private static void lock(ActiveRun run, Path path) {
        SourceLock lock = SourceLock.acquire(path);
        run.guard(lock::prove);
        run.ended().whenComplete((id, failure) -> lock.close());
    }

    /** A resumed run: before a byte is sent, the file must be what the first run saw. */
    private static void requireSameSize(ActiveRun run, SourceIdentity now) {
        run.received().document().filter(before -> before.sizeBytes() != now.sizeBytes()).ifPresent(before -> {
            throw new SagaException(Reason.SIZE_MISMATCH, before.path() + " had " + before.sizeBytes() + " bytes when the saga began and has "
                    + now.sizeBytes() + " now; nothing was sent, compensating");
        });
    }

    private static void requireSameContent(ActiveRun run, Digests now) {
        run.received().document().filter(before -> !before.sha256().equals(now.sha256())).ifPresent(before -> {
            throw SourceFile.modified(before.path());
        });
    }

    private void requireAllowed(Path path) {
        // Compared as what they really are: any of them may be reached through a link.
        Path file = real(path);
        Path data = real(config.dataDir());
        boolean ours = file.startsWith(data) && !file.startsWith(data.resolve("spool"));
        List<Path> roots = config.source().roots();
        if (ours || !roots.isEmpty() && !isUpload(file) && !limits.apply(path) && roots.stream().map(Ingest::real).noneMatch(file::startsWith)) {
            throw new SagaException(Reason.FILE_NOT_READABLE, path + (ours ? " belongs to our own data directory"
                    : " is outside saga.source.roots") + "; nothing was written");
        }
    }

    /** Came over HTTP or as a message: where it lies is our business, and of no interest to anybody. */
    private boolean isUpload(Path file) {
        return file.startsWith(real(config.uploads())) || file.startsWith(real(config.messages()));
    }

    /** What people know the saga's file by: its path, or for a body in one of our spools the name that its sender gave. */
    public String file(SagaRecord saga) {
        return isUpload(saga.source()) ? saga.fileName() : saga.source().toString();
    }

    private void requireUnclaimed(ActiveRun run, Path path) {
        journal.holder(path.toString()).filter(holder -> !holder.equals(run.sagaId())).ifPresent(holder -> {
            throw new SagaException(Reason.SOURCE_BUSY, path + " is in the unfinished saga " + holder
                    + "; wait for it, or set saga.source.on-conflict");
        });
    }

    /** Step {@code start}: names chosen before anything is written under them. */
    public void start(Exchange exchange) {
        ActiveRun run = exchange.getProperty(Run.PROPERTY, ActiveRun.class);
        SagaRecord saga = run.received();
        Digests digests = exchange.getProperty(ChunkRoutes.DIGESTS, Digests.class);
        SourceIdentity identity = exchange.getProperty(SourceIdentity.class.getSimpleName(), SourceIdentity.class);
        if (saga.document().isPresent()) {
            run.describe(saga.document().get().withIdentity(identity));
            return;
        }
        String documentId = Ids.document(saga.source().toString(), digests.sha256());
        run.describe(new Document(
                documentId,
                saga.sagaId(),
                saga.source(),
                saga.fileName(),
                content.contentType(saga.source()),
                digests.sizeBytes(),
                digests.sha256(),
                digests.chunkSha256().size(),
                config.chunk().sizeBytes(),
                config.s3().bucket(),
                config.chunk().prefix() + "/" + documentId + "/" + saga.sagaId() + "/",
                config.security().owner(),
                config.security().classification(),
                config.security().keyId(),
                saga.receivedAt(),
                identity));
    }

    void closed(Exchange exchange) {
        engine.closed(exchange.getProperty(Run.PROPERTY, ActiveRun.class));
    }

    void failed(Exchange exchange) {
        ActiveRun run = exchange.getProperty(Run.PROPERTY, ActiveRun.class);
        try {
            engine.failed(run, exchange.getProperty(Exchange.EXCEPTION_CAUGHT, Throwable.class)).join();
        } catch (RuntimeException e) {
            throw new IllegalStateException("saga " + run.sagaId() + " stopped in step " + run.step()
                    + " because the journal does not take its outcome; the recovery goes on with it when the journal can be written again", e);
        }
    }

    void answer(Exchange exchange) throws InterruptedException {
        String joined = exchange.getProperty(SAGA_ID, String.class);
        String sagaId = joined != null ? joined : exchange.getProperty(Run.PROPERTY, ActiveRun.class).sagaId();
        // Our own run may have been called off at the last moment, or taken over: whoever has the saga brings it to its end.
        awaitEnd(sagaId, exchange.getProperty(REQUEST) != null);
        Traces traces = Traces.of(exchange.getContext());
        traces.begin(sagaId, exchange);
        try {
            exchange.getMessage().setBody(result(sagaId));
        } finally {
            traces.end(sagaId, exchange);
        }
    }

    /**
     * Waits until the saga, whoever runs it, has its outcome; a pause is waited for, too.
     *
     * @throws ShutdownException if this instance stops before
     */
    public IngestResult await(String sagaId) throws InterruptedException {
        awaitEnd(sagaId, true);
        return result(sagaId);
    }

    /**
     * Until the saga has its outcome; one that another process runs is looked at twice a second.
     *
     * @param throughPause false: or is paused
     * @throws ShutdownException if this instance stops before
     */
    private void awaitEnd(String sagaId, boolean throughPause) throws InterruptedException {
        Optional<ActiveRun> local = runs.find(sagaId);
        if (local.isPresent()) {
            local.get().ended().join();
        }
        SagaState state = journal.saga(sagaId).orElseThrow().state();
        while (!state.isFinal() && (throughPause || state != SagaState.PAUSED)) {
            runs.requireRunning(sagaId);
            TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
            state = journal.saga(sagaId).orElseThrow().state();
        }
    }

    /** The saga's outcome as the contract has it, its stores asked now. */
    public IngestResult result(String sagaId) {
        return result(sagaId, true);
    }

    /** @param counted false: no store is asked, {@code stores} is empty */
    public IngestResult result(String sagaId, boolean counted) {
        SagaRecord saga = journal.saga(sagaId).orElseThrow(() -> new IllegalArgumentException("no saga " + sagaId));
        Optional<Document> document = saga.document();
        List<Event> events = journal.events(sagaId);
        Instant end = saga.finishedAt().orElseGet(() -> journal.clock().instant());
        return new IngestResult(
                file(saga),
                sagaId,
                document.map(Document::documentId).orElse(null),
                saga.state().name(),
                saga.reason().map(Reason::name).orElse(null),
                saga.message().isEmpty() ? null : saga.message(),
                document.map(Document::sha256).orElse(null),
                document.map(Document::sizeBytes).orElse(null),
                document.map(Document::chunkCount).orElse(null),
                Duration.between(saga.receivedAt(), end).toMillis(),
                saga.lastRun(),
                saga.resumedBytes(),
                counted ? engine.outcomes().counts(saga) : Map.of(),
                journal.steps(sagaId).stream()
                        .map(s -> new IngestResult.Step(s.name(), s.state().name(), s.duration().toMillis())).toList(),
                messages(events, Event.Kind.ERROR),
                messages(events, Event.Kind.COMPENSATION_ERROR, Event.Kind.CRITICAL));
    }

    private static List<String> messages(List<Event> events, Event.Kind... kinds) {
        return events.stream().filter(e -> List.of(kinds).contains(e.kind()))
                .map(e -> e.step().isEmpty() ? e.message() : e.step() + ": " + e.message()).toList();
    }
}
