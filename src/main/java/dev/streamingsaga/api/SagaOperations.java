package dev.streamingsaga.api;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import dev.streamingsaga.access.AccessLimit;
import dev.streamingsaga.api.Operation.ApiRequest;
import dev.streamingsaga.journal.CleanupPage;
import dev.streamingsaga.journal.CleanupQuery;
import dev.streamingsaga.journal.SagaPage;
import dev.streamingsaga.journal.SagaQuery;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.operations.CleanupClosedException;
import dev.streamingsaga.operations.CleanupOutcome;
import dev.streamingsaga.operations.SagaOperator;
import dev.streamingsaga.operations.SagaOutcome;
import dev.streamingsaga.operations.SagaReader;
import dev.streamingsaga.operations.UnknownCleanupException;
import dev.streamingsaga.operations.UnknownSagaException;
import dev.streamingsaga.operations.WrongStateException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Reads sagas and clean-ups, and accepts operator commands for them. */
final class SagaOperations {
    private static final int MAX_LIMIT = 1000;
    private static final ObjectReader JSON = new ObjectMapper()
            .readerFor(Resolution.class)
            .with(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .with(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .with(JsonParser.Feature.STRICT_DUPLICATE_DETECTION);

    private final SagaOperator operator;
    private final SagaViews views;
    private final Totals totals;

    SagaOperations(ApiDependencies parts, SagaViews views, Totals totals) {
        this.operator = parts.operator();
        this.views = views;
        this.totals = totals;
    }

    /** @param wholeStep whether to close the other open entries of the same saga and step too */
    private record Resolution(@Nullable String reason, boolean wholeStep) {}

    /**
     * {@code GET /api/sagas?state=&attention=&q=&reason=&name=&owner=&warning=&before=&after=&limit=&cursor=}; the
     * header {@code Link} has the next page, if there is one.
     */
    Reply list(ApiRequest request) {
        Query query = Query.of(request.call(), SagaQueries.parameters("limit", "cursor"));
        SagaPage page = request.as(operator).list(SagaQueries.of(query), query.number("limit", 100, MAX_LIMIT));
        Reply reply = Reply.json(200, Map.of("sagas", views.summaries(page.sagas())));
        page.next().ifPresent(next -> reply.header("Link", link(query, next)));
        return reply;
    }

    private static String link(Query query, String next) {
        return "<?" + query.with("cursor", next) + ">; rel=\"next\"";
    }

    /** {@code GET /api/counts?…}: how many sagas there are, by state, and what needs attention; selects as the list. */
    Reply counts(ApiRequest request) {
        SagaQuery query = SagaQueries.of(Query.of(request.call(), SagaQueries.parameters()));
        AccessLimit limit = request.caller().limit();
        return Reply.json(200, query.isEverySaga() ? totals.now(limit) : totals.of(query.within(limit)));
    }

    /** {@code GET /api/sagas/{id}}. */
    Reply detail(ApiRequest request) {
        Query.of(request.call());
        return Reply.json(200, views.detail(saga(request)));
    }

    /**
     * {@code GET /api/sagas/{id}/outcome}: what {@code ingest --json} prints, of the newest attempt to deliver the
     * document, also for a paused saga; 202 while it runs, or while its document is to be delivered again. Waits if the
     * request has {@code Prefer: wait=N}.
     */
    Reply outcome(ApiRequest request) throws InterruptedException {
        Query.of(request.call());
        String sagaId = request.id("saga");
        try {
            Duration wait = Duration.ofSeconds(IngestOperations.wait(request.call()));
            SagaOutcome outcome = request.as(operator).outcome(sagaId, wait);
            return outcome.result()
                    .map(result -> Reply.json(200, result))
                    .orElseGet(() -> Reply.json(202, accepted(saga(request))));
        } catch (UnknownSagaException e) {
            throw request.missing("saga");
        }
    }

    private Map<String, Object> accepted(SagaRecord saga) {
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("sagaId", saga.sagaId());
        body.put("state", saga.state().name());
        Optional.ofNullable(views.story(saga)).ifPresent(story -> body.put("delivery", story));
        return body;
    }

    Reply cancel(ApiRequest request) {
        return command(request, "CANCEL", request.as(operator)::cancel);
    }

    Reply pause(ApiRequest request) {
        return command(request, "PAUSE", request.as(operator)::pause);
    }

    Reply resume(ApiRequest request) {
        return command(request, "RESUME", request.as(operator)::resume);
    }

    /** @param name of the command in the reply */
    private static Reply command(ApiRequest request, String name, Function<String, SagaRecord> command) {
        Query.of(request.call());
        try {
            SagaRecord saga = command.apply(request.id("saga"));
            return Reply.json(
                    202, Map.of("sagaId", saga.sagaId(), "state", saga.state().name(), "wish", name));
        } catch (UnknownSagaException e) {
            throw request.missing("saga");
        } catch (WrongStateException e) {
            throw new Problem(409, "wrong-state", String.valueOf(e.getMessage()))
                    .with("sagaId", e.sagaId())
                    .with("state", e.state().name());
        }
    }

    private SagaRecord saga(ApiRequest request) {
        return request.as(operator).findSaga(request.id("saga")).orElseThrow(() -> request.missing("saga"));
    }

    /** {@code GET /api/cleanups?all=&status=&step=&limit=&cursor=}; the header {@code Link} has the next page. */
    Reply cleanups(ApiRequest request) {
        Query query = Query.of(request.call(), "all", "limit", "cursor", "status", "step");
        CleanupQuery selected = CleanupQueries.of(query, query.flag("all"));
        SagaReader permitted = request.as(operator);
        CleanupPage page = permitted.cleanups(
                selected.after(query.text("cursor").orElse("")), query.number("limit", MAX_LIMIT, MAX_LIMIT));
        Reply reply = Reply.json(
                200,
                Map.of(
                        "count",
                        permitted.count(selected),
                        "cleanups",
                        page.entries().stream().map(SagaViews::cleanup).toList()));
        page.next().ifPresent(next -> reply.header("Link", link(query, next)));
        return reply;
    }

    /**
     * {@code POST /api/cleanups/{id}/retry}: retries the entry now, together with the other entries of the same saga
     * and step.
     */
    Reply retry(ApiRequest request) {
        Query.of(request.call());
        return settle(request, request.as(operator)::retryCleanup);
    }

    /** {@code POST /api/cleanups/{id}/resolve} with {@code {"reason"}}, or {@code {"reason","wholeStep":true}}. */
    Reply resolve(ApiRequest request) throws java.io.IOException {
        Query.of(request.call());
        requireOpen(request);
        Resolution resolution = JsonBody.json(request.call(), JSON);
        String recorded = OperatorReason.of(resolution.reason(), request.caller());
        SagaOperator permitted = request.as(operator);
        return settle(
                request,
                id -> resolution.wholeStep()
                        ? permitted.resolveCleanups(id, recorded)
                        : permitted.resolveCleanup(id, recorded));
    }

    private static Reply settle(ApiRequest request, Function<String, CleanupOutcome> operation) {
        try {
            CleanupOutcome outcome = operation.apply(request.id("clean-up"));
            return Reply.json(
                    200,
                    Map.of(
                            "sagaId",
                            outcome.saga().sagaId(),
                            "state",
                            outcome.saga().state().name(),
                            "open",
                            outcome.open().stream().map(SagaViews::cleanup).toList()));
        } catch (UnknownCleanupException e) {
            throw request.missing("clean-up");
        } catch (CleanupClosedException e) {
            throw closed(e);
        }
    }

    /** Before the body is read: an entry that cannot be resolved is reported first. */
    private void requireOpen(ApiRequest request) {
        try {
            request.as(operator).requireOpenCleanup(request.id("clean-up"));
        } catch (UnknownCleanupException e) {
            throw request.missing("clean-up");
        } catch (CleanupClosedException e) {
            throw closed(e);
        }
    }

    private static Problem closed(CleanupClosedException e) {
        return new Problem(409, "wrong-state", String.valueOf(e.getMessage()))
                .with("sagaId", e.entry().sagaId());
    }
}
