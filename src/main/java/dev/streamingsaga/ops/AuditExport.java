package dev.streamingsaga.ops;

import dev.streamingsaga.audit.AuditEntry;
import dev.streamingsaga.config.RouteNames;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.journal.Journal;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.camel.CamelContext;
import org.apache.camel.ProducerTemplate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends the entries of the audit log to {@code direct:<name>-audit} if the operator defines that route: each at least
 * once, in order, as a line of JSON. Remembers the newest entry in the data directory.
 */
final class AuditExport {
    private static final Logger LOG = LoggerFactory.getLogger(AuditExport.class);
    private static final Duration LIMIT = Duration.ofSeconds(15);
    private static final int ENTRIES_PER_ROUND = 1000;

    private final Journal journal;
    private final CamelContext context;
    private final ProducerTemplate template;
    private final String route;
    private final AuditAnchorFile anchor;

    AuditExport(SagaConfig config, Journal journal, CamelContext context) {
        this.journal = journal;
        this.context = context;
        this.template = context.createProducerTemplate();
        this.route = "direct://" + config.id(RouteNames.AUDIT);
        this.anchor = new AuditAnchorFile(config.dataDir());
    }

    /** Never throws: what could not be sent is sent by a later call. Called on one node at a time. */
    void run() {
        try {
            anchor.update(journal.audit(), journal.clock());
        } catch (RuntimeException e) {
            LOG.warn("the newest entry of the audit log was not remembered: {}", e.getMessage());
        }
        if (context.getRoutes().stream()
                .noneMatch(r -> r.getEndpoint().getEndpointUri().equals(route))) {
            return;
        }
        try {
            journal.audit().export(this::send, ENTRIES_PER_ROUND);
        } catch (RuntimeException e) {
            LOG.warn("the audit log was not sent to {} ({}); retrying in a moment", route, e.getMessage());
        }
    }

    private void send(AuditEntry entry) {
        Future<Object> answer = template.asyncRequestBody(route, (Object) JsonLine.of(entry.fields()));
        try {
            answer.get(LIMIT.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException e) {
            answer.cancel(true);
            throw new IllegalStateException("entry " + entry.sequence() + " was not accepted: " + e, e);
        } catch (InterruptedException e) {
            answer.cancel(true);
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }
}
