package dev.streamingsaga.store;

import dev.streamingsaga.config.RouteNames;
import dev.streamingsaga.content.Outline;
import dev.streamingsaga.journal.ExchangeKeys;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import org.apache.camel.Exchange;
import org.apache.camel.builder.RouteBuilder;
import org.apache.camel.component.jdbc.JdbcConstants;

/** Stores the metadata of a document: one row for each saga. */
final class RelationalStoreRoutes extends RouteBuilder {
    private final StoreDatabase db;
    private final OutlineCache outlines;

    RelationalStoreRoutes(StoreDatabase db, OutlineCache outlines) {
        this.db = db;
        this.outlines = outlines;
    }

    @Override
    public void configure() {
        errorHandler(noErrorHandler());

        db.from(this, RouteNames.WRITE)
            .routeDescription("Writes the document's metadata; it stays invisible until completion")
            .process(StoreSteps::begin)
            .process(this::addOutline)
            .policy(db.writing())
                .to(db.sql("insert into relational_document"
                    + " (saga_id, document_id, run, file_name, content_type, size_bytes,"
                    + " sha256, chunk_count, chunk_size_bytes, bucket, key_prefix,"
                    + " pages, segments, title, author, owner,"
                    + " received, written)"
                    + " values (:#sagaId, :#documentId, :#run, :#fileName, :#contentType, :#sizeBytes, :#sha256,"
                    + " :#chunkCount, :#chunkSizeBytes, :#bucket, :#keyPrefix, :#pages, :#segments, :#title, :#author,"
                    + " :#owner, :#receivedAt, :#writtenAt)"
                    + " on conflict (saga_id) do update set document_id = excluded.document_id, run = excluded.run,"
                    + " file_name = excluded.file_name, content_type = excluded.content_type,"
                    + " size_bytes = excluded.size_bytes,"
                    + " sha256 = excluded.sha256, chunk_count = excluded.chunk_count,"
                    + " chunk_size_bytes = excluded.chunk_size_bytes,"
                    + " bucket = excluded.bucket, key_prefix = excluded.key_prefix, pages = excluded.pages,"
                    + " segments = excluded.segments, title = excluded.title, author = excluded.author,"
                    + " owner = excluded.owner,"
                    + " written = excluded.written where relational_document.run <= excluded.run"))
                .process(StoreSteps.requireOwnRun(db.store()))
            .end()
            .setHeader(ExchangeKeys.EXPECTED, constant(1));

        db.from(this, RouteNames.COMPENSATE)
            .routeDescription("Deletes the metadata of a saga")
            .process(StoreSteps::identify)
            .process(outlines::forget)
            .policy(db.transaction())
                .to(db.sql("delete from relational_document where saga_id = :#sagaId"))
            .end()
            .to(db.query("select count(*) from relational_document where saga_id = :#sagaId"))
            .process(StoreSteps.requireNothingLeft(db.store()));

        db.from(this, RouteNames.COUNT)
            .routeDescription("Counts the metadata rows of a saga")
            .process(StoreSteps::identify)
            .setHeader(JdbcConstants.JDBC_PARAMETERS, body())
            .setBody(constant("select count(*) from relational_document where saga_id = :?sagaId"))
            .to(db.jdbc())
            .removeHeader(JdbcConstants.JDBC_PARAMETERS);

        db.from(this, RouteNames.COMPLETE)
            .routeDescription("Makes the metadata visible and records the time")
            .process(StoreSteps::identify)
            .process(outlines::forget)
            .setHeader("completedAt", RelationalStoreRoutes::now)
            .policy(db.transaction())
                .to(db.sql("update relational_document set visible = 1, completed = coalesce(completed, :#completedAt)"
                    + " where saga_id = :#sagaId"))
            .end()
            .process(StoreSteps.requireShown(db.store()));

        db.from(this, RouteNames.HIDE)
            .routeDescription("Hides the metadata of a document that is being deleted")
            .process(StoreSteps::identify)
            .policy(db.transaction())
                .to(db.sql("update relational_document set visible = 0 where saga_id = :#sagaId"))
            .end();
        inspection();
    }

    private void inspection() {
        new InspectionRoutes(db, "metadata",
            "select saga_id, document_id, visible from relational_document",
            "select document_id, file_name, content_type, size_bytes, sha256, chunk_count, chunk_size_bytes, bucket,"
                + " key_prefix, owner, pages, segments, visible"
                + " from relational_document where saga_id = :#sagaId").addTo(this);
    }

    private void addOutline(Exchange exchange) {
        Outline outline = outlines.of(StoreSteps.run(exchange));
        Map<String, Object> facts = StoreSteps.facts(exchange);
        facts.put("pages", outline.pages());
        facts.put("segments", outline.segments());
        facts.put("title", DatabaseText.of(outline.title()));
        facts.put("author", DatabaseText.of(outline.author()));
        facts.put("writtenAt", now());
    }

    private static String now() {
        return Instant.now().truncatedTo(ChronoUnit.MILLIS).toString();
    }
}
