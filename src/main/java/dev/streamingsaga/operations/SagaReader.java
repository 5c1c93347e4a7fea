package dev.streamingsaga.operations;

import dev.streamingsaga.access.Access;
import dev.streamingsaga.access.AccessLimit;
import dev.streamingsaga.annotation.Internal;
import dev.streamingsaga.audit.AuditAction;
import dev.streamingsaga.audit.AuditAnchor;
import dev.streamingsaga.audit.AuditEntry;
import dev.streamingsaga.audit.AuditFilter;
import dev.streamingsaga.audit.AuditReport;
import dev.streamingsaga.chunk.ChunkStore;
import dev.streamingsaga.chunk.FetchResult;
import dev.streamingsaga.journal.ChunkRow;
import dev.streamingsaga.journal.ChunkTally;
import dev.streamingsaga.journal.CleanupEntry;
import dev.streamingsaga.journal.CleanupPage;
import dev.streamingsaga.journal.CleanupQuery;
import dev.streamingsaga.journal.Deletion;
import dev.streamingsaga.journal.DeletionState;
import dev.streamingsaga.journal.Document;
import dev.streamingsaga.journal.DocumentVersion;
import dev.streamingsaga.journal.HourlyTotal;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.journal.OpenCleanups;
import dev.streamingsaga.journal.Receipt;
import dev.streamingsaga.journal.SagaCount;
import dev.streamingsaga.journal.SagaCounts;
import dev.streamingsaga.journal.SagaPage;
import dev.streamingsaga.journal.SagaQuery;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.Warning;
import dev.streamingsaga.receipt.ReceiptCheck;
import dev.streamingsaga.receipt.ReceiptFinding;
import dev.streamingsaga.receipt.VerificationKeys;
import dev.streamingsaga.recovery.Drift;
import dev.streamingsaga.recovery.Orphan;
import dev.streamingsaga.store.SearchTextException;
import dev.streamingsaga.store.VectorSearch;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * Reads sagas and documents, whichever process runs or has stored them. Changes nothing. Thread-safe.
 *
 * <p>Reading content and searching is recorded in the audit log first: if that fails, nothing is read.
 *
 * <p>Methods throw a {@link RuntimeException} of the database or of the S3 client if it does not respond.
 */
public sealed class SagaReader permits SagaOperator {
    private final Journal journal;
    private final StorageConnections storage;
    private final Visibility visibility;
    private final AuditTrail trail;

    @Internal
    public SagaReader(Journal journal, StorageConnections storage, Access access) {
        this.journal = journal;
        this.storage = storage;
        this.visibility = new Visibility(journal, access.limit());
        this.trail = new AuditTrail(journal.audit(), access);
    }

    /**
     * This facade on behalf of one user: what they do is recorded in the audit log under their name, and documents that
     * their limit does not permit do not exist for them.
     */
    public SagaReader as(Access access) {
        return new SagaReader(journal, storage, access);
    }

    final AuditTrail trail() {
        return trail;
    }

    final Visibility visibility() {
        return visibility;
    }

    private AccessLimit limit() {
        return visibility.limit();
    }

    /** @param limit maximum number of sagas */
    public final SagaPage list(SagaQuery query, int limit) {
        return journal.pages().page(query.within(limit()), limit);
    }

    /** How many sagas and open clean-up entries there are, counted now; the time grows with their number. */
    public final SagaCounts counts() {
        return journal.pages().counts(limit());
    }

    /**
     * How many sagas match, wherever the page of the query begins. Counts 100 000 sagas of each state at most, or scans
     * 20 000 if no index covers all conditions; then the count says that it is not complete.
     */
    public final SagaCount count(SagaQuery query) {
        return journal.pages().count(query.within(limit()));
    }

    /**
     * The sagas that ended in the present hour and in the hours before it, oldest first.
     *
     * @param hours how many hours, including the present one
     */
    public final List<HourlyTotal> hourly(int hours) {
        return journal.hourly(hours, limit());
    }

    /**
     * The sagas to monitor: the newest, those in progress, the first of those that wait, and the newest that need
     * attention. At most {@code 4 * limit}, in no particular order.
     */
    public final Set<SagaRecord> watched(int limit) {
        return watched(limit, Map.of());
    }

