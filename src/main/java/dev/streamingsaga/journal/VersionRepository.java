package dev.streamingsaga.journal;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/**
 * The versions of documents. All versions of a source have the same document id; their numbers are in the order in
 * which they were received, also if a later one completes first. Of the visible ones, that with the highest number
 * replaces all others. Each method is one transaction.
 */
public final class VersionRepository {
    /** A saga whose row says what is left to do. */
    static final String OUTSTANDING = "SELECT 1 FROM document_version JOIN saga USING (saga_id)"
            + " WHERE document_version.state IN ('HIDING','REMOVING') AND " + SagaFormat.KNOWN;

    /** The condition of an index, for queries whose other conditions imply it. */
    private static final String LIVE = " AND document_version.state <> 'REMOVED'";

    private static final String WITH_SAGA = "SELECT saga.*, v.number AS version_number, v.state AS version_state"
            + " FROM document_version v JOIN saga ON saga.saga_id = v.saga_id";

    private final JournalDatabase db;
    private final SagaRepository sagas;
    private final EventRepository events;

    VersionRepository(JournalDatabase db, SagaRepository sagas, EventRepository events) {
        this.db = db;
        this.sagas = sagas;
        this.events = events;
    }

    /** A version of a document, and how much of it has to be removed from the stores. */
    public record ReplacedVersion(SagaRecord saga, boolean keepChunks) {}

    private record Row(String sagaId, String documentId, int number, VersionState state, String sha256) {}

    /** A completed saga that may be replaced, or replace others. */
    private record Candidate(SagaRecord saga, int number, boolean visible) {
        /** Where there are no numbers, the ids of sagas are in the order of reception. */
        boolean isOlderThan(Candidate other) {
            return number > 0 && other.number > 0
                    ? number < other.number
                    : saga.sagaId().compareTo(other.saga.sagaId()) < 0;
        }
    }

    /**
     * Makes a saga the newest version of its source, unless it has a number already. The next attempt to deliver a
     * document has the number of the attempt before it.
     *
     * @return the id of the document, which all versions of the source share
     */
    public String register(SagaRecord saga) {
        String chain = VersionChain.of(saga);
        return db.inTransaction(() -> {
            lock(chain);
            return find(saga.sagaId())
                    .or(() -> inherit(saga, chain))
                    .map(Row::documentId)
                    .orElseGet(() -> append(saga, chain));
        });
    }

    /** The document id that {@link #register} will give a body, before the body has arrived. */
    public String documentId(SagaRecord saga) {
        String chain = VersionChain.of(saga);
        return db.inTransaction(() -> {
            lock(chain);
            return newest(chain)
                    .map(Row::documentId)
                    .or(() -> storedBefore(saga, chain).map(VersionRepository::documentOf))
                    .orElseGet(() -> newDocumentId(chain));
        });
    }

    /** Whether versions of this document are recorded. */
    public boolean exist(String documentId) {
        return db.sql
                .sql("SELECT EXISTS (SELECT 1 FROM document_version WHERE document_id = ? AND number > 0)")
                .param(documentId)
                .query(Boolean.class)
                .single();
    }

    private void lock(String chain) {
        lock(db, chain);
    }

    private static void lock(JournalDatabase db, String chain) {
        db.lock("versions of " + chain);
    }

    /** Keeps others from changing the versions of these documents until the transaction ends. */
    static void lock(JournalDatabase db, Collection<SagaRecord> sagas) {
        sagas.stream().map(VersionChain::of).distinct().sorted().forEach(chain -> lock(db, chain));
    }

    private Optional<Row> find(String sagaId) {
        return db.sql
                .sql("SELECT v.*, COALESCE(saga.sha256, '') AS sha256 FROM document_version v"
                        + " JOIN saga ON saga.saga_id = v.saga_id WHERE v.saga_id = ?")
                .param(sagaId)
                .query(VersionRepository::row)
                .optional();
    }

    /** The newest first, without those that are removed. */
    private List<Row> live(String chain) {
        return db.sql
                .sql("SELECT v.*, COALESCE(saga.sha256, '') AS sha256 FROM document_version v"
                        + " JOIN saga ON saga.saga_id = v.saga_id"
                        + " WHERE v.chain = ? AND v.state <> 'REMOVED' ORDER BY v.number DESC")
                .param(chain)
                .query(VersionRepository::row)
                .list();
    }

