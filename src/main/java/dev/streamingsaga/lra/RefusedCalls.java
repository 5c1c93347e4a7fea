package dev.streamingsaga.lra;

import dev.streamingsaga.http.WarningInterval;
import java.net.InetSocketAddress;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Counts refused calls and warns at most once a minute, so that many of them do not fill the log. */
final class RefusedCalls {
    private static final Logger LOG = LoggerFactory.getLogger(RefusedCalls.class);

    private final AtomicLong count = new AtomicLong();
    private final WarningInterval warnings = new WarningInterval();

    void add(String reason, InetSocketAddress caller) {
        long total = count.incrementAndGet();
        if (warnings.isDue()) {
            LOG.warn(
                    "refused a callback {} from {}; it ran nothing. {} refused since the start", reason, caller, total);
        }
    }

    long count() {
        return count.get();
    }
}
