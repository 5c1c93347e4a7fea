package dev.streamingsaga.lra;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.apache.http.ConnectionClosedException;
import org.apache.http.Header;
import org.apache.http.HttpEntity;
import org.apache.http.HttpEntityEnclosingRequest;
import org.apache.http.HttpException;
import org.apache.http.HttpRequest;
import org.apache.http.HttpResponse;
import org.apache.http.HttpVersion;
import org.apache.http.MessageConstraintException;
import org.apache.http.ProtocolException;
import org.apache.http.entity.ContentType;
import org.apache.http.entity.StringEntity;
import org.apache.http.impl.DefaultBHttpServerConnection;
import org.apache.http.impl.NoConnectionReuseStrategy;
import org.apache.http.message.BasicHttpResponse;
import org.apache.http.protocol.BasicHttpContext;
import org.apache.http.protocol.HttpContext;
import org.apache.http.protocol.HttpService;
import org.apache.http.protocol.ImmutableHttpProcessor;
import org.apache.http.protocol.ResponseContent;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A small HTTP server that slow clients cannot block. Each connection serves one request, which must arrive within a
 * time limit. At the connection limit, the connection that has taken longest to send its request is closed for a new
 * one; if all requests are being answered, new connections wait. The JDK server blocks a thread for each incomplete
 * request, and its limits apply to the whole JVM, which belongs to the hub.
 */