    private Optional<Row> newest(String chain) {
        return db.sql
                .sql("SELECT v.*, '' AS sha256 FROM document_version v WHERE v.chain = ? AND v.number > 0"
                        + " ORDER BY v.number DESC LIMIT 1")
                .param(chain)
                .query(VersionRepository::row)
                .optional();
    }

    private static Row row(ResultSet row, int n) throws SQLException {
        return new Row(
                row.getString("saga_id"),
                row.getString("document_id"),
                row.getInt("number"),
                VersionState.valueOf(row.getString("state")),
                row.getString("sha256"));
    }

    private Optional<Row> inherit(SagaRecord saga, String chain) {
        db.sql
                .sql("UPDATE document_version SET saga_id = ? WHERE chain = ? AND state = 'STORED'" + LIVE
                        + " AND saga_id <> ? AND saga_id IN (SELECT saga_id FROM saga WHERE delivery = ?)")
                .params(saga.sagaId(), chain, saga.sagaId(), saga.delivery().id())
                .update();
        return find(saga.sagaId());
    }

    private String append(SagaRecord saga, String chain) {
        releaseNumbers(chain);
        Optional<Row> newest = newest(chain).or(() -> adopt(saga, chain));
        String documentId = newest.map(Row::documentId).orElseGet(() -> newDocumentId(chain));
        insert(
                new Row(saga.sagaId(), documentId, newest.map(Row::number).orElse(0) + 1, VersionState.STORED, ""),
                chain);
        return documentId;
    }

    /** A saga that failed has no number any more, unless its document will be delivered again. */
    private void releaseNumbers(String chain) {
        db.sql
                .sql("DELETE FROM document_version WHERE chain = ? AND state = 'STORED'" + LIVE
                        + " AND EXISTS (SELECT 1 FROM saga WHERE saga.saga_id = document_version.saga_id"
                        + " AND saga.state IN ('COMPENSATED','PARTIALLY_COMPENSATED')"
                        + " AND saga.next_delivery_at IS NULL)")
                .param(chain)
                .update();
    }

    /** The document that was stored before its source had a chain becomes version 1. */
    private Optional<Row> adopt(SagaRecord saga, String chain) {
        return storedBefore(saga, chain).map(stored -> {
            Row first = new Row(stored.sagaId(), documentOf(stored), 1, VersionState.CURRENT, "");
            insert(first, chain);
            return first;
        });
    }

    private Optional<SagaRecord> storedBefore(SagaRecord saga, String chain) {
        Optional<SagaRecord> body = saga.sender().flatMap(sender -> sagas.stored(sender, saga.fileName()));
        return body.filter(stored -> VersionChain.of(stored).equals(chain))
                .or(() -> sagas.newestCompleted(saga.origin().key()));
    }

    private static String documentOf(SagaRecord completed) {
        return completed.document().orElseThrow().documentId();
    }

    /**
     * Not an id of {@link Ids#document}: those of other contents of the source stay free for documents of their own.
     */
    private static String newDocumentId(String chain) {
        return Ids.document(chain, "every version");
    }

    private void insert(Row row, String chain) {
        db.sql
                .sql("INSERT INTO document_version (saga_id, chain, document_id, number, state)"
                        + " VALUES (?, ?, ?, ?, ?)")
                .params(
                        row.sagaId(),
                        chain,
                        row.documentId(),
                        row.number(),
                        row.state().name())
                .update();
    }

    /** Whether a completed saga's document must not become visible: a newer version is visible, or it is deleted. */
    public boolean isHidden(SagaRecord saga) {
        return db.sql
                .sql("SELECT EXISTS (SELECT 1 FROM document_version own JOIN document_version newer"
                        + " ON newer.chain = own.chain AND newer.number > own.number"
                        + " WHERE own.saga_id = ? AND own.number > 0"
                        + " AND newer.state = 'CURRENT' AND newer.state <> 'REMOVED')"
                        + " OR EXISTS (SELECT 1 FROM deleted_version WHERE saga_id = ?)")
                .params(saga.sagaId(), saga.sagaId())
                .query(Boolean.class)
                .single();
    }

