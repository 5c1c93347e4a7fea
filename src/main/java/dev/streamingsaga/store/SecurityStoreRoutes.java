package dev.streamingsaga.store;

import dev.streamingsaga.config.RouteNames;
import dev.streamingsaga.journal.ExchangeKeys;
import org.apache.camel.builder.RouteBuilder;

/** Stores owner, classification and encryption key id of a document: one row for each saga. */
final class SecurityStoreRoutes extends RouteBuilder {
    private final StoreDatabase db;

    SecurityStoreRoutes(StoreDatabase db) {
        this.db = db;
    }

    @Override
    public void configure() {
        errorHandler(noErrorHandler());

        db.from(this, RouteNames.WRITE)
            .routeDescription("Writes the security record; it stays invisible until completion")
            .process(StoreSteps::begin)
            .policy(db.writing())
                .to(db.sql("insert into security_document"
                    + " (saga_id, document_id, run, sha256, owner, classification, key_id, created)"
                    + " values (:#sagaId, :#documentId, :#run, :#sha256, :#owner, :#classification, :#keyId,"
                    + " :#receivedAt)"
                    + " on conflict (saga_id) do update set document_id = excluded.document_id, run = excluded.run,"
                    + " sha256 = excluded.sha256,"
                    + " owner = excluded.owner, classification = excluded.classification, key_id = excluded.key_id"
                    + " where security_document.run <= excluded.run"))
                .process(StoreSteps.requireOwnRun(db.store()))
            .end()
            .setHeader(ExchangeKeys.EXPECTED, constant(1));

        db.from(this, RouteNames.COMPENSATE)
            .routeDescription("Deletes the security record of a saga")
            .process(StoreSteps::identify)
            .policy(db.transaction())
                .to(db.sql("delete from security_document where saga_id = :#sagaId"))
            .end()
            .to(db.query("select count(*) from security_document where saga_id = :#sagaId"))
            .process(StoreSteps.requireNothingLeft(db.store()));

        db.from(this, RouteNames.COUNT)
            .routeDescription("Counts the security records of a saga")
            .process(StoreSteps::identify)
            .to(db.one("select count(*) from security_document where saga_id = :#sagaId"));

        db.from(this, RouteNames.COMPLETE)
            .routeDescription("Makes the security record visible")
            .process(StoreSteps::identify)
            .policy(db.transaction())
                .to(db.sql("update security_document set visible = 1 where saga_id = :#sagaId"))
            .end()
            .process(StoreSteps.requireShown(db.store()));

        db.from(this, RouteNames.HIDE)
            .routeDescription("Hides the security record of a document that is being deleted")
            .process(StoreSteps::identify)
            .policy(db.transaction())
                .to(db.sql("update security_document set visible = 0 where saga_id = :#sagaId"))
            .end();
        inspection();
    }

    private void inspection() {
        new InspectionRoutes(db, "security records",
            "select saga_id, document_id, visible from security_document",
            "select document_id, sha256, owner, classification, key_id, visible"
                + " from security_document where saga_id = :#sagaId").addTo(this);
    }
}
