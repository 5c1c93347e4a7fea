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
 * The event stream of one listener. Buffers only the latest event for each saga. While there is none, it sends a
 * comment every 15 s as a heartbeat.
 */
final class EventStream extends InputStream {
    private static final long HEARTBEAT_SECONDS = 15;
    private static final byte[] HELLO = "retry: 3000\n\n".getBytes(StandardCharsets.UTF_8);
    private static final byte[] HEARTBEAT = ": alive\n\n".getBytes(StandardCharsets.UTF_8);

    private final Consumer<EventStream> onClose;
    private final UnaryOperator<String> filter;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Map<String, String> pending = new LinkedHashMap<>();
    private byte[] current = HELLO;
    private int position;
    private long number;
    private boolean closed;

    /**
     * @param onClose called when the stream is closed
     * @param filter removes what the listener may not see from an event
     */
    EventStream(Consumer<EventStream> onClose, UnaryOperator<String> filter) {
        this.onClose = onClose;
        this.filter = filter;
    }

    /**
     * @param key a later event with the same key replaces this one
     * @param unfiltered an event without the empty line that ends it
     */
    void offer(String key, String unfiltered) {
        String event = filter.apply(unfiltered);
        lock.lock();
        try {
            pending.remove(key);
            pending.put(key, event);
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
            while (pending.isEmpty() && !closed && nanos > 0) {
                nanos = changed.awaitNanos(nanos);
            }
            if (closed) {
                return false;
            }
            StringBuilder events = new StringBuilder();
            pending.values()
                    .forEach(event -> events.append("id: ")
                            .append(++number)
                            .append('\n')
                            .append(event)
                            .append('\n'));
            pending.clear();
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
        onClose.accept(this);
        lock.lock();
        try {
            closed = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
