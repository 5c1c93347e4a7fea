package dev.streamingsaga.embedded;

import dev.streamingsaga.api.ApiRoutes;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.lra.KeptPort;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.file.FileSystemOptions;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.BodyHandler;
import java.io.IOException;
import java.net.BindException;
import java.net.URI;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.camel.CamelContext;
import org.apache.camel.component.platform.http.vertx.VertxPlatformHttpRouter;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The stand-alone application's HTTP server: Vert.x, for Camel's {@code platform-http} component. With a thread for each request that may
 * take long, and a limit on how long a connection may say nothing.
 */
final class EmbeddedHttp implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(EmbeddedHttp.class);
    private static final int QUICK_REQUESTS = 16;
    private static final int EVENT_LOOPS = 2;
    private static final int LONGEST_WAIT_SECONDS = 600;
    private static final long PATIENCE_SECONDS = 10;
    private static final int MAX_SMALL_BODY_BYTES = 1024 * 1024;

    private final Vertx vertx;
    private final URI uri;
    /** Why nothing is answered; empty while it is. */
    private final AtomicReference<String> away;

    private EmbeddedHttp(Vertx vertx, URI uri, AtomicReference<String> away) {
        this.vertx = vertx;
        this.uri = uri;
        this.away = away;
    }

    /**
     * Listens, and makes itself known to the context. Until {@link #ready}, and after {@link #stopping}, every request is answered with 503: without its routes a server
     * would tell a client that what it asks for does not exist. Port 0: one is chosen once and kept in {@code DATA/http.port}.
     *
     * @throws IOException if the port is taken, or the host is none of this machine
     */
    static EmbeddedHttp start(SagaConfig config, CamelContext context) throws IOException {
        // Its file cache is for class path resources served by itself; we serve none that way, and a kill would leave it.
        Vertx vertx = Vertx.vertx(new VertxOptions()
                .setFileSystemOptions(new FileSystemOptions().setFileCachingEnabled(false).setClassPathResolvingEnabled(false))
                .setEventLoopPoolSize(EVENT_LOOPS)
                .setWorkerPoolSize(QUICK_REQUESTS + ApiRoutes.threads(config))
                .setMaxWorkerExecuteTime(1).setMaxWorkerExecuteTimeUnit(TimeUnit.DAYS));
        try {
            Router router = Router.router(vertx);
            RouterProblems.register(router);
            AtomicReference<String> away = new AtomicReference<>("starting");
            int port = port(config, vertx, request -> {
                if (away.get().isEmpty()) {
                    router.handle(request);
                } else {
                    refuse(request, away.get());
                }
            });
            context.getRegistry().bind(VertxPlatformHttpRouter.PLATFORM_HTTP_ROUTER_NAME_ZERO, new OurRouter(vertx, router));
            String host = config.http().host();
            URI uri = URI.create("http://" + (host.contains(":") && !host.startsWith("[") ? "[" + host + "]" : host) + ":" + port + config.http().path() + "/");
            LOG.info("HTTP API and page on {}", uri);
            return new EmbeddedHttp(vertx, uri, away);
        } catch (IOException | RuntimeException e) {
            vertx.close();
            throw e;
        }
    }

    private static void refuse(HttpServerRequest request, String why) {
        request.response().setStatusCode(503).putHeader("Content-Type", "application/problem+json").putHeader("Retry-After", "1")
                .putHeader("Connection", "close")
                .end("{\"type\":\"urn:streaming-saga:" + why + "\",\"title\":\"Not available\",\"status\":503,\"detail\":\"the service is " + why + ";"
                        + " nothing was read, try again in a moment\"}");
    }

    private static int port(SagaConfig config, Vertx vertx, Handler<HttpServerRequest> router) throws IOException {
        String host = config.http().host().replaceAll("[\\[\\]]", "");
        if (config.http().port() != 0) {
            return listen(vertx, router, host, config.http().port()).actualPort();
        }
        return KeptPort.open(config.dataDir().resolve("http.port"), "HTTP API", port -> listen(vertx, router, host, port)).port();
    }

    private static HttpServer listen(Vertx vertx, Handler<HttpServerRequest> router, String host, int port) throws IOException {
        // Some clients offer to change to HTTP/2 in the clear; a body would have to wait for that.
        HttpServerOptions options = new HttpServerOptions().setHost(host).setPort(port).setHttp2ClearTextEnabled(false)
                .setIdleTimeout(2 * LONGEST_WAIT_SECONDS).setIdleTimeoutUnit(TimeUnit.SECONDS);
        try {
            return done(vertx.createHttpServer(options).requestHandler(router)
                    .invalidRequestHandler(new InvalidRequests()).listen());
        } catch (BindException e) {
            BindException told = new BindException("cannot listen for HTTP on " + host + ":" + port + " (saga.http.host, saga.http.port): "
                    + e.getMessage() + ". If another process has that port, stop it, or choose another port: -D saga.http.port=PORT, or"
                    + " -D saga.http.port=0 for a free one; nothing was started");
            told.initCause(e);
            throw told;
        }
    }

    private static <T> T done(Future<T> step) throws IOException {
        try {
            return step.toCompletionStage().toCompletableFuture().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof IOException io ? io : new IOException(e.getCause());
        } catch (TimeoutException e) {
            throw new IOException("the HTTP server did not answer within " + PATIENCE_SECONDS + " s", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    /** For routes of the operator's own, in {@code routes/}, bodies are read as Camel's component does, up to 1 MiB. */
    private static final class OurRouter extends VertxPlatformHttpRouter {
        OurRouter(Vertx vertx, Router router) {
            super(null, vertx, router, PLATFORM_HTTP_ROUTER_NAME_ZERO);
        }

        @Override
        public Handler<RoutingContext> bodyHandler() {
            BodyHandler handler = BodyHandler.create(false).setBodyLimit(MAX_SMALL_BODY_BYTES);
            return request -> {
                request.request().resume();
                handler.handle(request);
            };
        }
    }

    /** What runs is still answered. */
    void stopping() {
        away.set("stopping");
    }

    URI uri() {
        return uri;
    }

    /** From now on requests reach the routes. */
    void ready() {
        away.set("");
    }

    @Override
    public void close() throws IOException {
        done(vertx.close());
    }
}
