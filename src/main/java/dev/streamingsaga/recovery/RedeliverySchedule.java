package dev.streamingsaga.recovery;

import dev.streamingsaga.access.Access;
import dev.streamingsaga.access.AccessLimit;
import dev.streamingsaga.audit.Actor;
import dev.streamingsaga.config.FailOn;
import dev.streamingsaga.config.RouteNames;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.ingest.Ingest;
import dev.streamingsaga.journal.Delivery.Endpoint;
import dev.streamingsaga.journal.DeliveryRequest;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.journal.Redeliveries;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.SourceIdentity;
import dev.streamingsaga.outage.Outages;
import dev.streamingsaga.saga.SagaEngine;
import dev.streamingsaga.source.SourceFile;
import dev.streamingsaga.source.SourceHost;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import org.apache.camel.CamelContext;
import org.apache.camel.Exchange;
import org.apache.camel.ExchangePattern;
import org.apache.camel.ProducerTemplate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Delivers documents again whose time has come, if this process can read their source and nothing that a saga needs is
 * known to be down. Otherwise it leaves them to another process or to a later call, and gives up those whose time is
 * over.
 */
final class RedeliverySchedule implements AutoCloseable {
    private static final Access ACCESS = new Access(Actor.system("redelivery"), "redelivery", AccessLimit.NONE);
    private static final Logger LOG = LoggerFactory.getLogger(RedeliverySchedule.class);

    /** While nothing can be started, the journal is asked again after this time. */
    private static final long PAUSE_NANOS = 5_000_000_000L;

    private final SagaConfig config;
    private final Journal journal;
    private final SagaEngine engine;
    private final Outages outages;
    private final SourceHost host;
    private final ProducerTemplate template;
    private final ExecutorService workers;
    private final Set<String> running = ConcurrentHashMap.newKeySet();
    private volatile boolean draining;
    private boolean blocked;
    private long blockedSinceNanos;

    RedeliverySchedule(SagaConfig config, CamelContext context, Journal journal, RecoveryDependencies parts) {
        this.config = config;
        this.journal = journal;
        this.engine = parts.engine();
        this.outages = parts.outages();
        this.host = parts.host();
        this.template = context.createProducerTemplate();
        this.workers = context.getExecutorServiceManager()
                .newFixedThreadPool(this, config.id("redelivery"), config.concurrency());
    }

    /** Called when the journal has pending redeliveries whose time has come. Not thread-safe. */
    void run() {
        if (draining || blocked && System.nanoTime() - blockedSinceNanos < PAUSE_NANOS) {
            return;
        }
        blocked = true;
        List<SagaRecord> page = List.of();
        do {
            // Documents that only another process can read must not hide the others.
            page = journal.redeliveries()
                    .due(page.isEmpty() ? "" : page.get(page.size() - 1).sagaId());
            for (SagaRecord saga : page) {
                if (running.size() < config.concurrency() && running.add(saga.sagaId())) {
                    blocked &= !handle(saga);
                }
            }
        } while (page.size() == Redeliveries.PAGE && running.size() < config.concurrency());
        blockedSinceNanos = System.nanoTime();
    }

    /** @return whether something was started or given up */
    private boolean handle(SagaRecord saga) {
        boolean started = false;
        try {
            Optional<Path> source = isPossible(saga) ? source(saga) : Optional.empty();
            if (source.isEmpty()) {
                return journal.redeliveries().isOver(saga) && giveUp(saga);
            }
            if (hasChanged(saga)) {
                return journal.redeliveries().replace(saga.sagaId(), "the file has changed");
            }
            workers.execute(() -> deliver(saga, source.get()));
            started = true;
            return true;
        } finally {
            if (!started) {
                running.remove(saga.sagaId());
            }
        }
    }

    private boolean isPossible(SagaRecord saga) {
        return saga.delivery().isDue()
                && journal.redeliveries().maxAttempts() > 1
                && outages.current().isEmpty();
    }

    /**
     * Where this process reads the source; empty if it cannot. A body may also be in its own spool, if it was sent to
     * several nodes. Another file may have the same path as a file of another host.
     */
    private Optional<Path> source(SagaRecord saga) {
        Optional<Path> source =
                host.holds(saga) ? host.spooled(saga.origin()).or(() -> Optional.of(saga.source())) : host.find(saga);
        return source.filter(Files::isReadable);
    }

    private boolean giveUp(SagaRecord saga) {
        boolean givenUp = journal.redeliveries().giveUp(saga);
        if (givenUp) {
            engine.deliverAlerts(saga.sagaId());
        }
        return givenUp;
    }

    /** A file in the drop folder that has changed is another document, which the folder ingests. */
    private boolean hasChanged(SagaRecord saga) {
        if (saga.delivery().endpoint().filter(Endpoint.DROP_FOLDER::equals).isEmpty() || !host.holds(saga)) {
            return false;
        }
        Optional<SourceIdentity> known =
                journal.registration().newest(saga.origin().key()).flatMap(newest -> newest.identity());
        try {
            return !known.equals(SourceFile.regularFile(saga.source()));
        } catch (SagaException e) {
            return true;
        }
    }

    private void deliver(SagaRecord saga, Path source) {
        try {
            Exchange exchange = template.send(config.direct(RouteNames.INGEST), ExchangePattern.InOut, request -> {
                request.getMessage().setBody(source);
                if (saga.origin().isBody(saga.source())) {
                    request.setProperty(Ingest.SOURCE_KEY, saga.origin().key());
                }
                request.setProperty(Ingest.FILE_NAME, saga.fileName());
                request.setProperty(
                        Ingest.DELIVERY, new DeliveryRequest(saga.delivery().endpoint(), Optional.of(saga.sagaId())));
                request.setProperty(Ingest.FAIL_ON, FailOn.NEVER);
                request.setProperty(Ingest.ACCESS, ACCESS);
                saga.sender().ifPresent(sender -> request.setProperty(Ingest.SENDER, sender));
            });
            if (exchange.getException() != null) {
                LOG.warn(
                        "the document of saga {} was not delivered again ({}); retrying soon",
                        saga.sagaId(),
                        exchange.getException().toString());
            }
        } finally {
            running.remove(saga.sagaId());
        }
    }

    /** Delivers no more documents from now on. */
    void drain() {
        draining = true;
    }

    @Override
    public void close() {
        drain();
        workers.shutdownNow();
    }
}
