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
 * A body as it arrives. The server asks the client for more only as this is read: a few buffers wait here, never more.
 */
final class VertxBody extends InputStream {
    private static final int WINDOW = 16;
    private static final long LOOK_NANOS = TimeUnit.SECONDS.toNanos(1);
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

    /** Everything was read. */
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
            if (event instanceof Throwable gone) {
                throw new BodyAbortedException("the body broke off: " + gone.getMessage(), gone);
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
                long asked = System.nanoTime();
                event = arrived.poll(Math.min(pace.leftNanos(), LOOK_NANOS), TimeUnit.NANOSECONDS);
                pace.waited(System.nanoTime() - asked);
                if (event == null && isGone()) {
                    throw new BodyAbortedException(
                            "the body broke off: the connection was closed", new ClosedChannelException());
                }
            }
            return event;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("stopped while a body arrived", e);
        }
    }

    /** A connection that was closed before we began to read tells nobody. */
    private boolean isGone() {
        return request.connection() instanceof HttpServerConnection connection
                && !connection.channel().isActive();
    }

    /** Throws away what still comes, until the end. */
    void discard(Runnable ended) {
        request.exceptionHandler(gone -> ended.run());
        request.endHandler(end -> ended.run());
        request.handler(buffer -> {});
        request.resume();
    }
}
