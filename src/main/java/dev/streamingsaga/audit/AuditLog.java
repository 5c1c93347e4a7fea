package dev.streamingsaga.audit;

import dev.streamingsaga.audit.AuditEntry.Draft;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.DataSourceTransactionManager;
import org.springframework.transaction.support.TransactionSynchronization;
import org.springframework.transaction.support.TransactionSynchronizationManager;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * The audit log of a journal: append-only, and chained by hashes, whichever node writes. An entry that could not be
 * written throws, so that the caller refuses the operation. Thread-safe.
 */
public final class AuditLog {
    /** Key of the details of an archiving entry: the last entry that was removed, as {@link AuditAnchor}. */
    static final String ARCHIVED = "archived";

    private static final int BATCH = 500;

    private final DataSource dataSource;
    private final JdbcClient sql;
    private final TransactionTemplate transactions;
    private final Clock clock;
    private final String node;
    /** The newest entry when this process last appended. */
    private volatile @Nullable AuditAnchor known;

    private final ReentrantLock writer = new ReentrantLock();
    private final Queue<Pending> queue = new ArrayDeque<>();

    private record Pending(Draft draft, CompletableFuture<AuditAnchor> written) {}

    /** @param node name of this process in its entries */
    public AuditLog(DataSource dataSource, Clock clock, String node) {
        this.dataSource = dataSource;
        this.sql = JdbcClient.create(dataSource);
        this.transactions = new TransactionTemplate(new DataSourceTransactionManager(dataSource));
        this.clock = clock;
        this.node = AuditEntry.clean(node);
    }

    /**
     * Appends an entry. Inside a transaction of the journal, the entry is part of it, and written when it commits: both
     * or none. Otherwise the entry is durable when this returns; entries of other threads share its transaction.
     *
     * @param documentId if the entry is about a document that is known
     * @param sagaId if it is about a saga
     * @param details no content, no search texts, no secrets; a value is cut after 2000 characters
     * @throws AuditWriteException if it cannot be written: refuse the operation. In a transaction, its commit fails.
     */
    public void record(
            Actor actor,
            AuditAction action,
            @Nullable String documentId,
            @Nullable String sagaId,
            Map<String, String> details) {
        Draft draft = new Draft(
                clock.millis(),
                actor.kind().name(),
                AuditEntry.clean(actor.id()),
                action.name(),
                documentId == null ? "" : AuditEntry.clean(documentId),
                sagaId == null ? "" : AuditEntry.clean(sagaId),
                node,
                AuditEntry.json(details));
        if (isInTransaction()) {
            appendAtCommit(draft);
        } else {
            appendNow(draft);
        }
    }

    /**
     * Runs work of the journal and appends the entry, both in one transaction.
     *
     * @throws RuntimeException what the work throws, or as {@link #record}; then neither has an effect
     */
    public void recordWith(
            Runnable work, Actor actor, AuditAction action, @Nullable String sagaId, Map<String, String> details) {
        inTransaction(() -> {
            work.run();
            record(actor, action, null, sagaId, details);
        });
    }

    /** Runs work of the journal in one transaction: the entries that it records are part of it. */
    public void inTransaction(Runnable work) {
        transactions.executeWithoutResult(status -> work.run());
    }

    private boolean isInTransaction() {
        return TransactionSynchronizationManager.isSynchronizationActive()
                && TransactionSynchronizationManager.hasResource(dataSource);
    }

    /** Last of all: other transactions wait for the head of the chain only as long as a commit takes. */
    private void appendAtCommit(Draft draft) {
        TransactionSynchronizationManager.registerSynchronization(new TransactionSynchronization() {
            @Override
            public void beforeCommit(boolean readOnly) {
                append(List.of(draft));
            }
        });
    }

    private void appendNow(Draft draft) {
        Pending mine = new Pending(draft, new CompletableFuture<>());
        synchronized (queue) {
            queue.add(mine);
        }
        writer.lock();
        try {
            while (!mine.written().isDone()) {
                appendBatch();
            }
        } finally {
            writer.unlock();
        }
        try {
            mine.written().join();
        } catch (CompletionException e) {
            throw new AuditWriteException(e.getCause() instanceof RuntimeException cause ? cause : e);
        }
    }

    private void appendBatch() {
        List<Pending> batch = new ArrayList<>();
        synchronized (queue) {
            while (!queue.isEmpty() && batch.size() < BATCH) {
                batch.add(queue.remove());
            }
        }
        try {
            transactions.executeWithoutResult(
                    status -> append(batch.stream().map(Pending::draft).toList()));
            batch.forEach(pending -> pending.written().complete(null));
        } catch (RuntimeException | Error e) {
            batch.forEach(pending -> pending.written().completeExceptionally(e));
        }
    }

    private record Head(long seq, String hash, long archivedSeq, String archivedHash, long exportedSeq) {
        AuditAnchor newest() {
            return new AuditAnchor(seq, hash);
        }
    }

