package dev.streamingsaga.lra;

import dev.streamingsaga.config.SagaConfig.Callback;
import dev.streamingsaga.datadir.Permissions;
import dev.streamingsaga.lra.CallbackServer.Answer;
import dev.streamingsaga.lra.CallbackServer.Request;
import dev.streamingsaga.probe.SideEffects;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The private listener that the coordinator calls. A call needs a token of ours and an LRA of our coordinator; it gets
 * 403 otherwise and nothing runs. Everything else in the request, endpoint URIs included, is ignored. Each call is
 * answered within 1.5 s; a longer handler goes on and the coordinator is told to call again. A connection serves one
 * call.
 */
public final class CallbackListener implements AutoCloseable {
    static final String PATH = "/lra-participant";
    static final String COMPENSATE = PATH + "/compensate";
    static final String COMPLETE = PATH + "/complete";

    private static final Logger LOG = LoggerFactory.getLogger(CallbackListener.class);
    private static final String LRA_HEADER = "Long-Running-Action";
    private static final Duration PATIENCE = Duration.ofMillis(1500);
    private static final CallbackServer.Limits LIMITS = new CallbackServer.Limits(64, Duration.ofSeconds(5), 64 << 10);

    private final CallbackServer server;
    private final CallbackRunner runner;
    private final CallbackToken tokens;
    private final LraScope scope;
    private final Ping ping;
    private final RefusedCalls refusals = new RefusedCalls();

    private CallbackListener(Bound bound, CallbackToken tokens, LraScope scope, CallbackHandler handler) {
        this.server = bound.server();
        this.tokens = tokens;
        this.scope = scope;
        this.ping = new Ping(bound.url());
        this.runner = new CallbackRunner(handler, PATIENCE);
    }

    private record Bound(CallbackServer server, URI url) {}

    /**
     * Starts listening on {@code saga.callback.host} and {@code port}. Port 0: one is chosen once and kept in
     * {@code DATA/callback.port}, since the coordinator calls the same URL after a restart.
     *
     * @param scope whose LRAs may call
     * @throws IOException if the configured port is taken, or port or secret cannot be kept
     */
    public static CallbackListener start(Callback config, Path dataDir, LraScope scope, CallbackHandler handler)
            throws IOException {
        return start(config, dataDir, scope, handler, LIMITS);
    }

    static CallbackListener start(
            Callback config, Path dataDir, LraScope scope, CallbackHandler handler, CallbackServer.Limits limits)
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

    private static CallbackServer bind(String host, int port, CallbackServer.Limits limits) throws IOException {
        InetSocketAddress address = new InetSocketAddress(host, port);
        if (address.isUnresolved()) {
            throw new IOException("saga.callback.host " + host + " is not a known host; nothing was started");
        }
        try {
            return CallbackServer.bind(address, limits);
        } catch (java.net.BindException e) {
            java.net.BindException told =
                    new java.net.BindException("cannot listen for callbacks on " + host + ":" + port
                            + " (saga.callback.host, saga.callback.port): " + e.getMessage()
                            + ". If another process has that port, stop it, or choose"
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
            throw new IllegalArgumentException(
                    "saga.callback.url must be set when saga.callback.host is " + config.host());
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

    private Answer route(Request request) {
        String path = String.valueOf(request.target().getPath());
        if (request.method().equals("GET") && path.startsWith(Ping.PATH)) {
            return ping.answer(path.substring(Ping.PATH.length()))
                    .map(text -> new Answer(200, text))
                    .orElse(Answer.of(404));
        }
        if (!COMPENSATE.equals(path) && !COMPLETE.equals(path)) {
            return Answer.of(404);
        }
        return request.method().equals("PUT")
                ? callback(
                        request,
                        COMPENSATE.equals(path)
                                ? CallbackRunner.CallbackKind.COMPENSATE
                                : CallbackRunner.CallbackKind.COMPLETE)
                : Answer.of(405);
    }

    private Answer callback(Request request, CallbackRunner.CallbackKind kind) {
        Optional<CallbackToken.Target> target = token(request.target()).flatMap(tokens::verify);
        List<String> lras = request.header(LRA_HEADER);
        if (target.isEmpty()) {
            return refuse(request, "without a token of ours");
        }
        if (lras.size() != 1 || !scope.mayCallBack(lras.get(0))) {
            return refuse(request, "for an LRA that is not of our coordinator");
        }
        try (SideEffects.Span watched = SideEffects.begin(
                "callback",
                kind.name().toLowerCase(Locale.ROOT) + " " + target.get().step())) {
            return run(new CallbackRunner.CallbackRequest(kind, target.get()));
        }
    }

    private Answer run(CallbackRunner.CallbackRequest call) {
        try {
            return Answer.of(runner.answer(call).status());
        } catch (ExecutionException e) {
            // Never a body that names a participant status: the coordinator would take FailedToCompensate as final.
            return new Answer(500, "failed, see the log of the application; call again");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Answer.of(503);
        }
    }

    private Answer refuse(Request request, String why) {
        refusals.add(why, request.caller());
        return Answer.of(403);
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

    /** Stops listening and waits up to 5 s for handlers that still run. */
    @Override
    public void close() {
        server.close();
        runner.close();
    }
}
