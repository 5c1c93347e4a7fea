package dev.streamingsaga.store;

import dev.streamingsaga.content.DocumentContent;
import dev.streamingsaga.database.Databases.Dialect;
import dev.streamingsaga.store.DocumentRecords.DocumentRecord;
import java.util.List;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.support.JdbcTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * Adds words, language and filter columns to visible documents that an older version wrote. Searches and writes
 * continue meanwhile, and searches find these documents by their old words. After a crash the next start continues with
 * the unfinished document. Two processes may run it at the same time.
 */
final class WordIndexBuilder {
    private static final Logger LOG = LoggerFactory.getLogger(WordIndexBuilder.class);
    private static final int BATCH = 100;
    private static final int SEGMENTS_PER_MESSAGE = 20_000;

    private final Dialect dialect;
    private final JdbcTemplate queries;
    private final TransactionTemplate transactions;
    private final DocumentContent content;
    private final DocumentRecords records;
    private final BooleanSupplier stopped;

    private record Unindexed(String sagaId, int run) {}

    private record Segment(int ordinal, String text) {}

    WordIndexBuilder(
            StoreDatabase database, DocumentContent content, DocumentRecords records, BooleanSupplier stopped) {
        this.dialect = database.dialect();
        this.queries = database.queries();
        this.transactions =
                new TransactionTemplate(new JdbcTransactionManager(Objects.requireNonNull(queries.getDataSource())));
        this.content = content;
        this.records = records;
        this.stopped = stopped;
    }

    void buildMissing() {
        List<Unindexed> missing = queries.query(
                "select saga_id, run from vector_document where visible = 1 and word_format = 0 order by saga_id",
                (row, number) -> new Unindexed(row.getString(1), row.getInt(2)));
        if (!missing.isEmpty()) {
            LOG.info("indexing the words of {} documents again, for a new format", missing.size());
            build(missing);
        }
        if (!stopped.getAsBoolean()) {
            removeOldIndex();
        }
    }

    private void build(List<Unindexed> missing) {
        long segments = 0;
        long nextMessage = SEGMENTS_PER_MESSAGE;
        for (int i = 0; i < missing.size() && !stopped.getAsBoolean(); i++) {
            segments += build(missing.get(i));
            if (segments >= nextMessage || i + 1 == missing.size()) {
                LOG.info("indexed the words of {} of {} documents, {} segments", i + 1, missing.size(), segments);
                nextMessage = segments + SEGMENTS_PER_MESSAGE;
            }
        }
    }

    private int build(Unindexed document) {
        int segments = 0;
        int next = 0;
        while (next >= 0) {
            if (stopped.getAsBoolean()) {
                return segments;
            }
            List<Segment> batch = queries.query(
                    "select ordinal, text from vector_segment where saga_id = ? and ordinal >= ?"
                            + " order by ordinal limit " + BATCH,
                    (row, number) -> new Segment(row.getInt(1), row.getString(2)),
                    document.sagaId(),
                    next);
            transactions.executeWithoutResult(transaction -> insert(document, batch));
            segments += batch.size();
            next = batch.size() < BATCH ? -1 : batch.get(batch.size() - 1).ordinal() + 1;
        }
        finish(document);
        return segments;
    }

    /** Writes nothing for segments that were removed meanwhile. */
    private void insert(Unindexed document, List<Segment> batch) {
        List<WordIndex> words = batch.stream()
                .map(segment -> WordIndex.of(segment.text(), dialect))
                .toList();
        if (dialect == Dialect.SQLITE) {
            insertSqlite(
                    "vector_words",
                    "words",
                    document,
                    batch,
                    words.stream().map(WordIndex::words).toList());
            insertSqlite(
                    "vector_parts",
                    "parts",
                    document,
                    batch,
                    words.stream().map(WordIndex::parts).toList());
            return;
        }
        update(
                "insert into vector_words (saga_id, ordinal, words, parts)"
                        + " select saga_id, ordinal, cast(? as tsvector), cast(? as smallint[]) from vector_segment"
                        + " where saga_id = ? and ordinal = ? for key share"
                        + " on conflict (saga_id, ordinal) do nothing",
                batch,
                i -> new Object[] {
                    words.get(i).words(),
                    words.get(i).parts(),
                    document.sagaId(),
                    batch.get(i).ordinal()
                });
    }

    private void update(String statement, List<Segment> batch, IntFunction<Object[]> parameters) {
        queries.batchUpdate(
                statement, IntStream.range(0, batch.size()).mapToObj(parameters).toList());
    }

    private void insertSqlite(
            String table, String column, Unindexed document, List<Segment> batch, List<String> values) {
        update(
                "insert into " + table + " (rowid, " + column + ") select s.id, ? from vector_segment s"
                        + " where s.saga_id = ? and s.ordinal = ?"
                        + " and not exists (select 1 from " + table + " w where w.rowid = s.id)",
                batch,
                i -> new Object[] {
                    values.get(i), document.sagaId(), batch.get(i).ordinal()
                });
    }

    private void finish(Unindexed document) {
        DocumentRecord known = records.of(document.sagaId());
        String name = queries
                .query(
                        "select file_name from vector_document where saga_id = ?",
                        (row, number) -> row.getString(1),
                        document.sagaId())
                .stream()
                .findFirst()
                .orElse("");
        queries.update(
                "update vector_document set word_format = " + WordIndex.FORMAT + ", language = ?, owner = ?,"
                        + " content_type = ?, received = ?, file_key = ? where saga_id = ? and run = ?"
                        + " and visible = 1",
                DocumentLanguage.of(queries, content, document.sagaId()),
                known.owner(),
                known.contentType(),
                known.received(),
                SearchQuery.fileKey(name),
                document.sagaId(),
                document.run());
    }

    /** In PostgreSQL a process of an older version may still write to it. */
    private void removeOldIndex() {
        if (dialect == Dialect.SQLITE
                && queries.queryForList("select 1 from vector_document where word_format = 0 limit 1", Integer.class)
                        .isEmpty()
                && !queries.queryForList("select 1 from sqlite_master where name = 'vector_old_words'", Integer.class)
                        .isEmpty()) {
            transactions.executeWithoutResult(transaction -> {
                queries.execute("drop trigger if exists vector_segment_deleted_old");
                queries.execute("drop table vector_old_words");
            });
        }
    }
}
