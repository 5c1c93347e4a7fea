package dev.streamingsaga.ingest;

import dev.streamingsaga.access.SecurityLabel;
import dev.streamingsaga.config.DocumentConfig.Duplicates;
import dev.streamingsaga.config.DocumentConfig.OnConflict;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.content.DocumentContent;
import dev.streamingsaga.digest.Digests;
import dev.streamingsaga.intake.UploadSpool;
import dev.streamingsaga.journal.ActiveRun;
import dev.streamingsaga.journal.ChunkRow;
import dev.streamingsaga.journal.Document;
import dev.streamingsaga.journal.ExchangeKeys;
import dev.streamingsaga.journal.Ids;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.SourceIdentity;
import dev.streamingsaga.journal.StepNames;
import dev.streamingsaga.source.DocumentSource;
import dev.streamingsaga.source.SourceFile;
import dev.streamingsaga.source.SourceLock;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.apache.camel.Exchange;

/**
 * The two steps before anything is written: {@code validate} checks the file, {@code start} chooses the names of its
 * document.
 */
final class PreparationSteps {
    /** Property of an exchange: the label of its saga, if the exchange registered it. */
    static final String LABEL = SecurityLabel.class.getSimpleName();

    private final SagaConfig config;
    private final Journal journal;
    private final DocumentContent content;
    private final DropFolderLimits limits;

    PreparationSteps(SagaConfig config, Journal journal, DocumentContent content) {
        this.config = config;
        this.journal = journal;
        this.content = content;
        this.limits = new DropFolderLimits(config.endpoints().drop(), content);
    }

    /**
     * Step {@code validate}: checks that the file is regular, readable, allowed and within the size limit; takes its
     * digests. Does nothing once the chunks in the bucket are verified.
     */
    void validate(Exchange exchange) {
        ActiveRun run = exchange.getProperty(ExchangeKeys.RUN, ActiveRun.class);
        if (!run.needsSource()) {
            return;
        }
        Path path = run.initialSaga().source();
        SourceIdentity identity = SourceFile.identity(path);
        requireSameSize(run, identity);
        if (identity.sizeBytes() > config.documents().source().maxSizeBytes()) {
            throw new SagaException(
                    Reason.FILE_TOO_LARGE,
                    path + " has " + identity.sizeBytes() + " bytes, saga.file.max-size allows "
                            + config.documents().source().maxSizeBytes() + "; nothing was written");
        }
        requireAllowed(run.initialSaga(), path);
        limits.check(path, SourcePaths.real(path), identity);
        // Only now: closing a descriptor of one of our own files would drop the locks that our databases hold on it.
        lock(run, path);
        if (config.documents().source().onConflict() == OnConflict.REFUSE) {
            requireUnclaimed(run, path);
        }
        Optional<Digests> known = digestsOfEarlierRun(run, identity);
        Digests digests =
                known.or(() -> receivedDigests(exchange, run, identity)).orElseGet(() -> digests(run, path, identity));
        exchange.setProperty(ExchangeKeys.DIGESTS_OF_EARLIER_RUN, known.isPresent());
        if (config.documents().source().duplicates() == Duplicates.REJECT) {
            requireNew(run.initialSaga(), digests);
        }
        exchange.setProperty(ExchangeKeys.DIGESTS, digests);
        exchange.setProperty(SourceIdentity.class.getSimpleName(), identity);
    }

    private void requireNew(SagaRecord saga, Digests digests) {
        journal.sagas()
                .storedContent(saga.origin().key(), digests.sha256())
                .flatMap(SagaRecord::document)
                .ifPresent(document -> {
                    throw new SagaException(
                            Reason.DUPLICATE,
                            saga.source() + " is already stored as document " + document.documentId()
                                    + "; nothing was written");
                });
    }

    private Digests digests(ActiveRun run, Path path, SourceIdentity identity) {
        long chunkSize = run.initialSaga()
                .document()
                .map(Document::chunkSizeBytes)
                .orElse(config.documents().chunk().sizeBytes());
        Digests digests = SourceFile.digest(
                path,
                identity,
                chunkSize,
                done -> run.progress(StepNames.VALIDATE, done, identity.sizeBytes(), "bytes"),
                run::check);
        requireSameContent(run, digests);
        return digests;
    }

    /**
     * The digests that an earlier run journaled, if inode, size and both times show that the file was not touched
     * since. This suffices to continue the upload, which compares each chunk with the source again. Empty without the
     * time of the last change, the only one that cannot be set back.
     */
    private Optional<Digests> digestsOfEarlierRun(ActiveRun run, SourceIdentity now) {
        Optional<Document> untouched =
                run.initialSaga().document().filter(before -> before.identity().equals(now) && now.changedNanos() != 0);
        return untouched
                .map(before -> new Digests(
                        before.sha256(),
                        before.sizeBytes(),
                        journal.chunks().all(run.sagaId()).stream()
                                .map(ChunkRow::sha256)
                                .toList()))
                .filter(digests ->
                        digests.chunkSha256().size() == untouched.get().chunkCount());
    }

