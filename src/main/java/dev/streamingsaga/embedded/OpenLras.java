package dev.streamingsaga.embedded;

import dev.streamingsaga.http.WarningInterval;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Limits the number of open LRAs: each uses memory, a file and, while it ends, a call in every recovery pass.
 * Thread-safe.
 */
final class OpenLras {
    private static final Logger LOG = LoggerFactory.getLogger(OpenLras.class);

    private final int max;
    private final IntSupplier open;
    private final AtomicInteger beginning = new AtomicInteger();
    private final WarningInterval warnings = new WarningInterval();

    /** @param open number of open LRAs, without those that are just beginning */
    OpenLras(int max, IntSupplier open) {
        this.max = max;
        this.open = open;
    }

    /**
     * Reserves capacity for an LRA that is about to begin.
     *
     * @return false at the limit; then do not call {@link #release}
     */
    boolean reserve() {
        // An LRA that has begun but is not released yet briefly counts twice: the limit is never exceeded.
        if (beginning.incrementAndGet() + open.getAsInt() <= max) {
            return true;
        }
        beginning.decrementAndGet();
        warn();
        return false;
    }

    /** Call when the LRA has begun and counts as open, or failed to begin. */
    void release() {
        beginning.decrementAndGet();
    }

    private void warn() {
        if (warnings.isDue()) {
            LOG.warn(
                    "{} LRAs are open (saga.coordinator.max-lras); sagas that begin are refused until some have ended",
                    max);
        }
    }
}
