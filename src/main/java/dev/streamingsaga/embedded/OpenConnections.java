package dev.streamingsaga.embedded;

import io.netty.channel.Channel;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All connections of a server, up to a limit. For one more the connection that has waited longest for a request is
 * closed, so that idle ones keep nobody out; if every connection has a request under way, the new one is refused.
 * Logged at most once a minute.
 */
final class OpenConnections {
    private static final Logger LOG = LoggerFactory.getLogger(OpenConnections.class);
    private static final long PAUSE_NANOS = TimeUnit.MINUTES.toNanos(1);

    private final int max;
    private final Set<Channel> open = new HashSet<>();
    private final Set<Channel> waiting = new LinkedHashSet<>();
    private long closedEarly;
    private long refused;
    private long lastWarning = System.nanoTime() - PAUSE_NANOS;

    OpenConnections(int max) {
        this.max = max;
    }

    /** @return false if the connection is to be refused */
    synchronized boolean add(Channel channel) {
        if (open.size() >= max) {
            boolean room = closeOldest();
            warn();
            if (!room) {
                refused++;
                return false;
            }
            closedEarly++;
        }
        open.add(channel);
        waiting.add(channel);
        return true;
    }

    private boolean closeOldest() {
        Iterator<Channel> oldest = waiting.iterator();
        if (!oldest.hasNext()) {
            return false;
        }
        Channel channel = oldest.next();
        oldest.remove();
        open.remove(channel);
        channel.close();
        return true;
    }

    private void warn() {
        long now = System.nanoTime();
        if (now - lastWarning >= PAUSE_NANOS) {
            lastWarning = now;
            LOG.warn(
                    "{} HTTP connections are open (saga.http.max-connections): closing those that wait for a request, oldest first, and refusing "
                            + "new ones when there is none. Before this, since the start: {} closed, {} refused",
                    max,
                    closedEarly,
                    refused);
        }
    }

    /** It has a request under way: it is not closed for another one. */
    synchronized void busy(Channel channel) {
        waiting.remove(channel);
    }

    /** It waits for its next request. */
    synchronized void waiting(Channel channel) {
        if (open.contains(channel)) {
            waiting.add(channel);
        }
    }

    synchronized void remove(Channel channel) {
        open.remove(channel);
        waiting.remove(channel);
    }
}
