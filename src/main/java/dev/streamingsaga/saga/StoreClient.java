package dev.streamingsaga.saga;

import dev.streamingsaga.chunk.ChunkRoutes;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.journal.DocumentFacts;
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
 * The core's view of a participating store: up to four routes, {@code direct:<name>-store-STORE} and the same with
 * {@code -compensate}, {@code -count} and {@code -complete}, the last two optional. Every call has a time limit.
 */
public final class StoreClient implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(StoreClient.class);

    private final SagaConfig config;
    private final CamelContext context;
    private final ProducerTemplate template;
    /**
     * A new thread for each call: what Camel left behind on one, of a store that died of an Error, must not go on with
     * the next call.
     */
    private final SimpleAsyncTaskExecutor calls = new SimpleAsyncTaskExecutor();

    private final Traces traces;

    public StoreClient(SagaConfig config, CamelContext context) {
        this.config = config;
        this.context = context;
        this.template = context.createProducerTemplate();
        this.traces = Traces.of(context);
        this.calls.setThreadNamePrefix(config.id("store-call-"));
        this.calls.setDaemon(true); // one that hangs does not keep the process
        this.calls.setTaskTerminationTimeout(1); // so that closing interrupts what still runs
    }

    /** Not the store's failure: whoever runs next does it again. */
    static final class StoppingException extends RuntimeException {
        StoppingException(String message, Throwable cause) {
            super(message, cause);
        }
    }

    /**
     * What a store still holds of a saga: pieces by name where it can tell, else their number, and why it does if it
     * said so.
     */
    public record Held(long count, List<String> resources, Optional<String> because) {
        static final Held NOTHING = new Held(0, List.of(), Optional.empty());

        /** The pieces, or {@code whole} for a store that only counts. */
        List<String> names(String whole) {
            return count > 0 && resources.isEmpty() ? List.of(whole) : resources;
        }
    }

    /** What a participant must have, and does not: empty if all is there. */
    List<String> missing(List<String> participants) {
        return participants.stream()
                .flatMap(store -> Stream.of("", "-compensate")
                        .filter(suffix -> !exists(store, suffix))
                        .map(suffix -> config.direct("store-" + store + suffix)))
                .toList();
    }

    /** Whether the store can be asked at all. */
    public boolean countable(String store) {
        return exists(store, "-count");
    }

    /** Whether the store has a route with this suffix. */
    public boolean exists(String store, String suffix) {
        return routes(store, suffix).findAny().isPresent();
    }

    /** The ids of the routes of these participants that an {@link ErrorGuard} does not look at. */
    List<String> unguarded(List<String> participants) {
        return participants.stream()
                .flatMap(store ->
                        Stream.of("", "-compensate", "-count", "-complete").flatMap(suffix -> routes(store, suffix)))
                .filter(route -> !ErrorGuard.covers(context, route))
                .map(Route::getRouteId)
                .toList();
    }

    private Stream<Route> routes(String store, String suffix) {
        String uri = "direct://" + config.id("store-" + store + suffix);
        return context.getRoutes().stream()
                .filter(route -> route.getEndpoint().getEndpointUri().equals(uri));
    }

    /** Asks the store itself; empty for a store without a count route. */
    public Optional<Held> contents(String store, Map<String, Object> facts) throws StoreCallException {
        if (!countable(store)) {
            return Optional.empty();
        }
        return Optional.of(toContents(store, call(store, "-count", facts).getBody()));
    }

    /** Undoes; what the route returns is what it knows to be left. */
    public Held compensate(String store, Map<String, Object> facts) throws StoreCallException {
        Message answer = call(store, "-compensate", facts);
        Optional<String> because = Optional.ofNullable(answer.getHeader(ChunkRoutes.LEFT_BECAUSE, String.class));
        return answer.getBody() instanceof Collection<?> names ? contents(names, because) : Held.NOTHING;
    }

    /**
     * Writes outside a saga, for a document that is to be there already: the run says whose, and for how long.
     *
     * @return how many pieces the store was given, if it said so
     */
    public OptionalLong write(String store, Run run, Duration limit) throws StoreCallException {
        return expected(request(store, "", limit, exchange -> {
            exchange.setProperty(Run.PROPERTY, run);
            exchange.getMessage().setBody(new HashMap<>(run.document().facts()));
        }));
    }

    /** Any other question to a store; null if its route answers nothing. */
    public @Nullable Object inspect(String store, String suffix, Map<String, Object> body) throws StoreCallException {
        return call(store, suffix, body).getBody();
    }

    public void complete(String store, Map<String, Object> facts) throws StoreCallException {
        if (exists(store, "-complete")) {
            call(store, "-complete", facts);
        }
    }

    private static Held toContents(String store, @Nullable Object answer) throws StoreCallException {
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
        return new Held(number.getAsLong(), List.of(), Optional.empty());
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

    /**
     * How many pieces a store says at the end of its write that it was given; nothing depends on it but what is shown.
     */
    static OptionalLong expected(Message answer) {
        Object said = answer.getHeader(Run.EXPECTED);
        OptionalLong pieces = number(said);
        if (said != null && pieces.isEmpty()) {
            LOG.warn(
                    "a store of saga {} ended its write with a header {} that is no number; what it is to hold is not known",
                    answer.getExchange().getProperty(Run.PROPERTY, Run.class).sagaId(),
                    Run.EXPECTED);
        }
        return pieces;
    }

    private static Held contents(Collection<?> names, Optional<String> because) {
        return new Held(names.size(), names.stream().map(String::valueOf).toList(), because);
    }

    private Message call(String store, String suffix, Map<String, Object> facts) throws StoreCallException {
        return request(store, suffix, config.compensation().stepTimeout(), exchange -> {
            exchange.getMessage().setBody(new HashMap<>(facts));
            traces.of(String.valueOf(facts.get(DocumentFacts.SAGA_ID))).to(exchange);
        });
    }

    private Message request(String store, String suffix, Duration limit, Processor fill) throws StoreCallException {
        String uri = config.direct("store-" + store + suffix);
        Future<Exchange> future = calls.submit(() -> template.request(uri, exchange -> {
            ErrorGuard.mark(exchange);
            fill.process(exchange);
        }));
        try {
            Exchange answer = future.get(limit.toMillis(), TimeUnit.MILLISECONDS);
            if (answer.getException() != null) {
                throw new StoreCallException(uri + ": " + reason(answer.getException()), answer.getException());
            }
            return answer.getMessage();
        } catch (TimeoutException e) {
            future.cancel(true);
            throw new StoreCallException(uri + ": no answer within " + limit.toSeconds() + " s", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoppingException("the process stops while it calls " + uri, e);
        } catch (ExecutionException e) {
            throw new StoreCallException(uri + ": " + reason(e.getCause()), e.getCause());
        }
    }

    /** The innermost cause in words; wrappers only repeat it. An Error's own words say little without its name. */
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
