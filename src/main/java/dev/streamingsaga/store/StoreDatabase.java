package dev.streamingsaga.store;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.database.Databases;
import dev.streamingsaga.database.Databases.Dialect;
import org.apache.camel.builder.RouteBuilder;
import org.apache.camel.model.RouteDefinition;
import org.apache.camel.spi.Policy;
import org.springframework.jdbc.core.JdbcTemplate;

/** The database of one built-in store, with the route ids and endpoints of its routes. */
record StoreDatabase(SagaConfig config, String store, Databases.OpenDatabase opened) {

    /** Header with the result of {@link #query}. */
    static final String QUERY_RESULT = "SagaStoreAnswer";

    /** Registry name of the data source. */
    String bean() {
        return config.id(store + "-db");
    }

    StoreRouteIds ids() {
        return new StoreRouteIds(config, store);
    }

    String direct(String suffix) {
        return ids().direct(suffix);
    }

    /** Begins a route of the store, in the store's group. */
    RouteDefinition from(RouteBuilder routes, String suffix) {
        return ids().from(routes, suffix);
    }

    Dialect dialect() {
        return opened.dialect();
    }

    /** Endpoint that runs a statement; its parameters ({@code :#name}) come from the map in the body. */
    String sql(String statement) {
        return "sql:" + statement + "?dataSource=#" + bean() + "&template.queryTimeout=" + timeoutSeconds();
    }

    /**
     * Endpoint that runs the query in the body and returns one value; its parameters ({@code :?name}) come from the
     * header {@code CamelJdbcParameters}.
     */
    String jdbc() {
        return "jdbc:" + bean() + "?useHeadersAsParameters=true&outputType=SelectOne&statement.queryTimeout="
                + timeoutSeconds();
    }

    /** As {@link #sql}, but runs the statement once for each map in the body's list. */
    String batch(String statement) {
        return sql(statement) + "&batch=true";
    }

    /** Endpoint that runs a query for one value and sets it as the body. */
    String one(String query) {
        return sql(query) + "&outputType=SelectOne";
    }

    /** Endpoint that runs a query for one value and sets the header {@link #QUERY_RESULT}; the body stays. */
    String query(String query) {
        return one(query) + "&outputHeader=" + QUERY_RESULT;
    }

    /**
     * Endpoint that selects a page of the sagas that have rows, ordered by id: {@code saga_id, document_id, documents}
     * (number of different documents), {@code visible}.
     */
    String sagas(String rows) {
        return sql("select saga_id, min(document_id) as document_id, count(distinct document_id) as documents,"
                + " max(visible) as visible from (" + rows + ") stored where saga_id >= :#from"
                + " group by saga_id order by saga_id limit :#limit");
    }

    /**
     * Endpoint that selects other sagas with rows of the same document into the header {@link StoreSteps#OTHERS}; the
     * body stays.
     */
    String others() {
        return sql("select saga_id from " + store + "_document where document_id = :#documentId and saga_id <> :#sagaId"
                        + " order by saga_id limit 100")
                + "&outputHeader=" + StoreSteps.OTHERS;
    }

    /** A transaction under a permit of the run, for writes. */
    Policy writing() {
        return new StoreTransaction(opened.dataSource(), timeoutSeconds(), true);
    }

    /** A transaction without a permit, for compensation and completion. */
    Policy transaction() {
        return new StoreTransaction(opened.dataSource(), timeoutSeconds(), false);
    }

    JdbcTemplate queries() {
        JdbcTemplate template = new JdbcTemplate(opened.dataSource());
        template.setQueryTimeout(timeoutSeconds());
        return template;
    }

    private int timeoutSeconds() {
        return (int) Math.max(1, config.servers().store(store).timeout().toSeconds());
    }
}