    /**
     * As {@link #watched(int)}, for whoever asks again and again.
     *
     * @param known records of the call before, by saga; those of ended sagas are returned again if they still hold
     */
    public final Set<SagaRecord> watched(int limit, Map<String, SagaRecord> known) {
        return journal.pages().watched(limit, limit(), known);
    }

    public final Optional<SagaRecord> findSaga(String sagaId) {
        return visibility.filter(journal.sagas().find(sagaId));
    }

    /** All attempts to deliver the document of a saga, the first one first. */
    public final List<SagaRecord> attempts(SagaRecord saga) {
        return journal.redeliveries().attempts(saga);
    }

    /** The newest attempt to deliver the document of a saga. All its attempts have one owner and classification. */
    public final SagaRecord latest(SagaRecord saga) {
        return journal.redeliveries().latest(saga);
    }

    /** How many attempts a document has at most, as configured now. */
    public final int maxAttempts() {
        return journal.redeliveries().maxAttempts();
    }

    /** @throws UnknownSagaException if there is no such saga */
    public final SagaStatus status(String sagaId) {
        return new SagaStatus(
                findSaga(sagaId).orElseThrow(() -> new UnknownSagaException(sagaId)),
                journal.steps().of(sagaId),
                journal.events().of(sagaId),
                cleanupsOf(sagaId));
    }

    /**
     * The chunks of a saga, in order; empty before its step {@code upload}.
     *
     * @throws dev.streamingsaga.journal.SagaException METADATA_CORRUPT if their rows in the journal are damaged
     */
    public final List<ChunkRow> chunks(String sagaId) {
        requireVisible(sagaId);
        return journal.chunks().all(sagaId);
    }

    /** The chunks of these sagas that the bucket has confirmed; a saga without such chunks is absent. */
    public final Map<String, ChunkTally> sentChunks(Collection<String> sagaIds) {
        return journal.chunks().sentOf(sagaIds);
    }

    /** What is missing or uncertain about the text of a saga's document. */
    public final List<Warning> warnings(String sagaId) {
        requireVisible(sagaId);
        return journal.warnings().of(sagaId);
    }

    /** @param limit maximum number of clean-up entries */
    public final CleanupPage cleanups(CleanupQuery query, int limit) {
        return journal.cleanups().page(query.within(limit()), limit);
    }

    /** How many clean-up entries match, wherever the page begins; counts 100 000 of each state at most. */
    public final long count(CleanupQuery query) {
        return journal.cleanups().count(query.within(limit()));
    }

    /** Every open clean-up entry, oldest first. */
    public final List<CleanupEntry> openCleanups() {
        return visibility.entries(journal.cleanups().open());
    }

    /** How many open clean-up entries these sagas have; a saga without open entries is absent. */
    public final Map<String, OpenCleanups> openCleanups(Collection<String> sagaIds) {
        return journal.cleanups().openOf(sagaIds);
    }

    /** Every clean-up entry, closed ones included, oldest first. */
    public final List<CleanupEntry> allCleanups() {
        return visibility.entries(journal.cleanups().all());
    }

    /** The clean-up entries of a saga, closed ones included, oldest first. */
    public final List<CleanupEntry> cleanupsOf(String sagaId) {
        return visibility.entries(journal.cleanups().of(sagaId));
    }

    /**
     * @return the entry
     * @throws UnknownCleanupException if there is no such entry
     * @throws CleanupClosedException if it is closed
     */
    public final CleanupEntry requireOpenCleanup(String cleanupId) {
        return Cleanups.open(journal.cleanups(), visibility, cleanupId);
    }

    /** All completed documents that no newer version supersedes, oldest first. */
    public final List<SagaRecord> documents() {
        return visibility.sagas(journal.sagas().current());
    }

    /** The saga that stored the newest version of a completed document. */
    public final Optional<SagaRecord> findDocument(String documentId) {
        return visibility.filter(journal.sagas().ofDocument(documentId));
    }

    /**
     * @throws DeletedDocumentException if it was deleted
     * @throws UnknownDocumentException if there is no such completed document
     */
    public final SagaRecord document(String documentId) {
        return findDocument(documentId)
                .orElseThrow(() -> findDeletion(documentId)
                        .<OperationException>map(DeletedDocumentException::new)
                        .orElseGet(() -> new UnknownDocumentException(documentId)));
    }

