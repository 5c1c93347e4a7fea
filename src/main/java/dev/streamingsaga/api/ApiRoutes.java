package dev.streamingsaga.api;

import dev.streamingsaga.api.Operation.Request;
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
 * The door of the API: {@code platform-http:<saga.http.path>/api} and the page's few files, on whatever HTTP server the context has.
 * Every path has its answer from here, errors as {@code application/problem+json}; no {@code restConfiguration} is touched.
 */
public final class ApiRoutes extends RouteBuilder implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ApiRoutes.class);
    private static final long SWEEP_SECONDS = 30;
    private static final String VERTX_MESSAGE = "org.apache.camel.component.platform.http.vertx.HttpMessage";

    private final SagaConfig config;
    /** What documents say, and how the API is described: whatever looks like a path there is none of this machine. */
    private static final Set<String> PUBLIC_TEXT = Set.of("/api/search", "/api/openapi.json");

    private final HiddenPaths paths;
    private final AccessControl gate;
    private final UploadSpool spool;
    private final EventFeed events;
    private final Operations operations;
    private final ScheduledExecutorService timer;
    private volatile boolean closing;

    /**
     * @throws dev.streamingsaga.config.ConfigException if the file of keys cannot be used
     * @throws IOException if the spool folder cannot be made
     */
    public ApiRoutes(CamelContext context, ApiDependencies parts) throws IOException {
        super(context);
        this.config = parts.config();
        HttpAuth auth = config.http().auth();
        this.gate = new AccessControl(auth.keysFile().map(ApiKeys::open), auth.oidcIssuer().map(issuer -> new OidcTokens(auth)));
        this.paths = new HiddenPaths(config);
        this.spool = new UploadSpool(config.uploads(), config, parts.journal());
        spool.open();
        SagaViews views = new SagaViews(parts);
        Totals totals = new Totals(parts.journal());
        this.events = new EventFeed(parts, views, totals);
        this.operations = new Operations(new IngestOperations(parts, new IngestDispatcher(config, context), spool), new DocumentOperations(parts),
                new SagaOperations(parts, views, totals), events, new ObserveOperations(parts.observation(), gate));
        this.timer = context.getExecutorServiceManager().newScheduledThreadPool(this, config.id("http-timer"), 2);
        timer.scheduleWithFixedDelay(events::tick, EventFeed.TICK_MILLIS, EventFeed.TICK_MILLIS, TimeUnit.MILLISECONDS);
        timer.scheduleWithFixedDelay(spool::sweep, SWEEP_SECONDS, SWEEP_SECONDS, TimeUnit.SECONDS);
    }

    /** Threads that requests may hold for long: what a server's pool needs besides those of quick requests. */
    public static int threads(SagaConfig config) {
        SagaConfig.HttpLimits limits = config.http().limits();
        return limits.uploads() + limits.sagas() + limits.downloads() + limits.listeners();
    }

    @Override
    public void configure() {
        getContext().getRegistry().bind(config.id("http-headers"), new ApiHeaderFilter());
        errorHandler(noErrorHandler());
        serve("/api", true, "api", "the HTTP API: one answer for every path below");
        serve("/observe", true, "observe", "metrics and health");
        for (String path : new TreeSet<>(PageFiles.FILES.keySet())) {
            serve(path, false, path.equals("/") ? "page" : "page-" + path.substring(1).replace('.', '-'), "a file of the page");
        }
    }

    private void serve(String path, boolean below, String id, String description) {
        // Bodies as they come: neither kept first nor, on a servlet server, read as text. Vert.x hands over its own request anyway.
        from("platform-http:" + config.http().path() + path + "?useBodyHandler=false&matchOnUriPrefix=" + below + "&headerFilterStrategy=#"
                + config.id("http-headers") + (isVertx() ? "" : "&useStreaming=true"))
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
                notAnswered(call, reply, e);
            }
        } catch (Error e) {
            // A library that is not there, say: the server answers with 500 and tells nobody.
            LOG.error("{} {} failed", call.method(), call.path(), e);
            throw e;
        }
    }

    /** Clients go away all the time: one line, and none for listeners, who have no other way to end. */
    private static void notAnswered(HttpCall call, Reply reply, Exception why) {
        String reason = why instanceof IOException ? why.getMessage() : why.toString();
        LOG.atLevel(reply.length() == Reply.ENDLESS ? Level.DEBUG : Level.INFO)
                .log("{} {} was not answered to its end: {}", RequestText.shown(call.method()), RequestText.shown(call.path()),
                        reason);
    }

    private HttpCall call(Message message) {
        // By name: without Vert.x its class is not even there.
        return message.getClass().getName().equals(VERTX_MESSAGE)
                ? VertxHttpCalls.of(message, config.http().limits()) : new CamelHttpCall(message, config.http().limits());
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
            Request request = new Request(call, caller, Map.copyOf(found.variables()), trace);
            // What an operation lets everybody see may still have something for operators only.
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
                    + "; the log of the service says more").reply();
        }
    }

    private Reply withoutPaths(Operations.Match found, Request request) throws IOException, InterruptedException {
        try {
            return found.operation().handler().handle(request).mapJson(paths::json);
        } catch (Problem e) {
            // What we say ourselves repeats at most what the caller sent; what caused it may say more.
            return e.getCause() == null ? e.reply() : e.reply().mapJson(paths::json);
        }
    }

    static Problem stopping() {
        return new Problem(503, "stopping", "the service is stopping; send it again when it is back").header("Retry-After", "5");
    }

    /** New requests get 503, listeners an end; what runs goes on until the context stops. */
    @Override
    public void close() {
        closing = true;
        timer.shutdownNow();
        events.close();
    }
}
