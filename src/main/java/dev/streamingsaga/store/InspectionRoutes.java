package dev.streamingsaga.store;

import org.apache.camel.builder.RouteBuilder;

/**
 * The routes of a store that only look: {@code -sagas} names the sagas that hold something there, a page at a time, and
 * {@code -inspect} tells what is stored of one, to be compared with the journal.
 *
 * @param what the store holds, for the description
 * @param rows query for {@code saga_id, document_id, visible} of everything that the store holds
 * @param stored query for what is stored of {@code :#sagaId}
 */
record InspectionRoutes(StoreDatabase db, String what, String rows, String stored) {

    void addTo(RouteBuilder routes) {
        routes.from(db.direct("-sagas")).routeId(db.route("-sagas")).routeGroup(db.route(""))
            .routeDescription("Names the sagas that hold " + what + ", a page at a time")
            .process(StoreSteps::page)
            .to(db.sagas(rows));

        routes.from(db.direct("-inspect")).routeId(db.route("-inspect")).routeGroup(db.route(""))
            .routeDescription("Tells what is stored of a saga, to be compared with the journal")
            .process(StoreSteps::identify)
            .to(db.others())
            .to(db.sql(stored))
            .process(StoreSteps::inspected);
    }
}
