package dev.streamingsaga.store;

import dev.streamingsaga.config.RouteNames;
import dev.streamingsaga.database.Databases.Dialect;
import dev.streamingsaga.store.BatchRoute.Insert;
import java.util.List;
import org.apache.camel.builder.RouteBuilder;

/**
 * Stores the text of a document as segments, each with its vector and its words, batch by batch. After a crash the next
 * run continues after the last committed batch; if it would split the text differently, it starts from the beginning.
 */
final class VectorStoreRoutes extends RouteBuilder {
    /** The ordinal after the last segment, or the first gap in a damaged table. */
    private static final String FIRST_MISSING = "select case when exists"
        + " (select 1 from vector_segment where saga_id = :#sagaId and ordinal = 0) then"
        + " (select min(s.ordinal) + 1 from vector_segment s where s.saga_id = :#sagaId and not exists"
        + " (select 1 from vector_segment n where n.saga_id = s.saga_id and n.ordinal = s.ordinal + 1)) else 0 end";
    private static final String COUNT = "select count(*) from vector_segment where saga_id = :#sagaId";

    private static final String INSERT_SKETCHES = "insert into vector_sketch"
        + " (saga_id, first_ordinal, format, sketches)"
        + " values (:#sagaId, :#firstOrdinal, " + VectorSketch.FORMAT + ", :#sketches)"
        + " on conflict (saga_id, first_ordinal) do update set format = excluded.format, sketches = excluded.sketches";

    private static final String INSERT_POSTGRES_WORDS = "insert into vector_words (saga_id, ordinal, words, parts)"
        + " values (:#sagaId, :#ordinal, cast(:#words as tsvector), cast(:#parts as smallint[]))"
        + " on conflict (saga_id, ordinal) do nothing";

    private final StoreDatabase db;
    private final SegmentWriter segments;

    VectorStoreRoutes(StoreDatabase db, SegmentWriter segments) {
        this.db = db;
        this.segments = segments;
    }

    @Override
    public void configure() {
        errorHandler(noErrorHandler());
        write();
        writeBatch();
        inspection();

        db.from(this, RouteNames.COMPENSATE)
            .routeDescription("Deletes the segments, vectors and words of a saga")
            .process(StoreSteps::identify)
            .process(segments::forget)
            .policy(db.transaction())
                .to(db.sql("delete from vector_segment where saga_id = :#sagaId"))
                .to(db.sql("delete from vector_document where saga_id = :#sagaId"))
            .end()
            .to(db.query("select (" + COUNT + ") + (select count(*) from vector_document where saga_id = :#sagaId)"))
            .process(StoreSteps.requireNothingLeft(db.store()));

        db.from(this, RouteNames.COUNT)
            .routeDescription("Counts the vectors of a saga")
            .process(StoreSteps::identify)
            .to(db.one(COUNT));

        db.from(this, RouteNames.COMPLETE)
            .routeDescription("Makes the segments searchable")
            .process(StoreSteps::identify)
            .process(segments::forget)
            .policy(db.transaction())
                .to(db.sql("update vector_document set visible = 1 where saga_id = :#sagaId"))
            .end()
            .process(StoreSteps.requireShown(db.store()));

        db.from(this, RouteNames.HIDE)
            .routeDescription("Makes the segments of a document that is being deleted unsearchable")
            .process(StoreSteps::identify)
            .policy(db.transaction())
                .to(db.sql("update vector_document set visible = 0 where saga_id = :#sagaId"))
            .end();
    }

    private void inspection() {
        new InspectionRoutes(db, "vectors",
            "select saga_id, document_id, visible from vector_document"
                + " union all select saga_id, document_id, 0 as visible from vector_segment",
            "select d.document_id, d.model, d.dimension, d.pages, d.segments, d.visible,"
                + " (select count(*) from vector_segment s where s.saga_id = d.saga_id) as stored,"
                + " (select coalesce(max(s.ordinal) + 1, 0) from vector_segment s where s.saga_id = d.saga_id)"
                + " as next_ordinal,"
                + " (select count(*) from vector_segment s where s.saga_id = d.saga_id"
                + " and (s.document_id <> d.document_id"
                + " or s.model <> d.model or s.dimension <> d.dimension)) as odd"
                + ", (select count(distinct s.page) from vector_segment s where s.saga_id = d.saga_id) as text_pages"
                + " from vector_document d where d.saga_id = :#sagaId").addTo(this);
    }