    /** Inside a transaction. The row of the head is locked first: writers on all nodes append one after the other. */
    private void append(List<Draft> drafts) {
        AuditAnchor newest = known;
        if (newest == null || !appendAfter(newest, drafts)) {
            appendAfterLocked(drafts);
        }
    }

    /** The usual case: nothing was appended since this process did. Otherwise changes nothing, and returns false. */
    private boolean appendAfter(AuditAnchor newest, List<Draft> drafts) {
        List<AuditEntry> entries = new ArrayList<>(drafts.size());
        AuditAnchor last = newest;
        for (Draft draft : drafts) {
            AuditEntry entry = draft.after(last.sequence() + 1, last.hash());
            entries.add(entry);
            last = new AuditAnchor(entry.sequence(), entry.hash());
        }
        int updated = sql.sql("UPDATE audit_head SET seq = ?, hash = ? WHERE id = 1 AND seq = ? AND hash = ?")
                .params(last.sequence(), last.hash(), newest.sequence(), newest.hash())
                .update();
        if (updated == 1) {
            entries.forEach(this::insert);
            rememberAfterCommit(last);
        }
        return updated == 1;
    }

    private void rememberAfterCommit(AuditAnchor newest) {
        TransactionSynchronizationManager.registerSynchronization(new TransactionSynchronization() {
            @Override
            public void afterCommit() {
                known = newest;
            }
        });
    }

    private void appendAfterLocked(List<Draft> drafts) {
        if (sql.sql("UPDATE audit_head SET seq = seq + ? WHERE id = 1")
                        .param(drafts.size())
                        .update()
                != 1) {
            throw new IllegalStateException("the audit log has lost its end (table audit_head of the journal is empty);"
                    + " nothing was done. Restore the journal from a backup, and run: saga audit --check");
        }
        Head head = head();
        long sequence = head.seq() - drafts.size();
        String hash = head.hash();
        for (Draft draft : drafts) {
            AuditEntry entry = draft.after(++sequence, hash);
            hash = entry.hash();
            insert(entry);
        }
        sql.sql("UPDATE audit_head SET hash = ? WHERE id = 1").param(hash).update();
        rememberAfterCommit(new AuditAnchor(head.seq(), hash));
    }

