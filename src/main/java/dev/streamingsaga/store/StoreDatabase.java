package dev.streamingsaga.store;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.database.Databases;
import dev.streamingsaga.database.Databases.Dialect;
import org.apache.camel.spi.Policy;
import org.springframework.jdbc.core.JdbcTemplate;

/** The database of one built-in store, and the names and endpoints that its routes are made of. */
record StoreDatabase(SagaConfig config, String store, Databases.OpenDatabase opened) {

    /** Header that a {@link #ask} leaves its answer in. */
    static final String ANSWER = "SagaStoreAnswer";

    /** Registry name of the data source. */
    String bean() {
        return config.id(store + "-db");
    }

    /** Route id; {@code suffix} is empty or starts with a hyphen. */
    String route(String suffix) {
        return config.id("store-" + store + suffix);
    }

    String direct(String suffix) {
        return config.direct("store-" + store + suffix);
    }

    Dialect dialect() {
        return opened.dialect();
    }

    /** Endpoint of a statement; its parameters ({@code :#name}) come from the body's map. */
    String sql(String statement) {
        return "sql:" + statement + "?dataSource=#" + bean() + "&template.queryTimeout=" + timeoutSeconds();
    }

    /**
     * Endpoint of the query in the body, for one value; its parameters ({@code :?name}) come from the header
     * {@code CamelJdbcParameters}.
     */
    String jdbc() {
        return "jdbc:" + bean() + "?useHeadersAsParameters=true&outputType=SelectOne&statement.queryTimeout="
                + timeoutSeconds();
    }

    /** As {@link #sql}, once for each map in the body's list. */
    String batch(String statement) {
        return sql(statement) + "&batch=true";
    }

    /** Endpoint of a query for one value, which becomes the body. */
    String one(String query) {
        return sql(query) + "&outputType=SelectOne";
    }

    /** Endpoint of a query for one value, which goes to the header {@link #ANSWER}; the body stays. */
    String ask(String query) {
        return one(query) + "&outputHeader=" + ANSWER;
    }

    /**
     * The page of sagas that a table holds rows of, by id: {@code saga_id, document_id, documents} (how many
     * different), {@code visible}.
     */
    String sagas(String rows) {
        return sql("select saga_id, min(document_id) as document_id, count(distinct document_id) as documents,"
                + " max(visible) as visible from (" + rows + ") held where saga_id >= :#from"
                + " group by saga_id order by saga_id limit :#limit");
    }

    /** Other sagas with rows of the same document, into the header {@link StoreSteps#OTHERS}; the body stays. */
    String others() {
        return sql("select saga_id from " + store + "_document where document_id = :#documentId and saga_id <> :#sagaId"
                        + " order by saga_id limit 100")
                + "&outputHeader=" + StoreSteps.OTHERS;
    }

    /** All that a write does in it happens under one permit of the run, and all of it or nothing. */
    Policy writing() {
        return new StoreTransaction(opened.dataSource(), timeoutSeconds(), true);
    }

    /** All or nothing, without a permit: for compensation and completion. */
    Policy transaction() {
        return new StoreTransaction(opened.dataSource(), timeoutSeconds(), false);
    }

    JdbcTemplate queries() {
        JdbcTemplate template = new JdbcTemplate(opened.dataSource());
        template.setQueryTimeout(timeoutSeconds());
        return template;
    }

    private int timeoutSeconds() {
        return (int) Math.max(1, config.store(store).timeout().toSeconds());
    }
}
