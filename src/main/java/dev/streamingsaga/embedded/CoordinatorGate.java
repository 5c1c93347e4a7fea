package dev.streamingsaga.embedded;

import dev.streamingsaga.http.WarningInterval;
import dev.streamingsaga.lra.CoordinatorSecret;
import io.undertow.io.IoCallback;
import io.undertow.io.Sender;
import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.HeaderMap;
import io.undertow.util.HeaderValues;
import io.undertow.util.Headers;
import io.undertow.util.HttpString;
import io.undertow.util.Methods;
import io.undertow.util.StatusCodes;
import java.io.IOException;
import java.net.SocketAddress;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xnio.IoUtils;

/**
 * Forwards a request to the coordinator only if it presents the secret and has the coordinator's own host name, so that
 * neither another user of this machine nor a web page can list, begin or end LRAs. Narayana itself requires no
 * authentication, and builds the URL of an LRA from the request. A refused connection is closed at once, without
 * reading the rest.
 */
final class CoordinatorGate implements HttpHandler {
    private static final Logger LOG = LoggerFactory.getLogger(CoordinatorGate.class);
    private static final HttpString AUTHORIZATION = new HttpString(CoordinatorSecret.HEADER);
    private static final int MISDIRECTED_REQUEST = 421;
    private static final int RETRY_AFTER_SECONDS = 5;

    private final HttpHandler coordinator;
    private final CoordinatorSecret secret;
    private final List<String> hosts;
    private final OpenLras lras;
    private final AtomicLong refused = new AtomicLong();
    private final WarningInterval warnings = new WarningInterval();

    /** @param hosts host names that requests may use, each with or without a port */
    CoordinatorGate(HttpHandler coordinator, CoordinatorSecret secret, List<String> hosts, OpenLras lras) {
        this.coordinator = coordinator;
        this.secret = secret;
        this.hosts = hosts;
        this.lras = lras;
    }

    @Override
    public void handleRequest(HttpServerExchange exchange) throws Exception {
        if (!isAuthorized(exchange.getRequestHeaders())) {
            exchange.getResponseHeaders().put(Headers.WWW_AUTHENTICATE, "Bearer");
            refuse(
                    exchange,
                    StatusCodes.UNAUTHORIZED,
                    "this coordinator requires its secret (saga.coordinator.secret)");
        } else if (!isOwnHost(exchange)) {
            refuse(
                    exchange,
                    MISDIRECTED_REQUEST,
                    "call this coordinator as http://" + hosts.get(0)
                            + " (saga.coordinator.url; add other names to saga.coordinator.hosts)");
        } else if (exchange.getRequestMethod().equals(Methods.POST)) {
            begin(exchange);
        } else {
            coordinator.handleRequest(exchange);
        }
    }

    private boolean isAuthorized(HeaderMap headers) {
        HeaderValues values = headers.get(AUTHORIZATION);
        return values != null && values.size() == 1 && secret.matches(values.getFirst());
    }

    /** A host in the request line would override the header, so it is refused. */
    private boolean isOwnHost(HttpServerExchange exchange) {
        HeaderValues values = exchange.getRequestHeaders().get(Headers.HOST);
        if (values == null || values.size() != 1 || exchange.isHostIncludedInRequestURI()) {
            return false;
        }
        String host = values.getFirst().toLowerCase(Locale.ROOT);
        return hosts.contains(host) || hosts.contains(host.replaceFirst(":\\d+$", ""));
    }

    /** A POST always begins an LRA. */
    private void begin(HttpServerExchange exchange) throws Exception {
        if (lras.reserve()) {
            releaseOnce(exchange);
            coordinator.handleRequest(exchange);
        } else {
            exchange.getResponseHeaders().put(Headers.RETRY_AFTER, RETRY_AFTER_SECONDS);
            answer(exchange, StatusCodes.SERVICE_UNAVAILABLE, "TooManyLRAs", IoCallback.END_EXCHANGE);
        }
    }

    /** Releases before the caller has the response: what it does next must not find the LRA counted twice. */
    private void releaseOnce(HttpServerExchange exchange) {
        AtomicBoolean reserved = new AtomicBoolean(true);
        exchange.addResponseCommitListener(response -> release(reserved));
        exchange.addExchangeCompleteListener((done, next) -> {
            release(reserved);
            next.proceed();
        });
    }

    private void release(AtomicBoolean reserved) {
        if (reserved.compareAndSet(true, false)) {
            lras.release();
        }
    }

    private void refuse(HttpServerExchange exchange, int status, String message) {
        count(status, exchange.getConnection().getPeerAddress());
        exchange.setPersistent(false);
        answer(exchange, status, message, new Closing());
    }

    private static void answer(HttpServerExchange exchange, int status, String text, IoCallback then) {
        exchange.setStatusCode(status);
        exchange.getResponseHeaders().put(Headers.CONTENT_TYPE, "text/plain; charset=utf-8");
        exchange.getResponseSender().send(text, then);
    }

    private void count(int status, SocketAddress caller) {
        long total = refused.incrementAndGet();
        if (warnings.isDue()) {
            LOG.warn(
                    "the coordinator refused a request from {} with HTTP {}; {} refused since the start",
                    caller,
                    status,
                    total);
        }
    }

    /** Closes the connection without waiting for the body. */
    private static final class Closing implements IoCallback {
        @Override
        public void onComplete(HttpServerExchange exchange, Sender sender) {
            IoUtils.safeClose(exchange.getConnection());
        }

        @Override
        public void onException(HttpServerExchange exchange, Sender sender, IOException failure) {
            IoUtils.safeClose(exchange.getConnection());
        }
    }
}
