package dev.streamingsaga.api;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import dev.streamingsaga.api.Operation.ApiRequest;
import dev.streamingsaga.ingest.Ingest;
import dev.streamingsaga.journal.CleanupEntry;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.journal.OperatorCommand;
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

/** Reads sagas and clean-ups, and accepts operator commands for them. */
final class SagaOperations {
    private static final int MAX_LIMIT = 1000;
    private static final int MAX_TEXT_CHARS = 200;
    private static final int MAX_REASON_CHARS = 1000;
    private static final long POLL_MILLIS = 200;
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

    /** @param wholeStep whether to close the other open entries of the same saga and step too */
    private record Resolution(@Nullable String reason, boolean wholeStep) {}

    /**
     * {@code GET /api/sagas?state=&attention=&q=&limit=&before=|after=}; the header {@code Link} has the next page, if
     * there is one.
     */
    Reply list(ApiRequest request) {
        Query query = Query.of(request.call(), "state", "attention", "q", "limit", "before", "after");
        int limit = query.number("limit", 100, MAX_LIMIT);
        SagaPage page = journal.pages().page(sagaQuery(query), limit);
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
        SagaRecord saga = saga(request);
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(IngestOperations.wait(request.call()));
        while (isRunning(saga) && System.nanoTime() < end) {
            TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
            saga = saga(request);
        }
        return isRunning(saga)
                ? Reply.json(
                        202,
                        Map.of("sagaId", saga.sagaId(), "state", saga.state().name()))
                : Reply.json(200, ingest.result(saga.sagaId()));
    }

    private boolean isRunning(SagaRecord saga) {
        return !saga.state().isFinal()
                && (saga.state() != SagaState.PAUSED
                        || journal.commands().find(saga.sagaId()).isPresent());
    }

    Reply cancel(ApiRequest request) {
        return requestCommand(request, OperatorCommand.CANCEL);
    }

    Reply pause(ApiRequest request) {
        return requestCommand(request, OperatorCommand.PAUSE);
    }

    Reply resume(ApiRequest request) {
        return requestCommand(request, OperatorCommand.RESUME);
    }

    /** Writes the command to the journal. The process that runs the saga executes it within about a second. */
    private Reply requestCommand(ApiRequest request, OperatorCommand command) {
        Query.of(request.call());
        SagaRecord saga = saga(request);
        SagaState state = saga.state();
        boolean allowed = !state.isFinal()
                        && state != SagaState.COMPENSATING
                        && (command == OperatorCommand.RESUME) == (state == SagaState.PAUSED)
                || command == OperatorCommand.CANCEL && state == SagaState.PAUSED;
        if (!allowed) {
            throw new Problem(
                            409,
                            "wrong-state",
                            "saga " + saga.sagaId() + " is " + state + " and does not accept "
                                    + command.name().toLowerCase(java.util.Locale.ROOT) + "; nothing was done")
                    .with("sagaId", saga.sagaId())
                    .with("state", state.name());
        }
        journal.commands().request(saga.sagaId(), command);
        return Reply.json(202, Map.of("sagaId", saga.sagaId(), "state", state.name(), "wish", command.name()));
    }

    private SagaRecord saga(ApiRequest request) {
        return journal.sagas().find(request.id("saga")).orElseThrow(() -> request.missing("saga"));
    }

    /** {@code GET /api/cleanups?all=}. */
    Reply cleanups(ApiRequest request) {
        boolean all = Query.of(request.call(), "all").flag("all");
        List<CleanupEntry> entries =
                all ? journal.cleanups().all() : journal.cleanups().open();
        return Reply.json(
                200, Map.of("cleanups", entries.stream().map(SagaViews::cleanup).toList()));
    }

    /**
     * {@code POST /api/cleanups/{id}/retry}: retries the entry now, together with the other entries of the same saga
     * and step.
     */
    Reply retry(ApiRequest request) {
        Query.of(request.call());
        CleanupEntry entry = open(request);
        List<CleanupEntry> remaining = engine.retry(entry);
        return settled(entry.sagaId(), remaining);
    }

    /** {@code POST /api/cleanups/{id}/resolve} with {@code {"reason"}}, or {@code {"reason","wholeStep":true}}. */
    Reply resolve(ApiRequest request) throws java.io.IOException {
        Query.of(request.call());
        CleanupEntry entry = open(request);
        Resolution resolution = JsonBody.json(request.call(), JSON);
        String reason = resolution.reason();
        if (reason == null || reason.isBlank() || reason.length() > MAX_REASON_CHARS) {
            throw new Problem(
                    400,
                    "bad-json",
                    "the body must be {\"reason\": \"…\"} with 1 to " + MAX_REASON_CHARS
                            + " characters; the journal keeps it");
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
                        journal.sagas().find(sagaId).orElseThrow().state().name(),
                        "open",
                        open.stream().map(SagaViews::cleanup).toList()));
    }

    private CleanupEntry open(ApiRequest request) {
        CleanupEntry entry =
                journal.cleanups().find(request.id("clean-up")).orElseThrow(() -> request.missing("clean-up"));
        if (!entry.state().isOpen()) {
            throw new Problem(
                            409, "wrong-state", "the clean-up entry is already " + entry.state() + "; nothing was done")
                    .with("sagaId", entry.sagaId());
        }
        return entry;
    }
}
