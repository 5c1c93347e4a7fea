package dev.streamingsaga.store;

import dev.streamingsaga.config.RouteNames;
import org.apache.camel.builder.RouteBuilder;

/**
 * The read-only routes of a store: {@code -sagas} lists the sagas that have rows in it, a page at a time, and {@code
 * -inspect} returns what is stored for one saga, for a comparison with the journal.
 *
 * @param content what the store holds, for the route descriptions
 * @param rows query that selects {@code saga_id, document_id, visible} of all rows in the store
 * @param stored query that selects what is stored for {@code :#sagaId}
 */
record InspectionRoutes(StoreDatabase db, String content, String rows, String stored) {

    void addTo(RouteBuilder routes) {
        db.from(routes, RouteNames.SAGAS)
            .routeDescription("Lists the sagas with " + content + ", a page at a time")
            .process(StoreSteps::page)
            .to(db.sagas(rows));

        db.from(routes, RouteNames.INSPECT)
            .routeDescription("Returns what is stored for a saga, for a comparison with the journal")
            .process(StoreSteps::identify)
            .to(db.others())
            .to(db.sql(stored))
            .process(StoreSteps::inspected);
    }
}
