package dev.streamingsaga.config;

import dev.streamingsaga.journal.CleanupRepository.RetryPolicy;
import dev.streamingsaga.journal.RedeliveryPolicy;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/** What an instance does about failures and how it reports on itself. */
public record OperationConfig(
        Node node,
        WaitPolicy patience,
        RedeliveryPolicy redelivery,
        Compensation compensation,
        RecoveryPolicy recovery,
        OrphanPolicy orphans,
        Receipts receipts,
        JournalRetentionConfig retention,
        Observability observability) {

    /** How many attempts to deliver a document there are at most, the first included. */
    public int maxDeliveries() {
        return redelivery.max() + 1;
    }

    /**
     * @param name readable name of this process; empty: the host name
     * @param startWait how long the command {@code start} waits for servers that are away; zero: not at all
     * @param drainTimeout how long a stop lets running sagas continue; zero: they are handed over at once
     */
    public record Node(String name, Duration startWait, Duration drainTimeout) {}

    /**
     * How a step meets a transient failure.
     *
     * @param attempts attempts of a step at least, the first included
     * @param firstPause pause after the first failure; it doubles after each further one
     * @param limit how long a saga waits for a dependency; zero: steps are not tried again
     */
    public record WaitPolicy(int attempts, Duration firstPause, Duration limit) {
        public boolean isOff() {
            return limit.isZero();
        }
    }

    /** @param stepTimeout time that compensating one store may take before its data counts as residue */
    public record Compensation(Duration stepTimeout, RetryPolicy residue) {}

    /** What to do with a saga whose process has ended: start another run, or compensate it. */
    public enum RecoveryMode {
        RESUME,
        COMPENSATE
    }

    /**
     * @param maxRuns runs of a saga that may fail; after the last it is compensated
     * @param lease time after the last heartbeat of a process until another one takes over its sagas
     * @param hostPatience how long a saga waits for the host that has its original before an alert says so
     */
    public record RecoveryPolicy(RecoveryMode mode, int maxRuns, Duration lease, Duration hostPatience) {}

    /** @param minAge younger orphans are never deleted */
    public record OrphanPolicy(Duration minAge) {}

    /** Whether completed documents get a signed receipt. */
    public enum ReceiptMode {
        OFF,
        ON
    }

    /** @param keyFile private key that signs receipts; empty: generated once and kept in the data directory */
    public record Receipts(ReceiptMode mode, Optional<Path> keyFile) {
        public boolean isOn() {
            return mode == ReceiptMode.ON;
        }
    }

    public enum LogFormat {
        TEXT,
        JSON
    }

    /** @param minFreeBytes health is DOWN if the data directory has less free space */
    public record Observability(LogFormat logFormat, boolean logToConsole, long minFreeBytes, Otel otel) {}

    /** Spans for each step of a saga, or also for each chunk, batch and statement. */
    public enum TraceDetail {
        STEPS,
        ALL
    }

    /**
     * Traces of the stand-alone application.
     *
     * @param endpoint of a collector, without {@code /v1/traces}; empty: no traces
     * @param apiKey sent as a bearer token, if not empty
     * @param sampling share of the traces that are sent, 0 to 1
     */
    public record Otel(Optional<URI> endpoint, String apiKey, String serviceName, double sampling, TraceDetail detail) {
        public boolean isOn() {
            return endpoint.isPresent();
        }
    }
}
