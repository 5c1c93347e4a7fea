package dev.streamingsaga.journal;

import java.time.Instant;

/** How long this process may assume that it still owns a saga. Thread-safe. */
final class RunLease {
    private final Journal journal;
    private final String sagaId;
    private final int run;
    private volatile Instant until;

    RunLease(Journal journal, String sagaId, int run) {
        this.journal = journal;
        this.sagaId = sagaId;
        this.run = run;
        this.until = journal.leases().end();
    }

    /** The journal has just confirmed that this process owns the saga. */
    void renewed() {
        until = journal.leases().end();
    }

    /**
     * Checks the journal if the lease has expired: without a heartbeat, for example while the process was suspended,
     * another process may have taken the saga over.
     *
     * @throws SagaException if it has
     */
    void confirm() {
        if (journal.clock().instant().isAfter(until)) {
            journal.leases().requireOwned(sagaId, run);
            renewed();
        }
    }
}
