package dev.streamingsaga.api;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import dev.streamingsaga.api.Operation.Request;
import dev.streamingsaga.ingest.Ingest;
import dev.streamingsaga.journal.CleanupEntry;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.journal.SagaPage;
import dev.streamingsaga.journal.SagaQuery;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.SagaState;
import dev.streamingsaga.saga.SagaEngine;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Sagas and their clean-ups: looking, and what an operator decides. */
final class SagaOperations {
    private static final int MAX_LIMIT = 1000;
    private static final int MAX_TEXT_CHARS = 200;
    private static final int MAX_REASON_CHARS = 1000;
    private static final long LOOK_MILLIS = 200;
    private static final ObjectReader JSON = new ObjectMapper()
            .readerFor(Resolution.class)
            .with(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .with(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .with(JsonParser.Feature.STRICT_DUPLICATE_DETECTION);

    private final Journal journal;
    private final SagaEngine engine;
    private final Ingest ingest;
    private final SagaViews views;
    private final Totals totals;

    SagaOperations(ApiDependencies parts, SagaViews views, Totals totals) {
        this.journal = parts.journal();
        this.engine = parts.engine();
        this.ingest = parts.ingest();
        this.views = views;
        this.totals = totals;
    }

    /** @param wholeStep also the saga's other open entries of the same step */
    private record Resolution(@Nullable String reason, boolean wholeStep) {}

    /**
     * {@code GET /api/sagas?state=&attention=&q=&limit=&before=|after=}; the header {@code Link} has the next page, if
     * there is one.
     */
    Reply list(Request request) {
        Query query = Query.of(request.call(), "state", "attention", "q", "limit", "before", "after");
        int limit = query.number("limit", 100, MAX_LIMIT);
        SagaPage page = journal.sagas(sagaQuery(query), limit);
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
        SagaQuery wanted = query.flag("attention") ? all.needingAttention() : all;
        return query.has("after")
                ? wanted.after(query.text("after").orElse(""))
                : wanted.before(query.text("before").orElse(""));
    }

    /** {@code GET /api/counts}: how many sagas there are, by state, and what needs attention. */
    Reply counts(Request request) {
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
                            "there is no state " + RequestText.shown(word) + "; there are "
                                    + Arrays.toString(SagaState.values()))));
        }
        return states;
    }

    /** {@code GET /api/sagas/{id}}. */
    Reply detail(Request request) {
        Query.of(request.call());
        return Reply.json(200, views.detail(saga(request)));
    }

    /**
     * {@code GET /api/sagas/{id}/outcome}: what {@code ingest --json} prints, also of a paused saga; 202 while it runs.
     * Waits if asked to.
     */
    Reply outcome(Request request) throws InterruptedException {
        Query.of(request.call());
        SagaRecord saga = saga(request);
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(IngestOperations.wait(request.call()));
        while (isUnderWay(saga) && System.nanoTime() < end) {
            TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
            saga = saga(request);
        }
        return isUnderWay(saga)
                ? Reply.json(
                        202,
                        Map.of("sagaId", saga.sagaId(), "state", saga.state().name()))
                : Reply.json(200, ingest.result(saga.sagaId()));
    }

    private boolean isUnderWay(SagaRecord saga) {
        return !saga.state().isFinal()
                && (saga.state() != SagaState.PAUSED
                        || journal.operatorCommand(saga.sagaId()).isPresent());
    }

    Reply cancel(Request request) {
        return requestCommand(request, Journal.OperatorCommand.CANCEL);
    }

    Reply pause(Request request) {
        return requestCommand(request, Journal.OperatorCommand.PAUSE);
    }

    Reply resume(Request request) {
        return requestCommand(request, Journal.OperatorCommand.RESUME);
    }

    /** Told through the journal to whichever process runs the saga, which sees to it within a second or so. */
    private Reply requestCommand(Request request, Journal.OperatorCommand wish) {
        Query.of(request.call());
        SagaRecord saga = saga(request);
        SagaState state = saga.state();
        boolean fits = !state.isFinal()
                        && state != SagaState.COMPENSATING
                        && (wish == Journal.OperatorCommand.RESUME) == (state == SagaState.PAUSED)
                || wish == Journal.OperatorCommand.CANCEL && state == SagaState.PAUSED;
        if (!fits) {
            throw new Problem(
                            409,
                            "wrong-state",
                            "saga " + saga.sagaId() + " is " + state + ": it cannot be asked to "
                                    + wish.name().toLowerCase(java.util.Locale.ROOT) + "; nothing was done")
                    .with("sagaId", saga.sagaId())
                    .with("state", state.name());
        }
        journal.operatorCommand(saga.sagaId(), wish);
        return Reply.json(202, Map.of("sagaId", saga.sagaId(), "state", state.name(), "wish", wish.name()));
    }

    private SagaRecord saga(Request request) {
        return journal.saga(request.id("saga")).orElseThrow(() -> request.missing("saga"));
    }

    /** {@code GET /api/cleanups?all=}. */
    Reply cleanups(Request request) {
        boolean all = Query.of(request.call(), "all").flag("all");
        List<CleanupEntry> entries =
                all ? journal.cleanups().all() : journal.cleanups().open();
        return Reply.json(
                200, Map.of("cleanups", entries.stream().map(SagaViews::cleanup).toList()));
    }

    /** {@code POST /api/cleanups/{id}/retry}: now, and with it the saga's other entries of the same step. */
    Reply retry(Request request) {
        Query.of(request.call());
        CleanupEntry entry = open(request);
        List<CleanupEntry> left = engine.retry(entry);
        return settled(entry.sagaId(), left);
    }

    /** {@code POST /api/cleanups/{id}/resolve} with {@code {"reason"}}, or {@code {"reason","wholeStep":true}}. */
    Reply resolve(Request request) throws java.io.IOException {
        Query.of(request.call());
        CleanupEntry entry = open(request);
        Resolution resolution = JsonBody.json(request.call(), JSON);
        String reason = resolution.reason();
        if (reason == null || reason.isBlank() || reason.length() > MAX_REASON_CHARS) {
            throw new Problem(
                    400,
                    "bad-json",
                    "the body must be {\"reason\": \"…\"} with 1 to " + MAX_REASON_CHARS
                            + " characters: it is kept in the journal");
        }
        List<CleanupEntry> closed = !resolution.wholeStep()
                ? List.of(entry)
                : journal.cleanups().of(entry.sagaId()).stream()
                        .filter(other -> other.step().equals(entry.step())
                                && other.state().isOpen())
                        .toList();
        engine.resolve(
                closed,
                request.caller().name().isEmpty()
                        ? reason
                        : reason + " (" + request.caller().name() + ")");
        return settled(
                entry.sagaId(),
                journal.cleanups().of(entry.sagaId()).stream()
                        .filter(e -> e.state().isOpen())
                        .toList());
    }

    private Reply settled(String sagaId, List<CleanupEntry> open) {
        return Reply.json(
                200,
                Map.of(
                        "sagaId",
                        sagaId,
                        "state",
                        journal.saga(sagaId).orElseThrow().state().name(),
                        "open",
                        open.stream().map(SagaViews::cleanup).toList()));
    }

    private CleanupEntry open(Request request) {
        CleanupEntry entry =
                journal.cleanups().find(request.id("clean-up")).orElseThrow(() -> request.missing("clean-up"));
        if (!entry.state().isOpen()) {
            throw new Problem(
                            409, "wrong-state", "the clean-up entry is " + entry.state() + " already; nothing was done")
                    .with("sagaId", entry.sagaId());
        }
        return entry;
    }
}
