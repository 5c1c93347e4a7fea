package dev.streamingsaga.api;

import dev.streamingsaga.api.Operation.ApiRequest;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.config.SagaConfig.HttpAuth;
import dev.streamingsaga.intake.DocumentRefusedException;
import dev.streamingsaga.intake.UploadSpool;
import dev.streamingsaga.trace.TraceLink;
import java.io.IOException;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.camel.CamelContext;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.builder.RouteBuilder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * The routes of the HTTP API, {@code platform-http:<saga.http.path>/api}, and of the files of the page, on the HTTP
 * server of the context. They answer every path, errors as {@code application/problem+json}. They do not change the
 * {@code restConfiguration}.
 */
public final class ApiRoutes extends RouteBuilder implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ApiRoutes.class);
    private static final long SWEEP_SECONDS = 30;
    private static final String VERTX_MESSAGE = "org.apache.camel.component.platform.http.vertx.HttpMessage";

    private final SagaConfig config;
    /** Answers that contain no paths of this machine, even if some text looks like one. */
    private static final Set<String> PUBLIC_TEXT = Set.of("/api/search", "/api/openapi.json");

    private final HiddenPaths paths;
    private final AccessControl gate;
    private final UploadSpool spool;
    private final EventFeed events;
    private final Operations operations;
    private final ScheduledExecutorService timer;
    private volatile boolean closing;

    /**
     * @throws dev.streamingsaga.config.ConfigException if the keys file is invalid
     * @throws IOException if the spool folder cannot be created
     */
    public ApiRoutes(CamelContext context, ApiDependencies parts) throws IOException {
        super(context);
        this.config = parts.config();
        HttpAuth auth = config.http().auth();
        this.gate = new AccessControl(auth.keysFile().map(ApiKeys::open),
                auth.oidcIssuer().map(issuer -> new OidcTokens(auth)));
        this.paths = new HiddenPaths(config);
        this.spool = new UploadSpool(config.uploads(), config, parts.journal());
        spool.open();
        SagaViews views = new SagaViews(parts);
        Totals totals = new Totals(parts.journal());
        this.events = new EventFeed(parts, views, totals);
        this.operations = new Operations(
                new IngestOperations(parts, new IngestDispatcher(config, context), spool),
                new DocumentOperations(parts),
                new SagaOperations(parts, views, totals), events, new ObserveOperations(parts.observation(), gate));
        this.timer = context.getExecutorServiceManager().newScheduledThreadPool(this, config.id("http-timer"), 2);
        timer.scheduleWithFixedDelay(events::tick, EventFeed.TICK_MILLIS, EventFeed.TICK_MILLIS, TimeUnit.MILLISECONDS);
        timer.scheduleWithFixedDelay(spool::sweep, SWEEP_SECONDS, SWEEP_SECONDS, TimeUnit.SECONDS);
    }

    /** Number of threads that long requests may hold; the server's pool needs them in addition to the usual ones. */
    public static int threads(SagaConfig config) {
        SagaConfig.HttpLimits limits = config.http().limits();
        return limits.uploads() + limits.sagas() + limits.downloads() + limits.listeners();
    }

    @Override
    public void configure() {
        getContext().getRegistry().bind(config.id("http-headers"), new ApiHeaderFilter());
        errorHandler(noErrorHandler());
        serve("/api", true, "api", "the HTTP API: answers every path below /api");
        serve("/observe", true, "observe", "metrics and health");
        for (String path : new TreeSet<>(PageFiles.FILES.keySet())) {
            String id = path.equals("/") ? "page" : "page-" + path.substring(1).replace('.', '-');
            serve(path, false, id, "a file of the operator's page");
        }
    }

    private void serve(String path, boolean below, String id, String description) {
        // Stream bodies: do not cache them first nor, on a servlet server, read them as text. Vert.x passes its own
        // request in any case.
        from("platform-http:" + config.http().path() + path + "?useBodyHandler=false&matchOnUriPrefix=" + below
                + "&headerFilterStrategy=#" + config.id("http-headers") + (isVertx() ? "" : "&useStreaming=true"))
                .routeId(config.id(id)).group("http").description(description).streamCache(false)
                .process(this::answer);
    }

    private boolean isVertx() {
        return getContext().getClassResolver().resolveClass(VERTX_MESSAGE) != null;
    }

    Operations operations() {
        return operations;
    }

    private void answer(Exchange exchange) {
        HttpCall call = call(exchange.getMessage());
        try {
            Reply reply = reply(call, TraceLink.of(exchange));
            try {
                call.reply(reply);
            } catch (IOException | RuntimeException e) {
                logAborted(call, reply, e);
            }
        } catch (Error e) {
            // For example a missing library: the server would answer with 500 and log nothing.
            LOG.error("{} {} failed", call.method(), call.path(), e);
            throw e;
        }
    }

    /** Clients disconnect all the time: log one line, and only at debug for event listeners, which always end so. */
    private static void logAborted(HttpCall call, Reply reply, Exception cause) {
        String reason = cause instanceof IOException ? cause.getMessage() : cause.toString();
        LOG.atLevel(reply.length() == Reply.ENDLESS ? Level.DEBUG : Level.INFO)
                .log("the answer to {} {} was not sent completely: {}", RequestText.shown(call.method()),
                        RequestText.shown(call.path()), reason);
    }

    private HttpCall call(Message message) {
        // Compared by name: without Vert.x the class does not exist.
        return message.getClass().getName().equals(VERTX_MESSAGE)
                ? VertxHttpCalls.of(message, config.http().limits())
                : new CamelHttpCall(message, config.http().limits());
    }

    private Reply reply(HttpCall call, TraceLink trace) {
        try {
            if (closing) {
                throw stopping();
            }
            Framing.require(call);
            String path = call.path().substring(Math.min(call.path().length(), config.http().path().length()));
            gate.requireOwnSite(call, PageFiles.FILES.containsKey(path));
            Operations.Match found = operations.find(call.method(), path);
            Caller caller = gate.requireScope(call, found.operation().scopes());
            ApiRequest request = new ApiRequest(call, caller, Map.copyOf(found.variables()), trace);
            // An operation that is open to everybody may still contain paths, which only operators may see.
            boolean operator = found.operation().scopes().isEmpty()
                    ? gate.hasScope(call, Scope.OPERATE) : caller.mayOperate();
            return operator || PUBLIC_TEXT.contains(path)
                    ? found.operation().handler().handle(request) : withoutPaths(found, request);
        } catch (Problem e) {
            return e.reply();
        } catch (DocumentRefusedException e) {
            return Problem.of(e).reply();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return stopping().reply();
        } catch (IOException | RuntimeException e) {
            LOG.error("{} {} failed", call.method(), call.path(), e);
            return new Problem(500, "failed", "the request failed: " + e.getClass().getSimpleName()
                    + "; see the log of the service").reply();
        }
    }

    private Reply withoutPaths(Operations.Match found, ApiRequest request) throws IOException, InterruptedException {
        try {
            return found.operation().handler().handle(request).mapJson(paths::json);
        } catch (Problem e) {
            // A detail without a cause contains no path except those that the caller sent; a cause may add others.
            return e.getCause() == null ? e.reply() : e.reply().mapJson(paths::json);
        }
    }

    static Problem stopping() {
        return new Problem(503, "stopping", "the service is stopping; send the request again when it is back")
                .header("Retry-After", "5");
    }

    /** New requests get 503, and event streams end. Running requests continue until the context stops. */
    @Override
    public void close() {
        closing = true;
        timer.shutdownNow();
        events.close();
    }
}