    /**
     * Decides which version of a document is current, after this saga's has become visible in every store, or turned
     * out to be outdated. All older ones are replaced: the journal says so from now on, and {@link #outstanding} lists
     * what has to be removed.
     *
     * @param keep number of versions to keep, the current one included
     * @return whether {@link #outstanding} may list something
     */
    public boolean replace(SagaRecord saga, int keep) {
        String chain = VersionChain.of(saga);
        return db.inTransaction(() -> {
            lock(chain);
            List<Candidate> all = candidates(saga, chain);
            if (all.isEmpty() || !all.get(0).saga().sagaId().equals(saga.sagaId())) {
                return true; // replaced or deleted meanwhile
            }
            Candidate current = all.get(0);
            for (Candidate candidate : all) {
                boolean isVisible =
                        candidate.visible() || candidate.saga().sagaId().equals(saga.sagaId());
                if (isVisible && current.isOlderThan(candidate)) {
                    current = candidate;
                }
            }
            if (current.number() > 0) {
                setState(current.saga().sagaId(), VersionState.CURRENT);
            }
            for (Candidate candidate : all) {
                if (candidate.isOlderThan(current)) {
                    supersede(candidate, current, chain);
                }
            }
            return removeBeyond(keep, chain, current);
        });
    }

    /** This saga's version first, unless it was replaced or deleted. */
    private List<Candidate> candidates(SagaRecord saga, String chain) {
        Document document = saga.document().orElseThrow();
        List<Candidate> found = new ArrayList<>(db.sql
                .sql("SELECT saga.*, COALESCE(v.number, 0) AS version_number, COALESCE(v.state, '') AS version_state"
                        + " FROM saga LEFT JOIN document_version v ON v.saga_id = saga.saga_id"
                        + " WHERE saga.saga_id IN (SELECT saga_id FROM saga WHERE document_id = ?"
                        + " UNION SELECT saga_id FROM saga WHERE source_key = ? AND sha256 = ?"
                        + " UNION SELECT saga_id FROM document_version WHERE chain = ? AND state <> 'REMOVED')"
                        + " AND saga.state = 'COMPLETED' AND " + SagaRepository.CURRENT)
                .params(document.documentId(), saga.origin().key(), document.sha256(), chain)
                .query(VersionRepository::candidate)
                .list());
        found.sort((a, b) -> Boolean.compare(
                b.saga().sagaId().equals(saga.sagaId()), a.saga().sagaId().equals(saga.sagaId())));
        return found;
    }

    private static Candidate candidate(ResultSet row, int n) throws SQLException {
        SagaRecord saga = SagaRepository.saga(row, n);
        boolean isCurrent = row.getString("version_state").equals(VersionState.CURRENT.name());
        return new Candidate(saga, row.getInt("version_number"), isCurrent || saga.published());
    }

    private void supersede(Candidate old, Candidate current, String chain) {
        String sagaId = old.saga().sagaId();
        db.sql
                .sql("UPDATE saga SET superseded_by = ? WHERE saga_id = ? AND superseded_by IS NULL")
                .params(current.saga().sagaId(), sagaId)
                .update();
        if (find(sagaId).isEmpty()) {
            insert(new Row(sagaId, documentOf(old.saga()), 0, replacedState(sagaId), ""), chain);
        } else {
            setState(sagaId, old.number() > 0 ? VersionState.HIDING : replacedState(sagaId));
        }
        events.append(
                sagaId,
                Event.EventKind.STATE,
                "",
                "replaced by " + (current.number() > 0 ? "version " + current.number() + ", " : "") + "saga "
                        + current.saga().sagaId(),
                "");
    }

    /** Without a number it is not kept as a version; a legal hold keeps its chunks. */
    private VersionState replacedState(String sagaId) {
        return isHeld(sagaId) ? VersionState.HIDING : VersionState.REMOVING;
    }

    private boolean isHeld(String sagaId) {
        LegalHoldRepository.lock(db);
        return db.sql
                .sql("SELECT EXISTS (SELECT 1 FROM saga WHERE saga_id = ? AND " + LegalHoldRepository.HELD + ")")
                .param(sagaId)
                .query(Boolean.class)
                .single();
    }

    /** The same content again takes no place of its own among those that are kept. */
    private boolean removeBeyond(int keep, String chain, Candidate current) {
        String newerContent = current.saga().document().map(Document::sha256).orElse("");
        int kept = 1;
        boolean outstanding = false;
        for (Row row : live(chain)) {
            boolean numbered = row.number() > 0;
            outstanding |= !numbered || row.state() != VersionState.CURRENT && row.state() != VersionState.STORED;
            if (numbered && (row.state() == VersionState.HIDING || row.state() == VersionState.KEPT)) {
                if ((kept >= keep || row.sha256().equals(newerContent)) && !isHeld(row.sagaId())) {
                    setState(row.sagaId(), VersionState.REMOVING);
                } else {
                    kept++;
                    newerContent = row.sha256();
                }
            }
        }
        return outstanding;
    }