    /** The newest deletion of a document, which may have been stored again since. */
    public final Optional<Deletion> findDeletion(String documentId) {
        return visibility.deletion(journal.deletions().ofDocument(documentId));
    }

    /** The deletion of what a saga stored. */
    public final Optional<Deletion> findDeletionOfSaga(String sagaId) {
        return visibility.deletion(journal.deletions().ofSaga(sagaId));
    }

    /** The state of the deletions of what these sagas stored; a saga whose document is not deleted is absent. */
    public final Map<String, DeletionState> deletionStates(Collection<String> sagaIds) {
        return journal.deletions().states(sagaIds);
    }

    /** A deletion with what it could not remove, and what was done about it. */
    public final DeletionView view(Deletion deletion) {
        return DeletionView.of(
                deletion,
                deletion.versions().stream()
                        .flatMap(version -> cleanupsOf(version.sagaId()).stream())
                        .toList());
    }

    /**
     * The completed versions of a document, newest first. A document that was stored without
     * {@code saga.duplicates=version} has one, with number 1.
     *
     * @param below only versions with a lower number than this
     * @throws UnknownDocumentException if there is no such completed document
     */
    public final List<DocumentVersion> versions(String documentId, int below, int limit) {
        List<DocumentVersion> found = visibility.versions(journal.versions().of(documentId, below, limit));
        boolean exist = journal.versions().exist(documentId);
        if (!found.isEmpty() || exist && limit().isUnlimited()) {
            return found;
        }
        SagaRecord only = document(documentId);
        return below > 1 && !exist ? List.of(new DocumentVersion(1, only, DocumentVersion.Status.CURRENT)) : List.of();
    }

    /**
     * The saga that stored a version of a document whose chunks are in the bucket.
     *
     * @throws UnknownDocumentException if there is no such completed document
     * @throws UnknownVersionException if there is no such version, or it was removed
     */
    public final SagaRecord version(String documentId, int number) {
        DocumentVersion version = numbered(documentId, number);
        if (version.status() == DocumentVersion.Status.REMOVED) {
            throw UnknownVersionException.removed(documentId, number);
        }
        return version.saga();
    }

    /** Also one whose chunks were removed. */
    private DocumentVersion numbered(String documentId, int number) {
        return versions(documentId, number + 1, 1).stream()
                .filter(found -> found.number() == number)
                .findFirst()
                .orElseThrow(() -> UnknownVersionException.unknown(documentId, number));
    }

    /** The number of a saga's version; 1 if its document has no others. */
    public final int versionNumber(String sagaId) {
        return Math.max(1, journal.versions().number(sagaId));
    }

    /** The replaced versions whose chunks are kept in the bucket, of all documents, oldest first. */
    public final List<SagaRecord> keptVersions() {
        return visibility.sagas(journal.versions().kept());
    }

    /** As {@link #findDocument(String)}, for the same content of the same file. */
    public final Optional<SagaRecord> findDocument(Path source, String sha256) {
        return findDocument(source.toString(), sha256);
    }

    /**
     * As {@link #findDocument(String)}, for the same content from the same source.
     *
     * @param sourceKey see {@link dev.streamingsaga.journal.Origin#key}
     */
    public final Optional<SagaRecord> findDocument(String sourceKey, String sha256) {
        return visibility.filter(journal.sagas().storedContent(sourceKey, sha256));
    }

    /** The newest completed saga for a body that the sender sent under this name. */
    public final Optional<SagaRecord> findStored(String sender, String fileName) {
        return visibility.filter(journal.sagas().stored(sender, fileName));
    }

    /** The newest saga for such a body that has no outcome yet. */
    public final Optional<SagaRecord> findUnfinished(String sender, String fileName) {
        return visibility.filter(journal.sagas().unfinishedOf(sender, fileName));
    }

    /**
     * The receipt of the newest version of a document.
     *
     * @throws UnknownDocumentException if there is no such completed document
     * @throws NoReceiptException if it has none
     */
    public final Receipt receipt(String documentId) {
        return receipt(document(documentId));
    }

    /**
     * The receipt of a version of a document, also of one whose chunks were removed.
     *
     * @throws UnknownDocumentException if there is no such completed document
     * @throws UnknownVersionException if there is no such version
     * @throws NoReceiptException if it has none
     */
    public final Receipt receipt(String documentId, int number) {
        return receipt(numbered(documentId, number).saga());
    }

