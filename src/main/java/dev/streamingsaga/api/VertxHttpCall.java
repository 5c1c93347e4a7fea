package dev.streamingsaga.api;

import dev.streamingsaga.config.SagaConfig.HttpLimits;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.net.impl.ConnectionBase;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.camel.component.platform.http.vertx.HttpMessage;
import org.jspecify.annotations.Nullable;

/**
 * On Vert.x, stand-alone and in Quarkus: body and answer go past Camel. Its own way caches the whole body before a
 * route sees the request, and ends an answer that broke off as if it were complete.
 */
final class VertxHttpCall implements HttpCall {
    private static final int BUFFER_BYTES = 64 * 1024;

    /** For a client that only listens once it has sent everything: how long we go on reading what we do not want. */
    private static final Duration LINGER = Duration.ofSeconds(2);

    private final HttpServerRequest request;
    private final HttpServerResponse response;
    private final HttpLimits limits;
    private @Nullable VertxBody body;

    VertxHttpCall(HttpMessage message, HttpLimits limits) {
        this.request = message.getRequest();
        this.response = message.getResponse();
        this.limits = limits;
    }

    @Override
    public String method() {
        return request.method().name();
    }

    @Override
    public String path() {
        return request.path();
    }

    @Override
    public String query() {
        return request.query() == null ? "" : request.query();
    }

    @Override
    public Optional<String> header(String name) {
        List<String> values = request.headers().getAll(name);
        if (values.size() > 1) {
            throw new Problem(
                    400, "header-twice", "the header " + name + " was sent " + values.size() + " times; send it once");
        }
        // What HTTP/1.1 says in Host, HTTP/2 says in :authority.
        return values.isEmpty() && name.equals("Host")
                ? Optional.ofNullable(request.authority()).map(Object::toString)
                : values.stream().findFirst();
    }

    @Override
    public Optional<String> list(String name) {
        List<String> values = request.headers().getAll(name);
        return values.isEmpty() ? Optional.empty() : Optional.of(String.join(", ", values));
    }

    @Override
    public boolean isLocal() {
        String host =
                request.remoteAddress() == null ? null : request.remoteAddress().hostAddress();
        return host != null && (host.startsWith("127.") || host.equals("0:0:0:0:0:0:0:1") || host.equals("::1"));
    }

    @Override
    public InputStream body() {
        VertxBody opened = body;
        if (opened == null) {
            opened = new VertxBody(request, new Pace(limits));
            body = opened;
            if (request.headers().contains("Expect", "100-continue", true)) {
                response.writeContinue();
            }
        }
        return opened;
    }

    private boolean unread() {
        boolean sent = request.headers().contains("Transfer-Encoding")
                || !"0"
                        .equals(
                                request.headers().get("Content-Length") == null
                                        ? "0"
                                        : request.headers().get("Content-Length"));
        return sent && (body == null || !body.isComplete());
    }

    @Override
    public void reply(Reply reply) throws IOException {
        boolean unread = unread();
        try (InputStream bytes = reply.body()) {
            response.setStatusCode(reply.status());
            reply.headers().forEach(response::putHeader);
            if (unread) {
                response.putHeader("Connection", "close");
            }
            if (reply.length() == Reply.ENDLESS) {
                response.setChunked(true);
            } else if (reply.hasBody()) {
                response.putHeader("Content-Length", Long.toString(reply.length()));
            }
            if (reply.hasBody() && !method().equals("HEAD")) {
                copy(bytes, reply.length());
            }
            done(response.end());
            if (unread) {
                linger();
            }
        } catch (IOException | RuntimeException e) {
            abort();
            throw e;
        }
    }

    /** Each piece as soon as it is there, and the next only when the client took it. */
    private void copy(InputStream bytes, long length) throws IOException {
        byte[] buffer = new byte[BUFFER_BYTES];
        long left = length;
        for (int n = bytes.read(buffer); n >= 0; n = bytes.read(buffer)) {
            done(response.write(Buffer.buffer(n).appendBytes(buffer, 0, n)));
            left -= n;
        }
        if (length != Reply.ENDLESS && left != 0) {
            throw new IOException("the answer to " + method() + " " + path() + " is " + left + " bytes short");
        }
    }

    private void done(Future<Void> step) throws IOException {
        try {
            step.toCompletionStage().toCompletableFuture().get(limits.idle().toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            Throwable cause = Objects.requireNonNull(e.getCause());
            throw new IOException("the client went away: " + cause.getMessage(), cause);
        } catch (TimeoutException e) {
            throw new IOException(
                    "the client took nothing for " + limits.idle().toSeconds() + " s; the connection is closed", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("stopped while the answer was sent", e);
        }
    }

    private void linger() throws IOException {
        CountDownLatch ended = new CountDownLatch(1);
        VertxBody begun = body;
        if (begun != null) {
            begun.discard(ended::countDown);
        } else if (!request.headers().contains("Expect", "100-continue", true)) {
            request.exceptionHandler(gone -> ended.countDown());
            request.endHandler(end -> ended.countDown());
            request.resume();
        } else {
            ended.countDown();
        }
        try {
            if (!ended.await(LINGER.toMillis(), TimeUnit.MILLISECONDS)) {
                ended.countDown();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        done(request.connection().close());
    }

    /**
     * At once: a proper end waits until the client has taken what was written, which one that reads nothing never does.
     * Camel would end the answer properly, with more bytes even: so it must find it ended.
     */
    private void abort() {
        if (request.connection() instanceof ConnectionBase connection) {
            connection.channel().close();
        } else {
            request.connection().close();
        }
        try {
            if (!response.ended()) {
                response.end();
            }
        } catch (IllegalStateException e) {
            // Ended already, which is what is wanted.
        }
    }
}
