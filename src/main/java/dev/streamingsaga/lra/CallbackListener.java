package dev.streamingsaga.lra;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.streamingsaga.config.SagaConfig.Callback;
import dev.streamingsaga.datadir.Permissions;
import dev.streamingsaga.lra.CallbackRunner.Call;
import dev.streamingsaga.lra.CallbackRunner.Kind;
import dev.streamingsaga.probe.SideEffects;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The private listener that the coordinator calls. A call needs a token of ours and an LRA of our coordinator; it gets 403
 * otherwise and nothing runs. Everything else in the request, endpoint URIs included, is ignored. Each call is answered within
 * 1.5 s; a longer handler goes on and the coordinator is told to call again.
 */
public final class CallbackListener implements AutoCloseable {
    static final String PATH = "/lra-participant";
    static final String COMPENSATE = PATH + "/compensate";
    static final String COMPLETE = PATH + "/complete";

    private static final Logger LOG = LoggerFactory.getLogger(CallbackListener.class);
    private static final String LRA_HEADER = "Long-Running-Action";
    private static final int MAX_BODY_BYTES = 64 << 10;
    private static final int THREADS = 8;
    private static final int QUEUE = 256;
    private static final Duration PATIENCE = Duration.ofMillis(1500);
    private static final Duration REQUEST_LIMIT = Duration.ofSeconds(5);

    private final HttpServer server;
    private final RequestThreads threads = new RequestThreads(THREADS, QUEUE, REQUEST_LIMIT);
    private final CallbackRunner runner;
    private final CallbackToken tokens;
    private final LraScope scope;
    private final Ping ping;
    private final Refusals refusals = new Refusals();

    private CallbackListener(Bound bound, CallbackToken tokens, LraScope scope, CallbackHandler handler) {
        this.server = bound.server();
        this.tokens = tokens;
        this.scope = scope;
        this.ping = new Ping(bound.url());
        this.runner = new CallbackRunner(handler, PATIENCE);
        server.setExecutor(threads);
        server.createContext("/", this::handle);
    }

    private record Bound(HttpServer server, URI url) {}

    /**
     * Starts listening on {@code saga.callback.host} and {@code port}. Port 0: one is chosen once and kept in
     * {@code DATA/callback.port}, since the coordinator calls the same URL after a restart.
     *
     * @param scope whose LRAs may call
     * @throws IOException if the configured port is taken, or port or secret cannot be kept
     */
    public static CallbackListener start(Callback config, Path dataDir, LraScope scope, CallbackHandler handler) throws IOException {
        Permissions.folder(dataDir);
        CallbackToken tokens = CallbackToken.open(dataDir, config.secret());
        int port = config.port();
        HttpServer server;
        if (port == 0) {
            var opened = KeptPort.open(dataDir.resolve("callback.port"), "callback listener", p -> bind(config.host(), p));
            server = opened.server();
            port = opened.port();
        } else {
            server = bind(config.host(), port);
        }
        CallbackListener listener = new CallbackListener(new Bound(server, url(config, port)), tokens, scope, handler);
        server.start();
        LOG.info("callback listener on {}:{}, called as {}", config.host(), port, listener.uri());
        return listener;
    }

    private static HttpServer bind(String host, int port) throws IOException {
        InetSocketAddress address = new InetSocketAddress(host, port);
        if (address.isUnresolved()) {
            throw new IOException("saga.callback.host " + host + " is not a known host; nothing was started");
        }
        try {
            return HttpServer.create(address, QUEUE);
        } catch (java.net.BindException e) {
            java.net.BindException told = new java.net.BindException("cannot listen for callbacks on " + host + ":" + port
                    + " (saga.callback.host, saga.callback.port): " + e.getMessage() + ". If another process has that port, stop it, or choose"
                    + " another with saga.callback.port, 0 for a free one; nothing was started");
            told.initCause(e);
            throw told;
        }
    }

    private static URI url(Callback config, int port) {
        if (config.url().isPresent()) {
            return URI.create(config.url().get().toString().replaceAll("/+$", ""));
        }
        if (new InetSocketAddress(config.host(), port).getAddress().isAnyLocalAddress()) {
            throw new IllegalArgumentException("saga.callback.url must be set when saga.callback.host is " + config.host());
        }
        String host = config.host().contains(":") ? "[" + config.host() + "]" : config.host();
        return URI.create("http://" + host + ":" + port);
    }