    private void write() {
        db.from(this, RouteNames.WRITE)
            .routeDescription("Splits, embeds and writes the document's text; it is not searchable until completion")
            .process(StoreSteps::begin)
            .process(segments::addModel)
            .to(db.query(FIRST_MISSING))
            .process(segments::compareSegmentation)
            .policy(db.writing())
                // What an older version left unfinished begins again, since it wrote no words of this format.
                // Segments of another segmentation cannot be continued: text would be missing, or stored twice.
                // Nor can vectors of another model.
                .to(db.sql("delete from vector_segment where saga_id = :#sagaId and (model <> :#model"
                    + " or dimension <> :#dimension or exists (select 1 from vector_document d"
                    + " where d.saga_id = :#sagaId and (d.visible = 0 and d.word_format = 0"
                    + " or :#keep = 0 and d.segmentation <> :#segmentation)))"))
                .to(db.sql("insert into vector_document (saga_id, document_id, run, file_name, model, dimension,"
                    + " owner, classification, content_type, received, file_key, segmentation, word_format)"
                    + " values (:#sagaId, :#documentId, :#run, :#fileName, :#model, :#dimension,"
                    + " :#owner, :#classification, :#contentType, :#receivedAt, :#fileKey, :#segmentation, " + WordIndex.FORMAT + ")"
                    + " on conflict (saga_id) do update set document_id = excluded.document_id, run = excluded.run,"
                    + " model = excluded.model, dimension = excluded.dimension, owner = excluded.owner,"
                    + " classification = excluded.classification, content_type = excluded.content_type, received = excluded.received,"
                    + " file_key = excluded.file_key, segmentation = case when :#keep = 1"
                    + " then vector_document.segmentation else excluded.segmentation end, word_format = case when vector_document.visible = 1"
                    + " then vector_document.word_format else excluded.word_format end"
                    + " where vector_document.run <= excluded.run"))
                .process(StoreSteps.requireOwnRun(db.store()))
                .to(db.query(FIRST_MISSING))
            .end()
            .process(segments::writeAll)
            .process(segments::addLanguage)
            .policy(db.writing())
                .to(db.sql("delete from vector_segment where saga_id = :#sagaId and ordinal >= :#end"))
                .to(deletesSketchesBeyondEnd())
                .to(db.sql("update vector_document set pages = :#pages, segments = :#segments, language = :#language"
                    + " where saga_id = :#sagaId and run = :#run"))
                .process(StoreSteps.requireOwnRun(db.store()))
            .end()
            .to(db.query(COUNT))
            .process(SegmentWriter::requireAll);
    }

    private String[] deletesSketchesBeyondEnd() {
        return db.dialect() == Dialect.POSTGRESQL ? new String[0] : new String[] {
            db.sql("delete from vector_sketch where saga_id = :#sagaId and first_ordinal >= :#end"),
            db.sql("update vector_sketch set sketches = substr(sketches, 1, (:#end - first_ordinal) * :#sketchBytes)"
                + " where saga_id = :#sagaId and first_ordinal + length(sketches) / :#sketchBytes > :#end")
        };
    }

    /** The rows of a batch are those of {@link SegmentWriter}. */
    private void writeBatch() {
        new BatchRoute<>(db, List.class, "Writes one batch of segments with their vectors and words").addTo(this,
            db.dialect() == Dialect.POSTGRESQL
                ? List.of(
                    new Insert<>(batch -> batch, insert("cast(:#embedding as vector)")),
                    new Insert<>(batch -> batch, INSERT_POSTGRES_WORDS))
                : List.of(
                    new Insert<>(batch -> batch, insert(":#embedding")),
                    new Insert<>(batch -> batch, insertSqlite("vector_words", "words")),
                    new Insert<>(batch -> batch, insertSqlite("vector_parts", "parts")),
                    new Insert<>(SegmentWriter::sketches, INSERT_SKETCHES)));
    }

    private static String insert(String vector) {
        return "insert into vector_segment"
            + " (saga_id, document_id, run, page, ordinal, part, part_page, text, model, dimension, vector)"
            + " values (:#sagaId, :#documentId, :#run, :#page, :#ordinal, :#part, :#partPage, :#text, :#model,"
            + " :#dimension, " + vector
            + ") on conflict (saga_id, ordinal) do nothing";
    }

    /** A segment that was there already keeps its words. */
    private static String insertSqlite(String table, String column) {
        return "insert into " + table + " (rowid, " + column + ") select s.id, :#" + column + " from vector_segment s"
            + " where s.saga_id = :#sagaId and s.ordinal = :#ordinal"
            + " and not exists (select 1 from " + table + " w where w.rowid = s.id)";
    }
}
