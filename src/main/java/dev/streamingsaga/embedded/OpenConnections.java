package dev.streamingsaga.embedded;

import dev.streamingsaga.http.WarningInterval;
import io.netty.channel.Channel;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The connections of a server, up to a limit. At the limit, the connection that has waited longest for a request is
 * closed for a new one, so that idle clients do not exclude others. If every connection has a request in progress, the
 * new one is refused. Logs a warning at most once a minute.
 */
final class OpenConnections {
    private static final Logger LOG = LoggerFactory.getLogger(OpenConnections.class);

    private final int max;
    private final Set<Channel> open = new HashSet<>();
    private final Set<Channel> waiting = new LinkedHashSet<>();
    private long closedEarly;
    private long refused;
    private final WarningInterval warnings = new WarningInterval();

    OpenConnections(int max) {
        this.max = max;
    }

    /** @return false if the connection must be refused */
    synchronized boolean add(Channel channel) {
        if (open.size() >= max) {
            boolean closed = closeOldest();
            warn();
            if (!closed) {
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
        if (warnings.isDue()) {
            LOG.warn(
                    "{} HTTP connections are open (saga.http.max-connections): closing those that wait for a"
                            + " request, oldest"
                            + " first, and refusing new ones if none waits. Before this, since the start: {} closed,"
                            + " {} refused",
                    max,
                    closedEarly,
                    refused);
        }
    }

    /** A request is in progress: do not close this connection for another one. */
    synchronized void busy(Channel channel) {
        waiting.remove(channel);
    }

    /** The connection waits for its next request. */
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