    private void setState(String sagaId, VersionState state) {
        db.sql
                .sql("UPDATE document_version SET state = ? WHERE saga_id = ?")
                .params(state.name(), sagaId)
                .update();
    }

    /** What has to be removed of replaced versions, of any document; oldest first. */
    public List<ReplacedVersion> outstanding() {
        return db.sql
                .sql(WITH_SAGA + " WHERE v.state IN ('HIDING','REMOVING') AND " + SagaFormat.KNOWN
                        + " ORDER BY v.saga_id")
                .query(VersionRepository::replaced)
                .list();
    }

    /** What has to be removed of the older versions of a saga's document. */
    public List<ReplacedVersion> outstanding(SagaRecord saga) {
        return db.sql
                .sql(WITH_SAGA + " WHERE v.chain = ? AND v.state IN ('HIDING','REMOVING') AND v.state <> 'REMOVED'"
                        + " ORDER BY v.saga_id")
                .param(VersionChain.of(saga))
                .query(VersionRepository::replaced)
                .list();
    }

    private static ReplacedVersion replaced(ResultSet row, int n) throws SQLException {
        return new ReplacedVersion(
                SagaRepository.saga(row, n), row.getString("version_state").equals(VersionState.HIDING.name()));
    }

    /**
     * Records that a replaced version is removed as far as it has to be. What remains is a clean-up entry. The data key
     * of a version of which nothing remains is destroyed.
     */
    public void settled(ReplacedVersion version) {
        db.inTransaction(() -> {
            int updated = db.sql
                    .sql("UPDATE document_version SET state = ? WHERE saga_id = ? AND state = ?")
                    .params(
                            (version.keepChunks() ? VersionState.KEPT : VersionState.REMOVED).name(),
                            version.saga().sagaId(),
                            (version.keepChunks() ? VersionState.HIDING : VersionState.REMOVING).name())
                    .update();
            if (updated == 1 && !version.keepChunks()) {
                DocumentKeyRepository.destroyIfNothingIsLeft(db, version.saga().sagaId());
            }
        });
    }

    /** Every replaced version whose chunks are kept, oldest first. */
    public List<SagaRecord> kept() {
        return db.sql
                .sql(WITH_SAGA + " WHERE v.state IN ('HIDING','KEPT') AND saga." + DeletionRepository.NOT_DELETED
                        + " ORDER BY v.saga_id")
                .query(SagaRepository::saga)
                .list();
    }

    /** Whether the saga stored a version that is replaced, and kept. */
    public boolean isKept(String sagaId) {
        return find(sagaId)
                .map(Row::state)
                .filter(state -> state == VersionState.HIDING || state == VersionState.KEPT)
                .isPresent();
    }

    /**
     * The completed versions of a document, newest first.
     *
     * @param below only versions with a lower number than this
     */
    public List<DocumentVersion> of(String documentId, int below, int limit) {
        String current = sagas.ofDocument(documentId).map(SagaRecord::sagaId).orElse("");
        return db.sql
                .sql(WITH_SAGA + " WHERE v.document_id = ? AND v.number > 0 AND v.number < ?"
                        + " AND saga.state = 'COMPLETED' AND saga." + DeletionRepository.NOT_DELETED
                        + " ORDER BY v.number DESC LIMIT ?")
                .params(documentId, below, limit)
                .query((row, n) -> version(row, n, current))
                .list();
    }

    private static DocumentVersion version(ResultSet row, int n, String current) throws SQLException {
        SagaRecord saga = SagaRepository.saga(row, n);
        VersionState state = VersionState.valueOf(row.getString("version_state"));
        DocumentVersion.Status replaced = state == VersionState.REMOVING || state == VersionState.REMOVED
                ? DocumentVersion.Status.REMOVED
                : DocumentVersion.Status.KEPT;
        return new DocumentVersion(
                row.getInt("version_number"),
                saga,
                saga.sagaId().equals(current) ? DocumentVersion.Status.CURRENT : replaced);
    }

    /** The number of a saga's version; 0 if it has none. */
    public int number(String sagaId) {
        return find(sagaId).map(Row::number).orElse(0);
    }
}
