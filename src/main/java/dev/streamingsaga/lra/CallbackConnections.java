package dev.streamingsaga.lra;

import dev.streamingsaga.http.WarningInterval;
import java.io.IOException;
import java.net.Socket;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The open connections of the callback listener, up to a limit. At the limit, the oldest connection without a complete
 * request is closed for each new one. A warning about this is logged at most once a minute.
 */
final class CallbackConnections implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(CallbackConnections.class);

    /** A new connection is not closed before its caller had time to send the request. */
    private static final long GRACE_MILLIS = 50;

    private final int max;
    private final Set<Socket> open = new HashSet<>();
    /** Oldest first, with the time at which it was accepted. */
    private final Map<Socket, Long> reading = new LinkedHashMap<>();

    private long closedEarly;
    private final WarningInterval warnings = new WarningInterval();

    CallbackConnections(int max) {
        this.max = max;
    }

    /** Blocks at the limit, while every open connection has a request or is too new to be closed. */
    synchronized void add(Socket socket) throws InterruptedException {
        while (open.size() >= max && !closeOldest()) {
            wait(GRACE_MILLIS);
        }
        open.add(socket);
        reading.put(socket, System.nanoTime());
    }

    private boolean closeOldest() {
        Iterator<Map.Entry<Socket, Long>> oldest = reading.entrySet().iterator();
        if (!oldest.hasNext()) {
            return false;
        }
        Map.Entry<Socket, Long> connection = oldest.next();
        if (System.nanoTime() - connection.getValue() < TimeUnit.MILLISECONDS.toNanos(GRACE_MILLIS)) {
            return false;
        }
        closeUnread(connection.getKey());
        closedEarly++;
        if (warnings.isDue()) {
            LOG.warn(
                    "{} connections to the callback listener are open; closing those that send no request, oldest"
                            + " first: {} since the start",
                    max,
                    closedEarly);
        }
        return true;
    }

    /** The request has arrived: new connections no longer close this one. */
    synchronized void answering(Socket socket) {
        reading.remove(socket);
    }

    synchronized void remove(Socket socket) {
        open.remove(socket);
        reading.remove(socket);
        notifyAll();
    }

    /** Closes a connection without a complete request; the thread that reads from it gets an exception. */
    synchronized void closeUnread(Socket socket) {
        if (reading.remove(socket) != null) {
            remove(socket);
            close(socket);
        }
    }

    private static void close(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            LOG.debug("closing a connection", e);
        }
    }

    @Override
    public synchronized void close() {
        List.copyOf(open).forEach(CallbackConnections::close);
    }
}
