package dev.streamingsaga.api;

import dev.streamingsaga.config.EndpointConfig.HttpLimits;
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
 * A call on Vert.x, stand-alone and in Quarkus. Body and answer bypass Camel, whose component caches the whole body
 * before a route sees the request, and ends a truncated answer as if it were complete.
 */
final class VertxHttpCall implements HttpCall {
    private static final int BUFFER_BYTES = 64 * 1024;

    /**
     * How long an unwanted body is still read, for clients that read the answer only after they have sent everything.
     */
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
        // HTTP/2 has :authority instead of Host.
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

    private boolean hasUnreadBody() {
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
        boolean unread = hasUnreadBody();
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
            await(response.end());
            if (unread) {
                linger();
            }
        } catch (IOException | RuntimeException e) {
            abort();
            throw e;
        }
    }

    /** Writes each buffer as soon as it is available, and the next only after the client has accepted it. */
    private void copy(InputStream bytes, long length) throws IOException {
        byte[] buffer = new byte[BUFFER_BYTES];
        long remaining = length;
        for (int n = bytes.read(buffer); n >= 0; n = bytes.read(buffer)) {
            await(response.write(Buffer.buffer(n).appendBytes(buffer, 0, n)));
            remaining -= n;
        }
        if (length != Reply.ENDLESS && remaining != 0) {
            throw new IOException("the answer to " + method() + " " + path() + " is " + remaining + " bytes short");
        }
    }

    private void await(Future<Void> step) throws IOException {
        try {
            step.toCompletionStage().toCompletableFuture().get(limits.idle().toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            Throwable cause = Objects.requireNonNull(e.getCause());
            throw new IOException("the client disconnected: " + cause.getMessage(), cause);
        } catch (TimeoutException e) {
            throw new IOException(
                    "the client read nothing for " + limits.idle().toSeconds() + " s; the connection is closed", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while the answer was sent", e);
        }
    }

    private void linger() throws IOException {
        CountDownLatch ended = new CountDownLatch(1);
        VertxBody partial = body;
        if (partial != null) {
            partial.discard(ended::countDown);
        } else if (!request.headers().contains("Expect", "100-continue", true)) {
            request.exceptionHandler(failure -> ended.countDown());
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
        await(request.connection().close());
    }

    /**
     * Closes the connection at once. A regular end would wait until the client has read everything, which a stalled
     * client never does. Ends the response too, or Camel would end it regularly, with additional bytes.
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
            // Already ended, as intended.
        }
    }
}
