package dev.streamingsaga.api;

import dev.streamingsaga.intake.BodyAbortedException;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.impl.HttpServerConnection;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.ClosedChannelException;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * Streams the body of a Vert.x request with back-pressure: the server reads more from the client only as this stream is
 * read. At most a few buffers are kept.
 */
final class VertxBody extends InputStream {
    private static final int WINDOW = 6;
    private static final long POLL_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final Buffer END = Buffer.buffer();

    private final HttpServerRequest request;
    private final Pace pace;
    private final BlockingQueue<Object> arrived = new LinkedBlockingQueue<>();
    private Buffer current = END;
    private int position;
    private volatile boolean complete;

    VertxBody(HttpServerRequest request, Pace pace) {
        this.request = request;
        this.pace = pace;
        if (request.isEnded()) {
            complete = true;
            return;
        }
        request.exceptionHandler(arrived::add);
        request.endHandler(end -> arrived.add(END));
        request.handler(arrived::add);
        request.fetch(WINDOW);
    }

    /** Whether the body has been read completely. */
    boolean isComplete() {
        return complete;
    }

    @Override
    public int read() throws IOException {
        return next() ? current.getByte(position++) & 0xff : -1;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        if (length == 0) {
            return 0;
        }
        if (!next()) {
            return -1;
        }
        int n = Math.min(length, current.length() - position);
        current.getBytes(position, position + n, target, offset);
        position += n;
        return n;
    }

    private boolean next() throws IOException {
        while (!complete && position == current.length()) {
            Object event = poll();
            if (event instanceof Throwable failure) {
                throw new BodyAbortedException("the body is incomplete: " + failure.getMessage(), failure);
            }
            complete = event == END;
            current = (Buffer) event;
            position = 0;
            pace.received(current.length());
            if (!complete) {
                request.fetch(1);
            }
        }
        return position < current.length();
    }

    private Object poll() throws IOException {
        try {
            Object event = arrived.poll();
            while (event == null) {
                pace.requireTime();
                long start = System.nanoTime();
                event = arrived.poll(Math.min(pace.remainingNanos(), POLL_NANOS), TimeUnit.NANOSECONDS);
                pace.waited(System.nanoTime() - start);
                if (event == null && isDisconnected()) {
                    throw new BodyAbortedException(
                            "the body is incomplete: the connection was closed", new ClosedChannelException());
                }
            }
            return event;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while a body was received", e);
        }
    }

    /** No handler is called if the connection was closed before the handlers were set, so check it. */
    private boolean isDisconnected() {
        return request.connection() instanceof HttpServerConnection connection
                && !connection.channel().isActive();
    }

    /** Discards the rest of the body, then runs {@code ended}. */
    void discard(Runnable ended) {
        request.exceptionHandler(failure -> ended.run());
        request.endHandler(end -> ended.run());
        request.handler(buffer -> {});
        request.resume();
    }
}
