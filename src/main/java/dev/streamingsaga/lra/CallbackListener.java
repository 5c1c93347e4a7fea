package dev.streamingsaga.lra;

import dev.streamingsaga.config.ServerConfig.Callback;
import dev.streamingsaga.datadir.Permissions;
import dev.streamingsaga.lra.CallbackServer.CallbackResponse;
import dev.streamingsaga.lra.CallbackServer.ReceivedCall;
import dev.streamingsaga.probe.SideEffects;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The private listener that the coordinator calls. A call needs a valid token and an LRA of the configured coordinator;
 * otherwise it is answered with 403 and runs nothing. Everything else in the request, endpoint URIs included, is
 * ignored. Each call is answered within 1.5 s; if the handler takes longer it continues, and the answer asks the
 * coordinator to call again. A connection serves one call.
 */
public final class CallbackListener implements AutoCloseable {
    static final String PATH = "/lra-participant";
    static final String COMPENSATE = PATH + "/compensate";
    static final String COMPLETE = PATH + "/complete";

    private static final Logger LOG = LoggerFactory.getLogger(CallbackListener.class);
    private static final String LRA_HEADER = "Long-Running-Action";
    private static final Duration ANSWER_LIMIT = Duration.ofMillis(1500);
    private static final CallbackServer.ListenerLimits LIMITS =
            new CallbackServer.ListenerLimits(64, Duration.ofSeconds(5), 64 << 10);

    private final CallbackServer server;
    private final CallbackRunner runner;
    private final CallbackToken tokens;
    private final LraScope scope;
    private final Ping ping;
    private final Map<CallbackToken.Target, CountDownLatch> trials = new ConcurrentHashMap<>();
    private final RefusedCalls refusals = new RefusedCalls();

    private CallbackListener(Bound bound, CallbackToken tokens, LraScope scope, CallbackHandler handler) {
        this.server = bound.server();
        this.tokens = tokens;
        this.scope = scope;
        this.ping = new Ping(bound.url());
        this.runner = new CallbackRunner(handler, ANSWER_LIMIT);
    }

    private record Bound(CallbackServer server, URI url) {}

    /**
     * Starts listening on {@code saga.callback.host} and {@code saga.callback.port}. Port 0: chooses a port once and
     * keeps it in {@code DATA/callback.port}, because the coordinator calls the same URL after a restart.
     *
     * @param scope whose LRAs may call
     * @throws IOException if the configured port is in use, or the port or the secret cannot be stored
     */
    public static CallbackListener start(Callback config, Path dataDir, LraScope scope, CallbackHandler handler)
            throws IOException {
        return start(config, dataDir, scope, handler, LIMITS);
    }

    static CallbackListener start(
            Callback config,
            Path dataDir,
            LraScope scope,
            CallbackHandler handler,
            CallbackServer.ListenerLimits limits)
            throws IOException {
        Permissions.folder(dataDir);
        CallbackToken tokens = CallbackToken.open(dataDir, config.secret());
        int port = config.port();
        CallbackServer server;
        if (port == 0) {
            var opened = PersistentPort.open(
                    dataDir.resolve("callback.port"), "callback listener", p -> bind(config.host(), p, limits));
            server = opened.server();
            port = opened.port();
        } else {
            server = bind(config.host(), port, limits);
        }
        CallbackListener listener = new CallbackListener(new Bound(server, url(config, port)), tokens, scope, handler);
        server.start(listener::route);
        LOG.info("callback listener on {}:{}, called as {}", config.host(), port, listener.uri());
        return listener;
    }

    private static CallbackServer bind(String host, int port, CallbackServer.ListenerLimits limits) throws IOException {
        InetSocketAddress address = new InetSocketAddress(host, port);
        if (address.isUnresolved()) {
            throw new IOException("saga.callback.host " + host + " cannot be resolved; nothing was started");
        }
        try {
            return CallbackServer.bind(address, limits);
        } catch (java.net.BindException e) {
            java.net.BindException explained =
                    new java.net.BindException("cannot listen for callbacks on " + host + ":" + port
                            + " (saga.callback.host, saga.callback.port): " + e.getMessage()
                            + ". If another process uses the port, stop it, or choose"
                            + " another with saga.callback.port, 0 for a free one; nothing was started");
            explained.initCause(e);
            throw explained;
        }
    }