final class CallbackServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(CallbackServer.class);
    private static final int BACKLOG = 256;
    private static final long ACCEPT_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
    private static final String CONNECTION = "connection";

    private final ServerSocket listening;
    private final ListenerLimits limits;
    private final CallbackConnections connections;
    private final ThreadPoolExecutor threads;
    private final ScheduledExecutorService watch;
    private final Thread acceptor = new Thread(this::accept, "saga-callback-accept");
    private @Nullable HttpService service;

    private CallbackServer(ServerSocket listening, ListenerLimits limits) {
        this.listening = listening;
        this.limits = limits;
        this.connections = new CallbackConnections(limits.connections());
        // Twice as many: a connection that was closed for another one keeps its thread until the read fails.
        this.threads = new ThreadPoolExecutor(
                0,
                2 * limits.connections(),
                10,
                TimeUnit.SECONDS,
                new SynchronousQueue<>(),
                new NamedThreads("saga-callback", true));
        this.watch = Executors.newSingleThreadScheduledExecutor(new NamedThreads("saga-callback-watch", true));
    }

    /**
     * @param connections maximum of open connections
     * @param request time limit for a request to arrive, its body included
     * @param bodyBytes maximum size of a body; a larger one is answered with 413
     */
    record ListenerLimits(int connections, Duration request, int bodyBytes) {}

    /** A request whose body was read and discarded. */
    record ReceivedCall(String method, URI target, HttpRequest message, InetSocketAddress caller) {
        List<String> header(String name) {
            return Arrays.stream(message.getHeaders(name)).map(Header::getValue).toList();
        }
    }

    /** @param text may be empty */
    record CallbackResponse(int status, String text) {
        static CallbackResponse of(int status) {
            return new CallbackResponse(status, "");
        }
    }

    @FunctionalInterface
    interface RequestHandler {
        CallbackResponse answer(ReceivedCall request);
    }

    /** @throws java.net.BindException if the port is in use */
    static CallbackServer bind(InetSocketAddress address, ListenerLimits limits) throws IOException {
        ServerSocket listening = new ServerSocket();
        try {
            // After a restart, connections of the former process may still be in TIME_WAIT.
            listening.setReuseAddress(true);
            listening.bind(address, BACKLOG);
            return new CallbackServer(listening, limits);
        } catch (IOException | RuntimeException e) {
            listening.close();
            throw e;
        }
    }

    /** Starts answering requests. Call once. */
    void start(RequestHandler handler) {
        this.service = service(handler);
        acceptor.setDaemon(true);
        acceptor.start();
    }

    private void accept() {
        while (!listening.isClosed()) {
            try {
                serve(listening.accept());
            } catch (IOException e) {
                if (!listening.isClosed()) {
                    // For example too many open files: calls wait in the backlog.
                    LOG.debug("cannot accept a callback", e);
                    LockSupport.parkNanos(ACCEPT_PAUSE_NANOS);
                }
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    private void serve(Socket socket) throws IOException, InterruptedException {
        connections.add(socket);
        try {
            threads.execute(() -> answer(socket));
        } catch (RejectedExecutionException e) {
            connections.remove(socket);
            socket.close();
        }
    }

    private void answer(Socket socket) {
        Future<?> readTimeout = watch.schedule(
                () -> connections.closeUnread(socket), limits.request().toMillis(), TimeUnit.MILLISECONDS);
        try (socket;
                DefaultBHttpServerConnection connection = CallbackFraming.connection()) {
            socket.setSoTimeout(Math.toIntExact(limits.request().toMillis()));
            connection.bind(socket);
            HttpContext context = new BasicHttpContext();
            context.setAttribute(CONNECTION, new PendingRead(socket, readTimeout));
            answer(connection, context);
        } catch (ConnectionClosedException | SocketTimeoutException e) {
            LOG.debug("no complete request arrived: {}", e.toString());
        } catch (IOException | HttpException e) {
            LOG.debug("a caller disconnected before the answer; the coordinator will call again", e);
        } catch (RuntimeException e) {
            LOG.warn("cannot answer a call on the callback listener; the coordinator will call again", e);
        } finally {
            readTimeout.cancel(false);
            connections.remove(socket);
        }
    }

    private void answer(DefaultBHttpServerConnection connection, HttpContext context)
            throws IOException, HttpException {
        try {
            Objects.requireNonNull(service).handleRequest(connection, context);
        } catch (MessageConstraintException e) {
            HttpResponse tooLarge = new BasicHttpResponse(HttpVersion.HTTP_1_1, 431, "Request Header Fields Too Large");
            tooLarge.setHeader("Connection", "close");
            tooLarge.setHeader("Content-Length", "0");
            connection.sendResponseHeader(tooLarge);
            connection.flush();
        }
    }

    /** A connection whose request is still arriving. */
    private record PendingRead(Socket socket, Future<?> readTimeout) {}

    private HttpService service(RequestHandler handler) {
        ImmutableHttpProcessor responseHeaders = new ImmutableHttpProcessor(
                new ResponseContent(), (response, context) -> response.setHeader("Connection", "close"));
        return new HttpService(
                responseHeaders,
                NoConnectionReuseStrategy.INSTANCE,
                null,
                request -> (message, response, context) -> handle(handler, message, response, context));
    }

    private void handle(RequestHandler handler, HttpRequest message, HttpResponse response, HttpContext context)
            throws IOException, HttpException {
        PendingRead reading = (PendingRead) context.getAttribute(CONNECTION);
        CallbackFraming.require(message);
        if (!readBody(message)) {
            response.setStatusCode(413);
            return;
        }
        reading.readTimeout().cancel(false);
        connections.answering(reading.socket());
        CallbackResponse answer = handler.answer(
                new ReceivedCall(message.getRequestLine().getMethod(), target(message), message, (InetSocketAddress)
                        reading.socket().getRemoteSocketAddress()));
        response.setStatusCode(answer.status());
        if (!answer.text().isEmpty()) {
            response.setEntity(new StringEntity(answer.text(), ContentType.TEXT_PLAIN.withCharset("UTF-8")));
        }
    }

    private static URI target(HttpRequest message) throws ProtocolException {
        try {
            return URI.create(message.getRequestLine().getUri());
        } catch (IllegalArgumentException e) {
            throw new ProtocolException("the request target is not a URI", e);
        }
    }

    private boolean readBody(HttpRequest message) throws IOException {
        HttpEntity body = message instanceof HttpEntityEnclosingRequest enclosing ? enclosing.getEntity() : null;
        if (body == null) {
            return true;
        }
        InputStream bytes = body.getContent();
        return bytes.readNBytes(limits.bodyBytes() + 1).length <= limits.bodyBytes();
    }

    /** The port is released only when the accepting thread has ended. */
    private void awaitAcceptor() {
        try {
            acceptor.join(TimeUnit.SECONDS.toMillis(1));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Stops listening and closes every connection, even if a request is being answered. */
    @Override
    public void close() {
        try {
            listening.close();
        } catch (IOException e) {
            LOG.debug("closing the callback listener", e);
        }
        acceptor.interrupt();
        awaitAcceptor();
        connections.close();
        threads.shutdownNow();
        watch.shutdownNow();
    }
}
