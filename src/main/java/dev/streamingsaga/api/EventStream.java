package dev.streamingsaga.api;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/**
 * One listener. Of each saga only the newest event waits; with nothing to tell, a comment every 15 s shows that we
 * live.
 */
final class EventStream extends InputStream {
    private static final long HEARTBEAT_SECONDS = 15;
    private static final byte[] HELLO = "retry: 3000\n\n".getBytes(StandardCharsets.UTF_8);
    private static final byte[] HEARTBEAT = ": alive\n\n".getBytes(StandardCharsets.UTF_8);

    private final Consumer<EventStream> gone;
    private final UnaryOperator<String> shown;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Map<String, String> waiting = new LinkedHashMap<>();
    private byte[] current = HELLO;
    private int position;
    private long number;
    private boolean closed;

    /** @param shown what the listener may see of an event */
    EventStream(Consumer<EventStream> gone, UnaryOperator<String> shown) {
        this.gone = gone;
        this.shown = shown;
    }

    /** @param told an event without the empty line that ends it */
    void offer(String about, String told) {
        String event = shown.apply(told);
        lock.lock();
        try {
            waiting.remove(about);
            waiting.put(about, event);
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public int read() throws IOException {
        return next() ? current[position++] & 0xff : -1;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        if (length == 0) {
            return 0;
        }
        if (!next()) {
            return -1;
        }
        int n = Math.min(length, current.length - position);
        System.arraycopy(current, position, target, offset, n);
        position += n;
        return n;
    }

    private boolean next() throws IOException {
        if (position < current.length) {
            return true;
        }
        lock.lock();
        try {
            long nanos = TimeUnit.SECONDS.toNanos(HEARTBEAT_SECONDS);
            while (waiting.isEmpty() && !closed && nanos > 0) {
                nanos = changed.awaitNanos(nanos);
            }
            if (closed) {
                return false;
            }
            StringBuilder events = new StringBuilder();
            waiting.values()
                    .forEach(event -> events.append("id: ")
                            .append(++number)
                            .append('\n')
                            .append(event)
                            .append('\n'));
            waiting.clear();
            current = events.length() == 0 ? HEARTBEAT : events.toString().getBytes(StandardCharsets.UTF_8);
            position = 0;
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("stopped", e);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        gone.accept(this);
        lock.lock();
        try {
            closed = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