    /**
     * The digests that were taken while a body arrived, if the file is the one that was written then. If its bytes were
     * damaged since, the bucket refuses them: they do not match the digests that are sent with them.
     */
    private static Optional<Digests> receivedDigests(Exchange exchange, ActiveRun run, SourceIdentity now) {
        return Optional.ofNullable(exchange.getProperty(ExchangeKeys.RECEIVED_BODY, UploadSpool.ReceivedBody.class))
                .filter(body -> run.initialSaga().document().isEmpty())
                .filter(body -> body.written().looksLike(now))
                .map(UploadSpool.ReceivedBody::digests);
    }

    /** Locks the source until its chunks are verified; each side effect until then confirms the lock again. */
    private static void lock(ActiveRun run, Path path) {
        SourceLock lock = SourceLock.acquire(path);
        run.holdSource(lock::confirm, lock::close);
    }

    /** For a resumed run: before a byte is sent, the file must be the one that the first run saw. */
    private static void requireSameSize(ActiveRun run, SourceIdentity now) {
        run.initialSaga()
                .document()
                .filter(before -> before.sizeBytes() != now.sizeBytes())
                .ifPresent(before -> {
                    throw new SagaException(
                            Reason.SIZE_MISMATCH,
                            before.path() + " had " + before.sizeBytes() + " bytes when the saga began and has "
                                    + now.sizeBytes() + " now; nothing was sent, compensating");
                });
    }

    private static void requireSameContent(ActiveRun run, Digests now) {
        run.initialSaga()
                .document()
                .filter(before -> !before.sha256().equals(now.sha256()))
                .ifPresent(before -> {
                    throw SourceFile.modified(before.path());
                });
    }

    private void requireAllowed(SagaRecord saga, Path path) {
        // Real paths are compared, since each of them may contain a link.
        Path file = SourcePaths.real(path);
        Path data = SourcePaths.real(config.dataDir());
        boolean inDataDir = file.startsWith(data) && !file.startsWith(data.resolve("spool"));
        List<Path> roots = config.documents().source().roots();
        if (inDataDir
                || !roots.isEmpty()
                        && !SourcePaths.isUpload(config, file)
                        && !isBodyOfOtherNode(saga)
                        && !limits.apply(path)
                        && roots.stream().map(SourcePaths::real).noneMatch(file::startsWith)) {
            throw new SagaException(
                    Reason.FILE_NOT_READABLE,
                    path + (inDataDir ? " is in the data directory of this instance" : " is outside saga.source.roots")
                            + "; nothing was written");
        }
    }

    /** A body that another node received, which this one can read because their spools are on one file system. */
    private static boolean isBodyOfOtherNode(SagaRecord saga) {
        return saga.lastRun() > 1 && saga.origin().isBody(saga.source());
    }

    private void requireUnclaimed(ActiveRun run, Path path) {
        journal.registration()
                .holder(run.initialSaga().origin().key())
                .filter(holder -> !holder.equals(run.sagaId()))
                .ifPresent(holder -> {
                    throw new SagaException(
                            Reason.SOURCE_BUSY,
                            path + " is in use by the unfinished saga " + holder
                                    + "; wait for it, or set saga.source.on-conflict");
                });
    }

    /** Without versions, each content of a source is a document of its own. */
    private String documentId(SagaRecord saga, String sha256) {
        String ownId = Ids.document(saga.origin().key(), sha256);
        boolean versions = config.documents().source().duplicates() == Duplicates.VERSION
                || journal.versions().exist(ownId);
        return versions ? journal.versions().register(saga) : ownId;
    }

    /** Step {@code start}: chooses and journals all names before anything is written under them. */
    void start(Exchange exchange) {
        ActiveRun run = exchange.getProperty(ExchangeKeys.RUN, ActiveRun.class);
        if (!run.needsSource()) {
            return; // the journal has the document
        }
        SagaRecord saga = run.initialSaga();
        Digests digests = exchange.getProperty(ExchangeKeys.DIGESTS, Digests.class);
        SourceIdentity identity = exchange.getProperty(SourceIdentity.class.getSimpleName(), SourceIdentity.class);
        if (saga.document().isPresent()) {
            run.setDocument(saga.document().get().withIdentity(identity));
            return;
        }
        String documentId = documentId(saga, digests.sha256());
        SecurityLabel known = exchange.getProperty(LABEL, SecurityLabel.class);
        SecurityLabel label =
                known != null ? known : journal.labels().of(saga.sagaId()).orElseThrow();
        run.setDocument(new Document(
                documentId,
                saga.sagaId(),
                saga.source(),
                saga.fileName(),
                content.contentType(DocumentSource.of(saga.source())),
                digests.sizeBytes(),
                digests.sha256(),
                digests.chunkSha256().size(),
                config.documents().chunk().sizeBytes(),
                config.servers().s3().bucket(),
                config.documents().chunk().prefix() + "/" + documentId + "/" + saga.sagaId() + "/",
                label.owner(),
                label.classification(),
                config.documents().security().keyId(),
                saga.receivedAt(),
                identity));
    }
}