    private void insert(AuditEntry entry) {
        sql.sql("INSERT INTO audit_entry (seq, at, actor_kind, actor, action, document_id, saga_id, node, details,"
                        + " previous_hash, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
                .params(
                        entry.sequence(),
                        entry.atMillis(),
                        entry.kind(),
                        entry.actor(),
                        entry.action(),
                        entry.documentId(),
                        entry.sagaId(),
                        entry.node(),
                        entry.details(),
                        entry.previousHash(),
                        entry.hash())
                .update();
    }

    private Head head() {
        return sql.sql("SELECT * FROM audit_head WHERE id = 1")
                .query((row, n) -> new Head(
                        row.getLong("seq"),
                        row.getString("hash"),
                        row.getLong("archived_seq"),
                        row.getString("archived_hash"),
                        row.getLong("exported_seq")))
                .optional()
                .orElse(new Head(0, AuditEntry.NO_HASH, 0, AuditEntry.NO_HASH, -1));
    }

    private static AuditEntry entry(ResultSet row, int n) throws SQLException {
        return new AuditEntry(
                row.getLong("seq"),
                row.getLong("at"),
                row.getString("actor_kind"),
                row.getString("actor"),
                row.getString("action"),
                row.getString("document_id"),
                row.getString("saga_id"),
                row.getString("node"),
                row.getString("details"),
                row.getString("previous_hash"),
                row.getString("hash"));
    }

    /** The newest entry; sequence 0 if there is none. */
    public AuditAnchor newest() {
        return head().newest();
    }

    /** Whether the log contains what it contained when the anchor was taken; true if it was archived since. */
    public boolean contains(AuditAnchor anchor) {
        Head head = head();
        if (anchor.sequence() < head.archivedSeq()) {
            return true;
        }
        if (anchor.sequence() == head.archivedSeq()) {
            return anchor.hash().equals(head.archivedHash());
        }
        return sql.sql("SELECT hash FROM audit_entry WHERE seq = ?")
                .param(anchor.sequence())
                .query(String.class)
                .optional()
                .filter(anchor.hash()::equals)
                .isPresent();
    }

    /**
     * Reads entries, newest first.
     *
     * @param before only entries with a lower sequence; 0: from the newest on
     * @param limit maximum number of entries
     */
    public List<AuditEntry> page(AuditFilter filter, long before, int limit) {
        Map<String, Object> values = new HashMap<>();
        StringBuilder conditions = new StringBuilder("seq < :before");
        values.put("before", before <= 0 ? Long.MAX_VALUE : before);
        values.put("limit", limit);
        filter.documentId().ifPresent(id -> {
            conditions.append(" AND document_id = :document AND document_id <> ''");
            values.put("document", id);
        });
        filter.actor().ifPresent(actor -> {
            conditions.append(" AND (actor = :actor OR actor = :id AND actor_kind = :kind)");
            values.put("actor", actor);
            values.put("kind", actor.replaceFirst(":.*", ""));
            values.put("id", actor.substring(actor.indexOf(':') + 1));
        });
        filter.action().ifPresent(action -> {
            conditions.append(" AND action = :action");
            values.put("action", action.name());
        });
        filter.since().ifPresent(since -> {
            conditions.append(" AND at >= :since");
            values.put("since", since.toEpochMilli());
        });
        return sql.sql("SELECT * FROM audit_entry WHERE " + conditions + " ORDER BY seq DESC LIMIT :limit")
                .params(values)
                .query(AuditLog::entry)
                .list();
    }

    /** Entries after this one, oldest first. */
    List<AuditEntry> after(long sequence, int limit) {
        return sql.sql("SELECT * FROM audit_entry WHERE seq > ? ORDER BY seq LIMIT ?")
                .params(sequence, limit)
                .query(AuditLog::entry)
                .list();
    }

    /**
     * Reads the whole log and compares it with its hashes. Entries that are written meanwhile are left out.
     *
     * @param anchors entries that the log must contain
     */
    public AuditReport check(List<AuditAnchor> anchors) {
        Head head = head();
        return new AuditCheck(this, anchors, archivedAnchors())
                .run(head.newest(), new AuditAnchor(head.archivedSeq(), head.archivedHash()));
    }

    /** What the entries say was archived. */
    private List<AuditAnchor> archivedAnchors() {
        return sql
                .sql("SELECT * FROM audit_entry WHERE action = ? AND details LIKE ?")
                .params(AuditAction.RETENTION.name(), "%\"" + ARCHIVED + "\"%")
                .query(AuditLog::entry)
                .list()
                .stream()
                .map(entry -> entry.detailMap().getOrDefault(ARCHIVED, ""))
                .flatMap(text -> AuditAnchor.parse(text).stream())
                .toList();
    }

    /**
     * Sends the entries that were not sent before, oldest first, and remembers how far it came: each is sent at least
     * once. Call it on one node at a time.
     *
     * @param target throws if it did not take the entry; that entry is the first of the next call
     * @param limit maximum number of entries
     * @return number of entries sent
     */
    public int export(Consumer<AuditEntry> target, int limit) {
        long exported = Math.max(head().exportedSeq(), head().archivedSeq());
        List<AuditEntry> entries = after(exported, limit);
        int sent = 0;
        try {
            for (AuditEntry entry : entries) {
                target.accept(entry);
                sent++;
            }
        } finally {
            long last = sent == 0 ? exported : entries.get(sent - 1).sequence();
            sql.sql("UPDATE audit_head SET exported_seq = ? WHERE id = 1 AND exported_seq < ?")
                    .params(last, last)
                    .update();
        }
        return sent;
    }

    /** The entries that {@link #archive} would remove, oldest first. */
    public List<AuditEntry> archivable(Instant before, int limit) {
        return archivable(head(), before, limit);
    }

    private List<AuditEntry> archivable(Head head, Instant before, int limit) {
        return after(head.archivedSeq(), limit).stream()
                .takeWhile(entry -> entry.atMillis() < before.toEpochMilli())
                .takeWhile(entry -> head.exportedSeq() < 0 || entry.sequence() <= head.exportedSeq())
                .toList();
    }

    /**
     * Removes the oldest entries: those written before a time, and sent to the operator's route if there ever was one.
     * An entry says what was removed, and the chain continues to check.
     *
     * @param archive receives the entries, oldest first, before they are removed; if it throws, nothing is removed.
     *     After a crash it may receive them again.
     * @param limit maximum number of entries
     * @return number of entries removed
     */
    public int archive(Actor actor, Instant before, int limit, Consumer<List<AuditEntry>> archive) {
        Head head = head();
        List<AuditEntry> oldest = archivable(head, before, limit);
        if (oldest.isEmpty()) {
            return 0;
        }
        archive.accept(oldest);
        AuditEntry last = oldest.get(oldest.size() - 1);
        AuditAnchor archived = new AuditAnchor(last.sequence(), last.hash());
        transactions.executeWithoutResult(status -> {
            int updated = sql.sql("UPDATE audit_head SET archived_seq = ?, archived_hash = ?"
                            + " WHERE id = 1 AND archived_seq = ?")
                    .params(archived.sequence(), archived.hash(), head.archivedSeq())
                    .update();
            if (updated != 1) {
                throw new IllegalStateException("another process archives the audit log now; nothing was removed");
            }
            sql.sql("DELETE FROM audit_entry WHERE seq <= ?")
                    .param(archived.sequence())
                    .update();
            record(
                    actor,
                    AuditAction.RETENTION,
                    null,
                    null,
                    Map.of(ARCHIVED, archived.toString(), "entries", Integer.toString(oldest.size())));
        });
        return oldest.size();
    }
}
