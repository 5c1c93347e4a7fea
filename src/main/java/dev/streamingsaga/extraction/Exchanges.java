package dev.streamingsaga.extraction;

import java.util.concurrent.atomic.AtomicLong;

/** Counts what a parser gets and returns, and knows whether it has to wait for it. Thread-safe. */
final class Exchanges {
    private final AtomicLong count = new AtomicLong();
    private volatile boolean waiting;

    void setWaiting(boolean parserWaits) {
        waiting = parserWaits;
    }

    /** Ends an exchange. */
    void end(boolean parserWaits) {
        waiting = parserWaits;
        count.incrementAndGet();
    }

    long count() {
        return count.get();
    }

    boolean isWaiting() {
        return waiting;
    }
}
