package dev.streamingsaga.store;

import dev.streamingsaga.journal.DocumentFacts;
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

/** What the store routes do with their messages between the statements. */
final class StoreSteps {
    /** Header with the other sagas that hold rows of the same document. */
    static final String OTHERS = "SagaStoreOthers";

    private static final String SQL_HEADERS = "CamelSql*";

    private StoreSteps() {}

    /** @throws IllegalStateException outside a saga: without a run nothing says when to stop writing */
    static Run run(Exchange exchange) {
        Run run = exchange.getProperty(Run.PROPERTY, Run.class);
        if (run == null) {
            throw new IllegalStateException(
                    "route " + exchange.getFromRouteId() + " writes inside a saga only: exchange property "
                            + Run.PROPERTY + " is missing; nothing was written");
        }
        return run;
    }

    @SuppressWarnings("unchecked")
    static Map<String, Object> facts(Exchange exchange) {
        if (exchange.getMessage().getBody() instanceof Map<?, ?> facts) {
            return (Map<String, Object>) facts;
        }
        throw new IllegalArgumentException("route " + exchange.getFromRouteId()
                + " takes a map of facts with sagaId and documentId, and its body is none; nothing was done");
    }

    /** First step of a write: a copy of the facts, with the run's number. */
    static void begin(Exchange exchange) {
        // A CamelSqlQuery header would replace the statements of the endpoints behind.
        exchange.getMessage().removeHeaders(SQL_HEADERS);
        Map<String, Object> facts = new LinkedHashMap<>(facts(exchange));
        facts.put(DocumentFacts.RUN, run(exchange).number());
        exchange.getMessage().setBody(facts);
    }

    /** First step of every other route: the saga must be named in the body, headers don't count. */
    static void identify(Exchange exchange) {
        exchange.getMessage().removeHeaders(SQL_HEADERS);
        if (!(facts(exchange).get(DocumentFacts.SAGA_ID) instanceof String sagaId) || sagaId.isBlank()) {
            throw new IllegalArgumentException(
                    "route " + exchange.getFromRouteId() + " needs the sagaId in its body; nothing was done");
        }
    }

    /** First step of {@code -sagas}: which page is asked for must be said in the body. */
    static void page(Exchange exchange) {
        exchange.getMessage().removeHeaders(SQL_HEADERS);
        Map<?, ?> page = exchange.getMessage().getBody() instanceof Map<?, ?> body ? body : Map.of();
        if (!(page.get("from") instanceof String) || !(page.get("limit") instanceof Integer)) {
            throw new IllegalArgumentException("route " + exchange.getFromRouteId()
                    + " needs from (the first saga id, or empty) and limit in its body; nothing was asked");
        }
    }

    /** Last step of {@code -inspect}: one map, with what was asked of the document before under {@code others}. */
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

    /** Last step of a compensation: the store was asked what is left, and the right answer is 0. */
    static Processor requireNothingLeft(String store) {
        return exchange -> {
            long left = answer(exchange);
            if (left != 0) {
                throw new IllegalStateException("the " + store + " store still holds " + left + " rows of saga "
                        + facts(exchange).get(DocumentFacts.SAGA_ID)
                        + " after they were deleted; they count as residue");
            }
        };
    }

    /** Last step of a completion: the saga's document was there to be shown. */
    static Processor requireShown(String store) {
        return exchange -> {
            if (exchange.getMessage().getHeader(SqlConstants.SQL_UPDATE_COUNT, 0, Integer.class) == 0) {
                throw new IllegalStateException("the " + store + " store holds no document of saga "
                        + facts(exchange).get(DocumentFacts.SAGA_ID) + ", so none was made visible; write it again");
            }
        };
    }

    /**
     * After a conditional write: it changed no row if the saga is a later run's, or was undone. What the transaction
     * did so far is void then.
     */
    static Processor requireOwnRun(String store) {
        return exchange -> {
            if (exchange.getMessage().getHeader(SqlConstants.SQL_UPDATE_COUNT, 0, Integer.class) == 0) {
                Run run = run(exchange);
                throw new SagaException(
                        Reason.CANCELLED,
                        "the " + store + " store takes nothing of run " + run.number() + " of saga " + run.sagaId()
                                + " any more: a later run wrote, or it was undone; nothing was changed, the step stops here");
            }
        };
    }

    /** The number that the last {@link StoreDatabase#ask} got. */
    static long answer(Exchange exchange) {
        return exchange.getMessage().getHeader(StoreDatabase.ANSWER, 0L, Long.class);
    }
}
