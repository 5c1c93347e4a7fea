package dev.streamingsaga.recovery;

import dev.streamingsaga.journal.SingletonLease;
import java.time.Duration;
import java.util.OptionalLong;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The work on stores, bucket and alerts that one node does for all. If this work hangs in a store, other nodes take
 * over the rest until it ends. Thread-safe.
 */
final class Maintenance {
    private static final Logger LOG = LoggerFactory.getLogger(Maintenance.class);
    private static final String LEASE = "maintenance";

    private final SingletonLease leases;
    private final Duration limit;
    private final LongSupplier nanoTime;
    private OptionalLong since = OptionalLong.empty();
    private boolean given;

    /** @param limit for one piece of the work */
    Maintenance(SingletonLease leases, Duration limit, LongSupplier nanoTime) {
        this.leases = leases;
        this.limit = limit;
        this.nanoTime = nanoTime;
    }

    /** Whether this node does the work now. */
    private boolean isHere() {
        if (since.isPresent() && nanoTime.getAsLong() - since.getAsLong() > limit.toNanos()) {
            leaveToOthers();
            return false;
        }
        return leases.hold(LEASE);
    }

    private void leaveToOthers() {
        if (!given) {
            given = true;
            LOG.warn(
                    "publications, clean-ups or alerts have hung for more than {} s; another node takes over the rest"
                            + " until they end",
                    limit.toSeconds());
            leases.release(LEASE);
        }
    }

    /** Begins a piece of the work. {@link #end} it if this is true. */
    synchronized boolean begin() {
        if (!isHere() || since.isPresent()) {
            return false;
        }
        since = OptionalLong.of(nanoTime.getAsLong());
        return true;
    }

    /** The work has not ended, but does not hang. */
    synchronized void progress() {
        since = OptionalLong.of(nanoTime.getAsLong());
    }

    synchronized void end() {
        since = OptionalLong.empty();
        given = false;
    }
}
