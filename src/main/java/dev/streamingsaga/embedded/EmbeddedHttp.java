package dev.streamingsaga.embedded;

import dev.streamingsaga.api.ApiRoutes;
import dev.streamingsaga.config.EndpointConfig.HttpConnections;
import dev.streamingsaga.config.EndpointConfig.HttpLimits;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.lra.PersistentPort;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelPipeline;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.file.FileSystemOptions;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.impl.HttpServerConnection;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.BodyHandler;
import java.io.IOException;
import java.net.BindException;
import java.net.URI;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.camel.CamelContext;
import org.apache.camel.component.platform.http.vertx.VertxPlatformHttpRouter;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The HTTP server of the stand-alone application: Vert.x, for Camel's {@code platform-http} component. It has a thread
 * for each request that may take long; it limits the connections, the time for the headers of a request and between two
 * requests, and it accepts only requests with strict framing.
 */
final class EmbeddedHttp implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(EmbeddedHttp.class);
    /** In the data directory: the port that was chosen once, if none is configured. */
    static final String PORT_FILE = "http.port";

    private static final int QUICK_REQUESTS = 16;
    private static final int EVENT_LOOPS = 2;
    private static final int LONGEST_WAIT_SECONDS = 600;
    private static final long OPERATION_LIMIT_SECONDS = 10;
    /** What one read from the network can return: fewer pieces of a body to pass to the thread that stores it. */
    private static final int BODY_PIECE_BYTES = 64 * 1024;

    private static final int MAX_SMALL_BODY_BYTES = 1024 * 1024;

    private final Vertx vertx;
    private final URI uri;
    /** Why requests are refused; empty while they are served. */
    private final AtomicReference<String> unavailable;

    private EmbeddedHttp(Vertx vertx, URI uri, AtomicReference<String> unavailable) {
        this.vertx = vertx;
        this.uri = uri;
        this.unavailable = unavailable;
    }

    /**
     * Starts listening and registers the router in the context. Before {@link #ready} and after {@link #stopping} every
     * request is answered with 503: without its routes the server would answer 404. Port 0: chooses a port once and
     * keeps it in {@code DATA/http.port}.
     *
     * @throws IOException if the port is in use, or the host is not an address of this machine
     */
    static EmbeddedHttp start(SagaConfig config, CamelContext context) throws IOException {
        // No file cache: it is for class path resources that Vert.x serves itself, and a kill leaves it behind.
        Vertx vertx = Vertx.vertx(new VertxOptions()
                .setFileSystemOptions(
                        new FileSystemOptions().setFileCachingEnabled(false).setClassPathResolvingEnabled(false))
                .setEventLoopPoolSize(EVENT_LOOPS)
                .setWorkerPoolSize(QUICK_REQUESTS + ApiRoutes.threads(config))
                .setMaxWorkerExecuteTime(1)
                .setMaxWorkerExecuteTimeUnit(TimeUnit.DAYS));
        try {
            Router router = Router.router(vertx);
            RouterProblems.register(router);
            AtomicReference<String> unavailable = new AtomicReference<>("starting");
            int port = port(config, vertx, request -> {
                String reason = Objects.requireNonNull(unavailable.get());
                if (reason.isEmpty()) {
                    router.handle(request);
                } else {
                    refuse(request, reason);
                }
            });
            context.getRegistry()
                    .bind(
                            VertxPlatformHttpRouter.PLATFORM_HTTP_ROUTER_NAME_ZERO,
                            new EmbeddedHttp.PlatformRouter(
                                    vertx, router, config.endpoints().http().limits()));
            URI uri = uri(config, port);
            LOG.info("HTTP API and page on {}", uri);
            return new EmbeddedHttp(vertx, uri, unavailable);
        } catch (IOException | RuntimeException e) {
            vertx.close();
            throw e;
        }
    }

    static URI uri(SagaConfig config, int port) {
        String host = config.endpoints().http().host();
        return URI.create("http://" + (host.contains(":") && !host.startsWith("[") ? "[" + host + "]" : host) + ":"
                + port + config.endpoints().http().path() + "/");
    }

    private static void refuse(HttpServerRequest request, String reason) {
        request.response().putHeader("Retry-After", "1");
        new ProblemAnswer(503, reason, "the service is " + reason + "; nothing was read, try again in a moment")
                .send(request.response());
    }

    private static int port(SagaConfig config, Vertx vertx, Handler<HttpServerRequest> router) throws IOException {
        // No HTTP/2 upgrade over plain text: some clients offer it, and then wait for it before sending the body.
        HttpServerOptions options = new HttpServerOptions()
                .setHost(config.endpoints().http().host().replaceAll("[\\[\\]]", ""))
                .setHttp2ClearTextEnabled(false)
                .setMaxChunkSize(BODY_PIECE_BYTES)
                .setIdleTimeout(2 * LONGEST_WAIT_SECONDS)
                .setIdleTimeoutUnit(TimeUnit.SECONDS);
        HttpConnections limits = config.endpoints().http().limits().connections();
        OpenConnections connections = new OpenConnections(limits.max());
        PersistentPort.Opener<HttpServer> opener = port -> listen(
                vertx.createHttpServer(options.setPort(port))
                        .requestHandler(router)
                        .invalidRequestHandler(new InvalidRequests())
                        .connectionHandler(connection ->
                                installLimits((HttpServerConnection) connection, options, limits, connections)),
                options);
        if (config.endpoints().http().port() != 0) {
            return opener.open(config.endpoints().http().port()).actualPort();
        }
        return PersistentPort.open(config.dataDir().resolve(PORT_FILE), "HTTP API", opener)
                .port();
    }

    /** Installs the limits of a connection before its first byte is read, on its event loop. */
    private static void installLimits(
            HttpServerConnection connection,
            HttpServerOptions options,
            HttpConnections limits,
            OpenConnections connections) {
        ChannelPipeline pipeline = connection.channelHandlerContext().pipeline();
        if (!connections.add(pipeline.channel())) {
            pipeline.channel().config().setAutoRead(false);
            pipeline.writeAndFlush(new ProblemAnswer(
                                    503,
                                    "too-many-connections",
                                    limits.max()
                                            + " connections are open (saga.http.max-connections); nothing was read,"
                                            + " try again later")
                            .message())
                    .addListener(ChannelFutureListener.CLOSE);
            return;
        }
        pipeline.replace("httpDecoder", "httpDecoder", new StrictRequestDecoder(options));
        pipeline.addBefore("handler", "clock", new ConnectionClock(limits, connections));
    }

    private static HttpServer listen(HttpServer server, HttpServerOptions options) throws IOException {
        try {
            return await(server.listen());
        } catch (BindException e) {
            BindException explained = new BindException("cannot listen for HTTP on " + options.getHost() + ":"
                    + options.getPort() + " (saga.http.host, saga.http.port): "
                    + e.getMessage()
                    + ". If another process uses the port, stop it, or choose another port: -D saga.http.port=PORT, or"
                    + " -D saga.http.port=0 for a free one; nothing was started");
            explained.initCause(e);
            throw explained;
        }
    }

    private static <T> T await(Future<T> step) throws IOException {
        try {
            return step.toCompletionStage().toCompletableFuture().get(OPERATION_LIMIT_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof IOException io ? io : new IOException(e.getCause());
        } catch (TimeoutException e) {
            throw new IOException("the HTTP server did not start or stop within " + OPERATION_LIMIT_SECONDS + " s", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    /**
     * Reads the bodies for the operator's own routes in {@code routes/} as Camel's component does, up to 1 MiB and
     * within a time limit.
     */
    private static final class PlatformRouter extends VertxPlatformHttpRouter {
        private final Vertx vertx;
        private final Duration limit;

        PlatformRouter(Vertx vertx, Router router, HttpLimits limits) {
            super(null, vertx, router, PLATFORM_HTTP_ROUTER_NAME_ZERO);
            this.vertx = vertx;
            limit = limits.idle().plusSeconds(limits.leastRate() == 0 ? 0 : MAX_SMALL_BODY_BYTES / limits.leastRate());
        }

        @Override
        public Handler<RoutingContext> bodyHandler() {
            BodyHandler handler = BodyHandler.create(false).setBodyLimit(MAX_SMALL_BODY_BYTES);
            return request -> {
                long timeout = vertx.setTimer(limit.toMillis(), id -> cutOff(request));
                request.request().resume();
                // After this handler the body is complete.
                request.addEndHandler(end -> vertx.cancelTimer(timeout));
                handler.handle(request);
            };
        }

        private void cutOff(RoutingContext request) {
            if (!request.request().isEnded() && !request.response().ended()) {
                new ProblemAnswer(
                                408,
                                "body-too-slow",
                                "the body did not end within " + limit.toMillis()
                                        + " ms (saga.http.idle-timeout, saga.http.min-rate); nothing was done")
                        .send(request.response())
                        .onComplete(sent -> request.request().connection().close());
            }
        }
    }

    /** Refuses new requests; running requests are still answered. */
    void stopping() {
        unavailable.set("stopping");
    }

    URI uri() {
        return uri;
    }

    /** From now on, requests reach the routes. */
    void ready() {
        unavailable.set("");
    }

    @Override
    public void close() throws IOException {
        await(vertx.close());
    }
}
