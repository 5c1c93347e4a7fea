package dev.streamingsaga.api;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import dev.streamingsaga.api.Operation.ApiRequest;
import dev.streamingsaga.journal.CleanupEntry;
import dev.streamingsaga.journal.SagaPage;
import dev.streamingsaga.journal.SagaQuery;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.SagaState;
import dev.streamingsaga.operations.CleanupClosedException;
import dev.streamingsaga.operations.CleanupOutcome;
import dev.streamingsaga.operations.SagaOperator;
import dev.streamingsaga.operations.SagaOutcome;
import dev.streamingsaga.operations.UnknownCleanupException;
import dev.streamingsaga.operations.UnknownSagaException;
import dev.streamingsaga.operations.WrongStateException;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Reads sagas and clean-ups, and accepts operator commands for them. */
final class SagaOperations {
    private static final int MAX_LIMIT = 1000;
    private static final int MAX_TEXT_CHARS = 200;
    private static final int MAX_REASON_CHARS = 1000;
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
     * {@code GET /api/sagas?state=&attention=&q=&limit=&before=|after=}; the header {@code Link} has the next page, if
     * there is one.
     */
    Reply list(ApiRequest request) {
        Query query = Query.of(request.call(), "state", "attention", "q", "limit", "before", "after");
        int limit = query.number("limit", 100, MAX_LIMIT);
        SagaPage page = operator.list(sagaQuery(query), limit);
        Reply reply = Reply.json(200, Map.of("sagas", views.summaries(page.sagas())));
        page.next()
                .ifPresent(next -> reply.header(
                        "Link", "<?" + query.with(query.has("after") ? "after" : "before", next) + ">; rel=\"next\""));
        return reply;
    }

    private static SagaQuery sagaQuery(Query query) {
        if (query.has("before") && query.has("after")) {
            throw new Problem(
                    400,
                    "bad-parameter",
                    "before and after exclude each other: before lists newest first, after lists oldest first");
        }
        String text = query.text("q").orElse("");
        if (text.length() > MAX_TEXT_CHARS) {
            throw new Problem(
                    400,
                    "bad-parameter",
                    "q must have at most " + MAX_TEXT_CHARS + " characters, had " + text.length());
        }
        SagaQuery all = SagaQuery.ALL
                .in(query.text("state").map(SagaOperations::states).orElse(EnumSet.allOf(SagaState.class)))
                .containing(text);
        SagaQuery filtered = query.flag("attention") ? all.needingAttention() : all;
        return query.has("after")
                ? filtered.after(query.text("after").orElse(""))
                : filtered.before(query.text("before").orElse(""));
    }

    /** {@code GET /api/counts}: how many sagas there are, by state, and what needs attention. */
    Reply counts(ApiRequest request) {
        Query.of(request.call());
        return Reply.json(200, totals.now());
    }

    private static Set<SagaState> states(String words) {
        Set<SagaState> states = EnumSet.noneOf(SagaState.class);
        for (String word : words.split(",")) {
            states.add(Arrays.stream(SagaState.values())
                    .filter(state -> state.name().equals(word))
                    .findFirst()
                    .orElseThrow(() -> new Problem(
                            400,
                            "bad-parameter",
                            "unknown state " + RequestText.shown(word) + "; valid are "
                                    + Arrays.toString(SagaState.values()))));
        }
        return states;
    }

    /** {@code GET /api/sagas/{id}}. */
    Reply detail(ApiRequest request) {
        Query.of(request.call());
        return Reply.json(200, views.detail(saga(request)));
    }

    /**
     * {@code GET /api/sagas/{id}/outcome}: what {@code ingest --json} prints, also for a paused saga; 202 while it
     * runs. Waits if the request has {@code Prefer: wait=N}.
     */
    Reply outcome(ApiRequest request) throws InterruptedException {
        Query.of(request.call());
        String sagaId = request.id("saga");
        try {
            Duration wait = Duration.ofSeconds(IngestOperations.wait(request.call()));
            SagaOutcome outcome = operator.outcome(sagaId, wait);
            return outcome.result()
                    .map(result -> Reply.json(200, result))
                    .orElseGet(() -> Reply.json(
                            202,
                            Map.of(
                                    "sagaId",
                                    sagaId,
                                    "state",
                                    outcome.saga().state().name())));
        } catch (UnknownSagaException e) {
            throw request.missing("saga");
        }
    }

    Reply cancel(ApiRequest request) {
        return command(request, "CANCEL", operator::cancel);
    }

    Reply pause(ApiRequest request) {
        return command(request, "PAUSE", operator::pause);
    }

    Reply resume(ApiRequest request) {
        return command(request, "RESUME", operator::resume);
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
        return operator.findSaga(request.id("saga")).orElseThrow(() -> request.missing("saga"));
    }

    /** {@code GET /api/cleanups?all=}. */
    Reply cleanups(ApiRequest request) {
        boolean all = Query.of(request.call(), "all").flag("all");
        List<CleanupEntry> entries = all ? operator.allCleanups() : operator.openCleanups();
        return Reply.json(
                200, Map.of("cleanups", entries.stream().map(SagaViews::cleanup).toList()));
    }

    /**
     * {@code POST /api/cleanups/{id}/retry}: retries the entry now, together with the other entries of the same saga
     * and step.
     */
    Reply retry(ApiRequest request) {
        Query.of(request.call());
        return settle(request, operator::retryCleanup);
    }

    /** {@code POST /api/cleanups/{id}/resolve} with {@code {"reason"}}, or {@code {"reason","wholeStep":true}}. */
    Reply resolve(ApiRequest request) throws java.io.IOException {
        Query.of(request.call());
        requireOpen(request);
        Resolution resolution = JsonBody.json(request.call(), JSON);
        String reason = resolution.reason();
        if (reason == null || reason.isBlank() || reason.length() > MAX_REASON_CHARS) {
            throw new Problem(
                    400,
                    "bad-json",
                    "the body must be {\"reason\": \"…\"} with 1 to " + MAX_REASON_CHARS
                            + " characters; the journal keeps it");
        }
        String recorded = request.caller().name().isEmpty()
                ? reason
                : reason + " (" + request.caller().name() + ")";
        return settle(
                request,
                id -> resolution.wholeStep()
                        ? operator.resolveCleanups(id, recorded)
                        : operator.resolveCleanup(id, recorded));
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
            operator.requireOpenCleanup(request.id("clean-up"));
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
