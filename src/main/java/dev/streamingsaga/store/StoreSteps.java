package dev.streamingsaga.store;

import dev.streamingsaga.journal.DocumentFacts;
import dev.streamingsaga.journal.ExchangeKeys;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.Run;
import dev.streamingsaga.journal.SagaException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.camel.Exchange;
import org.apache.camel.Processor;
import org.apache.camel.component.sql.SqlConstants;

/** Processors that the store routes run between the statements. */
final class StoreSteps {
    /** Header with the other sagas that hold rows of the same document. */
    static final String OTHERS = "SagaStoreOthers";

    private static final String SQL_HEADERS = "CamelSql*";

    private StoreSteps() {}

    /** @throws IllegalStateException outside a saga: only a run can say when to stop writing */
    static Run run(Exchange exchange) {
        Run run = exchange.getProperty(ExchangeKeys.RUN, Run.class);
        if (run == null) {
            throw new IllegalStateException(
                    "route " + exchange.getFromRouteId() + " can only write inside a saga: exchange property "
                            + ExchangeKeys.RUN + " is missing; nothing was written");
        }
        return run;
    }

    @SuppressWarnings("unchecked")
    static Map<String, Object> facts(Exchange exchange) {
        if (exchange.getMessage().getBody() instanceof Map<?, ?> facts) {
            return (Map<String, Object>) facts;
        }
        throw new IllegalArgumentException("route " + exchange.getFromRouteId()
                + " needs a map with sagaId and documentId as its body; nothing was done");
    }

    /** First step of a write: copies the facts and adds the number of the run. */
    static void begin(Exchange exchange) {
        // A CamelSqlQuery header would replace the statements of the endpoints that follow.
        exchange.getMessage().removeHeaders(SQL_HEADERS);
        Map<String, Object> facts = new LinkedHashMap<>(facts(exchange));
        facts.put(DocumentFacts.RUN, run(exchange).number());
        exchange.getMessage().setBody(facts);
    }

    /** First step of every other route: requires the saga id in the body; headers are ignored. */
    static void identify(Exchange exchange) {
        exchange.getMessage().removeHeaders(SQL_HEADERS);
        if (!(facts(exchange).get(DocumentFacts.SAGA_ID) instanceof String sagaId) || sagaId.isBlank()) {
            throw new IllegalArgumentException(
                    "route " + exchange.getFromRouteId() + " needs the sagaId in its body; nothing was done");
        }
    }

    /** First step of {@code -sagas}: requires the page in the body. */
    static void page(Exchange exchange) {
        exchange.getMessage().removeHeaders(SQL_HEADERS);
        Map<?, ?> page = exchange.getMessage().getBody() instanceof Map<?, ?> body ? body : Map.of();
        if (!(page.get("from") instanceof String) || !(page.get("limit") instanceof Integer)) {
            throw new IllegalArgumentException("route " + exchange.getFromRouteId()
                    + " needs from (the first saga id, or empty) and limit in its body; nothing was queried");
        }
    }

    /**
     * Last step of {@code -inspect}: sets the body to one map, with the other sagas of the document under
     * {@code others}.
     */
    static void inspected(Exchange exchange) {
        List<?> rows = exchange.getMessage().getBody(List.class);
        Map<String, Object> found = new LinkedHashMap<>();
        if (!rows.isEmpty()) {
            ((Map<?, ?>) rows.get(0)).forEach((column, value) -> found.put(column.toString(), value));
        }
        List<?> others = exchange.getMessage().removeHeader(OTHERS) instanceof List<?> list ? list : List.of();
        found.put(
                "others",
                others.stream()
                        .map(row -> Objects.requireNonNull(((Map<?, ?>) row).get("saga_id"))
                                .toString())
                        .toList());
        exchange.getMessage().setBody(found);
    }

    /** Last step of a compensation: fails if the preceding query still finds rows. */
    static Processor requireNothingLeft(String store) {
        return exchange -> {
            long remaining = queryResult(exchange);
            if (remaining != 0) {
                throw new IllegalStateException("the " + store + " store still holds " + remaining + " rows of saga "
                        + facts(exchange).get(DocumentFacts.SAGA_ID)
                        + " after they were deleted; they count as residue");
            }
        };
    }

    /** Last step of a completion: fails if the store has no document of the saga. */
    static Processor requireShown(String store) {
        return exchange -> {
            if (exchange.getMessage().getHeader(SqlConstants.SQL_UPDATE_COUNT, 0, Integer.class) == 0) {
                throw nothingToShow(store, exchange);
            }
        };
    }

    static IllegalStateException nothingToShow(String store, Exchange exchange) {
        return new IllegalStateException("the " + store + " store has no document of saga "
                + facts(exchange).get(DocumentFacts.SAGA_ID) + ", so none was made visible; write it again");
    }

    /**
     * Follows a conditional write, which changes no row if a later run has written or the saga was compensated. Fails
     * then, which rolls the transaction back.
     */
    static Processor requireOwnRun(String store) {
        return exchange -> {
            if (exchange.getMessage().getHeader(SqlConstants.SQL_UPDATE_COUNT, 0, Integer.class) == 0) {
                throw notOwnRun(store, run(exchange));
            }
        };
    }

    static SagaException notOwnRun(String store, Run run) {
        return new SagaException(
                Reason.CANCELLED,
                "the " + store + " store accepts no more rows from run " + run.number() + " of saga " + run.sagaId()
                        + ": a later run has written, or the saga was compensated; nothing was changed,"
                        + " the step stops");
    }

    /** The result of the last {@link StoreDatabase#query}. */
    static long queryResult(Exchange exchange) {
        return exchange.getMessage().getHeader(StoreDatabase.QUERY_RESULT, 0L, Long.class);
    }
}
