package dev.streamingsaga.store;

import dev.streamingsaga.config.RouteNames;
import dev.streamingsaga.journal.Run;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.apache.camel.builder.RouteBuilder;
import org.apache.camel.model.PolicyDefinition;

/**
 * The {@code -batch} route of a store that writes in batches. Each batch is one transaction under one permit, and is
 * written only while the store's document row carries the number of the batch's run. A batch that arrives after a later
 * run or a compensation changes nothing.
 */
record BatchRoute<B>(StoreDatabase db, Class<B> type, String description) {
    private static final String BATCH = "SagaStoreBatch";

    /** @param rows the rows of a batch; each holds the parameters of the statement */
    record Insert<B>(Function<B, List<?>> rows, String statement) {}

    void addTo(RouteBuilder routes, List<Insert<B>> inserts) {
        PolicyDefinition section = db.from(routes, RouteNames.BATCH)
                .routeDescription(description)
                .setProperty(BATCH, routes.body())
                .policy(db.writing());
        section.setBody(exchange -> {
                    Run run = StoreSteps.run(exchange);
                    return Map.of("sagaId", run.sagaId(), "run", run.number());
                })
                .to(db.sql("update " + db.store() + "_document set run = run where saga_id = :#sagaId and run = :#run"))
                .process(StoreSteps.requireOwnRun(db.store()));
        inserts.forEach(insert -> section.setBody(exchange -> insert.rows().apply(exchange.getProperty(BATCH, type)))
                .to(db.batch(insert.statement())));
    }
}