    private static URI url(Callback config, int port) {
        if (config.url().isPresent()) {
            return URI.create(config.url().get().toString().replaceAll("/+$", ""));
        }
        if (new InetSocketAddress(config.host(), port).getAddress().isAnyLocalAddress()) {
            throw new IllegalArgumentException(
                    "saga.callback.url must be set when saga.callback.host is " + config.host());
        }
        String host = config.host().contains(":") ? "[" + config.host() + "]" : config.host();
        return URI.create("http://" + host + ":" + port);
    }

    /** Base URL at which the coordinator calls. */
    public URI uri() {
        return ping.base();
    }

    /** Expects a call of a {@link CallbackTrial}. Its later calls are answered too: the coordinator may repeat them. */
    CountDownLatch expect(CallbackToken.Target trial) {
        CountDownLatch called = new CountDownLatch(1);
        trials.put(trial, called);
        return called;
    }

    /** Signs the tokens that this listener accepts. */
    public CallbackToken tokens() {
        return tokens;
    }

    /** Calls refused since the start, without a valid token or for a foreign LRA. */
    public long refused() {
        return refusals.count();
    }

    /**
     * Calls this listener through its advertised URL and checks that this process answers.
     *
     * @throws IllegalStateException if no answer arrives within 5 s, or another process answers
     */
    public void selfCheck() {
        ping.check();
    }

    private CallbackResponse route(ReceivedCall request) {
        String path = String.valueOf(request.target().getPath());
        if (request.method().equals("GET") && path.startsWith(Ping.PATH)) {
            return ping.answer(path.substring(Ping.PATH.length()))
                    .map(text -> new CallbackResponse(200, text))
                    .orElse(CallbackResponse.of(404));
        }
        if (!COMPENSATE.equals(path) && !COMPLETE.equals(path)) {
            return CallbackResponse.of(404);
        }
        return request.method().equals("PUT")
                ? callback(
                        request,
                        COMPENSATE.equals(path)
                                ? CallbackRunner.CallbackKind.COMPENSATE
                                : CallbackRunner.CallbackKind.COMPLETE)
                : CallbackResponse.of(405);
    }

    private CallbackResponse callback(ReceivedCall request, CallbackRunner.CallbackKind kind) {
        Optional<CallbackToken.Target> target = token(request.target()).flatMap(tokens::verify);
        List<String> lras = request.header(LRA_HEADER);
        if (target.isEmpty()) {
            return refuse(request, "without a valid token");
        }
        if (lras.size() != 1 || !scope.mayCallBack(lras.get(0))) {
            return refuse(request, "for an LRA of another coordinator");
        }
        if (target.get().sagaId().equals(CallbackTrial.SAGA_ID)) {
            Optional.ofNullable(trials.remove(target.get())).ifPresent(CountDownLatch::countDown);
            return CallbackResponse.of(200);
        }
        try (SideEffects.Span watched = SideEffects.begin(
                "callback",
                kind.name().toLowerCase(Locale.ROOT) + " " + target.get().step())) {
            return run(new CallbackRunner.CallbackRequest(kind, target.get()));
        }
    }

    private CallbackResponse run(CallbackRunner.CallbackRequest call) {
        try {
            return CallbackResponse.of(runner.answer(call).status());
        } catch (ExecutionException e) {
            // Never name a participant status in the body: the coordinator would treat FailedToCompensate as final.
            return new CallbackResponse(500, "failed, see the log of the application; call again");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return CallbackResponse.of(503);
        }
    }

    private CallbackResponse refuse(ReceivedCall request, String reason) {
        refusals.add(reason, request.caller());
        return CallbackResponse.of(403);
    }

    /** The token's value if the query has exactly one. */
    private static Optional<String> token(URI request) {
        String query = request.getRawQuery();
        String prefix = CallbackToken.OPTION + "=";
        List<String> found = query == null
                ? List.of()
                : List.of(query.split("&")).stream()
                        .filter(p -> p.startsWith(prefix))
                        .map(p -> p.substring(prefix.length()))
                        .toList();
        return found.size() == 1 ? Optional.of(found.get(0)) : Optional.empty();
    }

    /** Stops listening and waits up to 5 s for running handlers. */
    @Override
    public void close() {
        server.close();
        runner.close();
    }
}