    /** Base URL under which the coordinator calls. */
    public URI uri() {
        return ping.base();
    }

    /** Signs the tokens that this listener accepts. */
    public CallbackToken tokens() {
        return tokens;
    }

    /** Calls refused since the start, for want of a token or for a foreign LRA. */
    public long refused() {
        return refusals.count();
    }

    /**
     * Calls this listener through its advertised URL and checks that this very process answers.
     *
     * @throws IllegalStateException if nobody answers within 5 s, or somebody else
     */
    public void selfCheck() {
        ping.check();
    }

    private void handle(HttpExchange exchange) {
        try (exchange) {
            route(exchange);
        } catch (IOException e) {
            LOG.debug("a caller went away before its answer; the coordinator will call again", e);
        } catch (RuntimeException e) {
            LOG.warn("cannot answer a call on the callback listener; the coordinator will call again", e);
        }
    }

    private void route(HttpExchange exchange) throws IOException {
        String path = exchange.getRequestURI().getPath();
        if (exchange.getRequestBody().readNBytes(MAX_BODY_BYTES + 1).length > MAX_BODY_BYTES) {
            send(exchange, 413, "");
        } else if ("GET".equals(exchange.getRequestMethod()) && path.startsWith(Ping.PATH)) {
            Optional<String> answer = ping.answer(path.substring(Ping.PATH.length()));
            send(exchange, answer.isPresent() ? 200 : 404, answer.orElse(""));
        } else if (!COMPENSATE.equals(path) && !COMPLETE.equals(path)) {
            send(exchange, 404, "");
        } else if (!"PUT".equals(exchange.getRequestMethod())) {
            send(exchange, 405, "");
        } else {
            callback(exchange, COMPENSATE.equals(path) ? Kind.COMPENSATE : Kind.COMPLETE);
        }
    }

    private void callback(HttpExchange exchange, Kind kind) throws IOException {
        Optional<CallbackToken.Target> target = token(exchange.getRequestURI()).flatMap(tokens::verify);
        List<String> lras = exchange.getRequestHeaders().getOrDefault(LRA_HEADER, List.of());
        if (target.isEmpty()) {
            refuse(exchange, "without a token of ours");
        } else if (lras.size() != 1 || !scope.mayCallBack(lras.get(0))) {
            refuse(exchange, "for an LRA that is not of our coordinator");
        } else {
            try (SideEffects.Span watched = SideEffects.begin("callback", kind.name().toLowerCase(Locale.ROOT) + " " + target.get().step())) {
                run(exchange, new Call(kind, target.get()));
            }
        }
    }

    private void run(HttpExchange exchange, Call call) throws IOException {
        try {
            send(exchange, runner.answer(call).status(), "");
        } catch (ExecutionException e) {
            // Never a body that names a participant status: the coordinator would take FailedToCompensate as final.
            send(exchange, 500, "failed, see the log of the application; call again");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void refuse(HttpExchange exchange, String why) throws IOException {
        refusals.add(why, exchange.getRemoteAddress());
        send(exchange, 403, "");
    }

    /** The token's value if the query has exactly one. */
    private static Optional<String> token(URI request) {
        String query = request.getRawQuery();
        String prefix = CallbackToken.OPTION + "=";
        List<String> found = query == null ? List.of()
                : List.of(query.split("&")).stream().filter(p -> p.startsWith(prefix)).map(p -> p.substring(prefix.length())).toList();
        return found.size() == 1 ? Optional.of(found.get(0)) : Optional.empty();
    }

    private static void send(HttpExchange exchange, int status, String text) throws IOException {
        byte[] body = text.getBytes(StandardCharsets.UTF_8);
        if (body.length > 0) {
            exchange.getResponseHeaders().set("Content-Type", "text/plain; charset=utf-8");
        }
        exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
        exchange.getResponseBody().write(body);
    }

    /** Stops listening and waits up to 5 s for handlers that still run. */
    @Override
    public void close() {
        server.stop(0);
        runner.close();
        threads.close();
    }
}
