package dev.streamingsaga.saga;

import dev.streamingsaga.config.RouteNames;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.journal.DocumentFacts;
import dev.streamingsaga.journal.ExchangeKeys;
import dev.streamingsaga.journal.Run;
import dev.streamingsaga.trace.Traces;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.apache.camel.CamelContext;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.Processor;
import org.apache.camel.ProducerTemplate;
import org.apache.camel.Route;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.core.task.SimpleAsyncTaskExecutor;

/**
 * Calls participating stores. A store has up to five routes: {@code direct:<name>-store-STORE} and the same with
 * {@code -compensate}, {@code -count}, {@code -complete} and {@code -hide}; the last three are optional. Every call has
 * a time limit.
 */
public final class StoreClient implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(StoreClient.class);

    private final SagaConfig config;
    private final CamelContext context;
    private final ProducerTemplate template;
    /**
     * A new thread for each call: what Camel leaves on a thread when a store fails with an Error must not continue
     * during the next call.
     */
    private final SimpleAsyncTaskExecutor calls = new SimpleAsyncTaskExecutor();

    private final Traces traces;

    public StoreClient(SagaConfig config, CamelContext context) {
        this.config = config;
        this.context = context;
        this.template = context.createProducerTemplate();
        this.traces = Traces.of(context);
        this.calls.setThreadNamePrefix(config.id("store-call-"));
        this.calls.setDaemon(true); // a call that hangs must not keep the process alive
        this.calls.setTaskTerminationTimeout(1); // so that closing interrupts running calls
    }

    /** This process is stopping; the store has not failed. The next start repeats the call. */
    static final class StoppingException extends RuntimeException {
        StoppingException(String message, Throwable cause) {
            super(message, cause);
        }
    }

    /**
     * What a store holds of a saga: pieces by name if it reports names, otherwise their number, and the reason if it
     * reports one.
     */
    public record StoreContents(long count, List<String> resources, Optional<String> reason) {
        static final StoreContents NOTHING = new StoreContents(0, List.of(), Optional.empty());
        /** Something, as far as anybody knows. */
        static final StoreContents UNKNOWN = new StoreContents(1, List.of(), Optional.empty());

        /** The pieces, or {@code everything} for a store that only counts. */
        List<String> names(String everything) {
            return count > 0 && resources.isEmpty() ? List.of(everything) : resources;
        }
    }

    /** The required routes that these participants lack; empty if none is missing. */
    List<String> missing(List<String> participants) {
        return participants.stream()
                .flatMap(store -> Stream.of(RouteNames.WRITE, RouteNames.COMPENSATE)
                        .filter(suffix -> !exists(store, suffix))
                        .map(suffix -> config.direct(RouteNames.store(store, suffix))))
                .toList();
    }

    /** Whether the store has a count route. */
    public boolean countable(String store) {
        return exists(store, RouteNames.COUNT);
    }

    /** Whether the store has a route with this suffix. */
    public boolean exists(String store, String suffix) {
        return routes(store, suffix).findAny().isPresent();
    }

    /** The ids of these participants' routes that no {@link ErrorGuard} covers. */
    List<String> unguarded(List<String> participants) {
        return participants.stream()
                .flatMap(store -> Stream.of(
                                RouteNames.WRITE,
                                RouteNames.COMPENSATE,
                                RouteNames.COUNT,
                                RouteNames.COMPLETE,
                                RouteNames.HIDE)
                        .flatMap(suffix -> routes(store, suffix)))
                .filter(route -> !ErrorGuard.covers(context, route))
                .map(Route::getRouteId)
                .toList();
    }

    private Stream<Route> routes(String store, String suffix) {
        String uri = "direct://" + config.id(RouteNames.store(store, suffix));
        return context.getRoutes().stream()
                .filter(route -> route.getEndpoint().getEndpointUri().equals(uri));
    }

    /** Queries the store; empty for a store without a count route. */
    public Optional<StoreContents> contents(String store, Map<String, Object> facts) throws StoreCallException {
        if (!countable(store)) {
            return Optional.empty();
        }
        return Optional.of(
                toContents(store, call(store, RouteNames.COUNT, facts).getBody()));
    }

    /** Compensates the store; its route returns the residue that it knows of. */
    public StoreContents compensate(String store, Map<String, Object> facts) throws StoreCallException {
        Message answer = call(store, RouteNames.COMPENSATE, facts);
        Optional<String> reason = Optional.ofNullable(answer.getHeader(ExchangeKeys.RESIDUE_REASON, String.class));
        return answer.getBody() instanceof Collection<?> names ? contents(names, reason) : StoreContents.NOTHING;
    }

    /**
     * Writes a document again outside its saga, for a repair; the run gives the document and the permits.
     *
     * @return how many pieces the store reported, if it did
     */
    public OptionalLong write(String store, Run run, Duration limit) throws StoreCallException {
        return expected(request(store, RouteNames.WRITE, limit, exchange -> {
            exchange.setProperty(ExchangeKeys.RUN, run);
            exchange.getMessage().setBody(new HashMap<>(run.document().facts()));
        }));
    }

    /** Calls another route of a store; null if the route returns no body. */
    public @Nullable Object inspect(String store, String suffix, Map<String, Object> body) throws StoreCallException {
        return call(store, suffix, body).getBody();
    }

    public void complete(String store, Map<String, Object> facts) throws StoreCallException {
        if (exists(store, RouteNames.COMPLETE)) {
            call(store, RouteNames.COMPLETE, facts);
        }
    }

    /**
     * Makes a document invisible.
     *
     * @return false for a store without a route for it
     */
    boolean hide(String store, Map<String, Object> facts) throws StoreCallException {
        if (!exists(store, RouteNames.HIDE)) {
            return false;
        }
        call(store, RouteNames.HIDE, facts);
        return true;
    }

    private static StoreContents toContents(String store, @Nullable Object answer) throws StoreCallException {
        if (answer instanceof Collection<?> names) {
            return contents(names, Optional.empty());
        }
        OptionalLong number = number(answer);
        if (number.isEmpty()) {
            throw new StoreCallException(
                    "the count route of store " + store + " must return a number or a list, returned "
                            + (answer == null ? "nothing" : answer.getClass().getSimpleName()),
                    null);
        }
        return new StoreContents(number.getAsLong(), List.of(), Optional.empty());
    }

    private static OptionalLong number(@Nullable Object answer) {
        if (answer instanceof Number number) {
            return OptionalLong.of(number.longValue());
        }
        try {
            return OptionalLong.of(Long.parseLong(String.valueOf(answer).strip()));
        } catch (NumberFormatException e) {
            return OptionalLong.empty();
        }
    }

    /** How many pieces a store reports at the end of its write. For display only. */
    static OptionalLong expected(Message answer) {
        Object reported = answer.getHeader(ExchangeKeys.EXPECTED);
        OptionalLong pieces = number(reported);
        if (reported != null && pieces.isEmpty()) {
            LOG.warn(
                    "a store of saga {} ended its write with a header {} that is not a number;"
                            + " how many pieces it should hold is unknown",
                    answer.getExchange()
                            .getProperty(ExchangeKeys.RUN, Run.class)
                            .sagaId(),
                    ExchangeKeys.EXPECTED);
        }
        return pieces;
    }

    private static StoreContents contents(Collection<?> names, Optional<String> reason) {
        return new StoreContents(
                names.size(), names.stream().map(String::valueOf).toList(), reason);
    }

    private Message call(String store, String suffix, Map<String, Object> facts) throws StoreCallException {
        return request(store, suffix, config.operation().compensation().stepTimeout(), exchange -> {
            exchange.getMessage().setBody(new HashMap<>(facts));
            traces.of(String.valueOf(facts.get(DocumentFacts.SAGA_ID))).to(exchange);
        });
    }

    private Message request(String store, String suffix, Duration limit, Processor fill) throws StoreCallException {
        String uri = config.direct(RouteNames.store(store, suffix));
        Future<Exchange> reply = calls.submit(() -> template.request(uri, exchange -> {
            ErrorGuard.mark(exchange);
            fill.process(exchange);
        }));
        try {
            Exchange answer = reply.get(limit.toMillis(), TimeUnit.MILLISECONDS);
            if (answer.getException() != null) {
                throw new StoreCallException(uri + ": " + reason(answer.getException()), answer.getException());
            }
            return answer.getMessage();
        } catch (TimeoutException e) {
            reply.cancel(true);
            throw new StoreCallException(uri + ": no answer within " + limit.toSeconds() + " s", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoppingException("this process is stopping during the call of " + uri, e);
        } catch (ExecutionException e) {
            throw new StoreCallException(uri + ": " + reason(e.getCause()), e.getCause());
        }
    }

    /** The message of the innermost cause, which wrappers only repeat; with the class name for an Error. */
    static String reason(@Nullable Throwable thrown) {
        Throwable cause = thrown;
        while (cause != null && cause.getCause() != null && cause.getCause() != cause) {
            cause = cause.getCause();
        }
        if (cause == null) {
            return "unknown";
        }
        String name = cause.getClass().getSimpleName();
        if (cause.getMessage() == null) {
            return name;
        }
        return cause instanceof Error ? name + ": " + cause.getMessage() : cause.getMessage();
    }

    @Override
    public void close() {
        calls.close();
    }
}
