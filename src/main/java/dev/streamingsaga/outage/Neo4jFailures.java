package dev.streamingsaga.outage;

import org.neo4j.driver.exceptions.Neo4jException;
import org.neo4j.driver.exceptions.RetryableException;

/** Failures of Neo4j's driver. Loaded only when one was met: the driver is optional. */
final class Neo4jFailures {
    private static final String TIMED_OUT = "Neo.ClientError.Transaction.TransactionTimedOut";

    private Neo4jFailures() {}

    /**
     * What the driver itself calls retryable (server not available, session expired, deadlock, no leader), and two that
     * it does not: the server ended a transaction that took too long, and no connection became free in time.
     */
    static boolean isTransient(Throwable failure) {
        return failure instanceof RetryableException
                || failure instanceof Neo4jException answer && answer.code().startsWith(TIMED_OUT)
                || String.valueOf(failure.getMessage()).contains("Unable to acquire connection from the pool");
    }
}