    private Receipt receipt(SagaRecord saga) {
        Document document = saga.document().orElseThrow();
        String documentId = document.documentId();
        Receipt receipt = findReceipt(document.sagaId()).orElseThrow(() -> new NoReceiptException(documentId));
        trail.record(AuditAction.RECEIPT, document, Map.of("sequence", Long.toString(receipt.sequence())));
        return receipt;
    }

    /** The receipt of the document that a saga has stored. */
    public final Optional<Receipt> findReceipt(String sagaId) {
        return journal.receipts().find(Receipt.Kind.COMPLETION, sagaId);
    }

    /** The public keys that receipts were signed with, as a JSON Web Key Set. */
    public final String receiptKeys() {
        return VerificationKeys.of(journal.receipts().keys().values()).jwks();
    }

    /**
     * Checks the chain of receipts, and compares it with the documents in the journal. Reads every receipt.
     *
     * @param withBucket also compares the copies in the bucket
     * @return the number of receipts
     */
    public final long checkReceipts(boolean withBucket, Consumer<ReceiptFinding> findings) {
        return checkReceipts(Optional.empty(), withBucket, findings);
    }

    /**
     * As above, with keys that were kept outside the journal: whoever can write to it could sign a chain of their own.
     *
     * @param trusted the only keys that may have signed; empty: those that the journal has
     */
    public final long checkReceipts(
            Optional<VerificationKeys> trusted, boolean withBucket, Consumer<ReceiptFinding> findings) {
        visibility.requireUnlimited("receipts");
        Optional<ChunkStore> bucket = withBucket ? Optional.of(storage.bucket()) : Optional.empty();
        return new ReceiptCheck(journal, trusted, bucket, findings).run();
    }

    /**
     * Writes a document to a file, and checks each chunk and the whole file. The target appears when all checks have
     * passed; on failure it is unchanged.
     *
     * @throws UnknownDocumentException if there is no such completed document
     * @throws dev.streamingsaga.journal.SagaException if what the bucket has is damaged
     * @throws IOException if the connection to the bucket breaks, or the target cannot be written
     */
    public final FetchResult fetch(String documentId, Path target) throws IOException {
        return fetch(document(documentId), target);
    }

    /**
     * As {@link #fetch(String, Path)}.
     *
     * @param version one of {@link #document} or {@link #version}
     */
    public final FetchResult fetch(SagaRecord version, Path target) throws IOException {
        requireVisible(version.sagaId());
        Document document = version.document().orElseThrow();
        trail.record(AuditAction.FETCH, document, Map.of());
        return storage.bucket().in(document.bucket()).fetch(document, target);
    }

    /**
     * Returns a range of a document as a stream that checks its bytes against the digests of the chunks. The last bytes
     * of a damaged or truncated chunk are never returned: reading fails with an {@link IOException} before the range is
     * complete.
     *
     * @param from first byte, from 0
     * @param length at least 1
     * @throws dev.streamingsaga.journal.SagaException METADATA_CORRUPT if its rows in the journal are damaged
     */
    public final InputStream content(Document document, long from, long length) {
        requireVisible(document.sagaId());
        trail.record(AuditAction.FETCH, document, Map.of("from", Long.toString(from), "bytes", Long.toString(length)));
        return storage.bucket()
                .in(document.bucket())
                .content(document, journal.chunks().all(document.sagaId()), from, length);
    }

    /**
     * Returns the best matching segments of completed documents, best first: see {@link VectorSearch}.
     *
     * @param offset number of hits to skip, 0 to {@value VectorSearch#MAX_HITS}
     * @param limit 1 to {@value VectorSearch#MAX_LIMIT}
     * @throws SearchUnavailableException if the store {@code vector} is not a participant
     * @throws SearchTextException if the text is too long, has too many words or a filter that cannot be used
     * @throws IllegalArgumentException if offset or limit is out of range
     */
    public final VectorSearch.Page search(String text, int offset, int limit) {
        VectorSearch search = requireSearch();
        trail.search(text);
        return withoutDeleted(search.search(text, offset, limit, limit()));
    }

    /** The first hits of {@link #search(String, int, int)}. */
    public final List<VectorSearch.Hit> search(String text, int limit) {
        return search(text, 0, limit).hits();
    }

