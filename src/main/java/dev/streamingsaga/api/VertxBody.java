package dev.streamingsaga.api;

import dev.streamingsaga.intake.BrokenOff;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A body as it arrives. The server asks the client for more only as this is read: a few buffers wait here, never more. */
final class VertxBody extends InputStream {
    private static final int WINDOW = 16;
    private static final Buffer END = Buffer.buffer();

    private final HttpServerRequest request;
    private final Duration idle;
    private final BlockingQueue<Object> arrived = new LinkedBlockingQueue<>();
    private Buffer current = END;
    private int position;
    private volatile boolean complete;

    /** @param idle longest wait for the next bytes */
    VertxBody(HttpServerRequest request, Duration idle) {
        this.request = request;
        this.idle = idle;
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
                throw new BrokenOff("the body broke off: " + gone.getMessage(), gone);
            }
            complete = event == END;
            current = (Buffer) event;
            position = 0;
            if (!complete) {
                request.fetch(1);
            }
        }
        return position < current.length();
    }

    private Object poll() throws IOException {
        try {
            Object event = arrived.poll(idle.toMillis(), TimeUnit.MILLISECONDS);
            if (event == null) {
                throw new Problem(408, "body-too-slow", "no byte of the body arrived for " + idle.toSeconds()
                        + " s (saga.http.idle-timeout); nothing was kept, send it again");
            }
            return event;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("stopped while a body arrived", e);
        }
    }

    /** Throws away what still comes, until the end. */
    void discard(Runnable ended) {
        request.exceptionHandler(gone -> ended.run());
        request.endHandler(end -> ended.run());
        request.handler(buffer -> {});
        request.resume();
    }
}