    /** A store that does not answer may not have hidden a deleted document yet. */
    private VectorSearch.Page withoutDeleted(VectorSearch.Page page) {
        Set<String> deleted = deletionStates(
                        page.hits().stream().map(VectorSearch.Hit::sagaId).collect(Collectors.toSet()))
                .keySet();
        return deleted.isEmpty()
                ? page
                : new VectorSearch.Page(
                        page.hits().stream()
                                .filter(hit -> !deleted.contains(hit.sagaId()))
                                .toList(),
                        page.offset(),
                        page.total());
    }

    /**
     * Counts the segments, by model, of all documents that {@link #search} finds by words only because another model
     * than the one in use embedded them.
     *
     * @throws SearchUnavailableException if the store {@code vector} is not a participant
     */
    public final Map<String, Long> foreignModels() {
        VectorSearch search = requireSearch();
        return limit().isUnlimited() ? search.foreignModels() : Map.of();
    }

    private VectorSearch requireSearch() {
        return storage.search().orElseThrow(SearchUnavailableException::new);
    }

    /** How many documents each key encryption key is needed for, by its id, unfinished sagas included. */
    public final Map<String, Long> keyUsage() {
        return journal.keys().countByKey();
    }

    /** Reports stored data that no saga in the journal owns. */
    public final void listOrphans(Consumer<Orphan> found) {
        visibility.requireUnlimited("orphans");
        storage.orphans().list(found);
    }

    /**
     * Compares a completed document with the journal, in the bucket and every store; a replaced version only in the
     * bucket.
     *
     * @param saga one of {@link #documents}, {@link #findDocument} or {@link #keptVersions}
     * @param deep reads every chunk instead of trusting the checksums that the bucket reports
     * @return what differs; empty for a healthy document, and for one that was superseded or deleted meanwhile
     */
    public final List<Drift> verify(SagaRecord saga, boolean deep) {
        requireVisible(saga.sagaId());
        return unlessRemoved(saga, storage.documentCheck().check(saga, deep));
    }

    private void requireVisible(String sagaId) {
        if (!visibility.permits(sagaId)) {
            throw new UnknownSagaException(sagaId);
        }
    }

    /**
     * Reads the audit log, newest entry first.
     *
     * @param before only entries with a lower sequence; 0: from the newest on
     * @param limit maximum number of entries
     * @throws LimitedAccessException for somebody who may not see every document
     */
    public final List<AuditEntry> audit(AuditFilter filter, long before, int limit) {
        visibility.requireUnlimited("audit entries");
        return journal.audit().page(filter, before, limit);
    }

    /**
     * Compares the whole audit log with its hashes.
     *
     * @param anchors entries that the log must contain
     * @throws LimitedAccessException for somebody who may not see every document
     */
    public final AuditReport checkAudit(List<AuditAnchor> anchors) {
        visibility.requireUnlimited("audit entries");
        return journal.audit().check(anchors);
    }

    /**
     * Records in the audit log that a key of the HTTP API is created.
     *
     * @param name of the key
     */
    public final void recordKey(String name, Collection<String> scopes) {
        trail.record(AuditAction.KEYS, null, null, Map.of("created", name, "scopes", String.join(",", scopes)));
    }

    /**
     * Records in the audit log that the file of key encryption keys is changed.
     *
     * @param change such as {@code init}
     * @param key id of the key; empty if it has none yet
     */
    public final void recordKeyEncryption(String change, Path file, Optional<String> key) {
        Map<String, String> details = new LinkedHashMap<>(Map.of("keyEncryption", change, "file", file.toString()));
        key.ifPresent(id -> details.put("keyId", id));
        trail.record(AuditAction.KEYS, null, null, details);
    }

    /** Records in the audit log that a backup is written. */
    public final void recordBackup(Path directory) {
        trail.record(AuditAction.BACKUP, null, null, Map.of("directory", directory.toString()));
    }

    /** A version superseded or deleted meanwhile is being removed: its missing data is not drift. */
    final List<Drift> unlessRemoved(SagaRecord saga, List<Drift> found) {
        boolean stays = saga.supersededBy().isPresent()
                ? journal.versions().isKept(saga.sagaId())
                : findSaga(saga.sagaId()).flatMap(SagaRecord::supersededBy).isEmpty();
        return stays && !journal.deletions().contains(saga.sagaId()) ? found : List.of();
    }
}
