package dev.streamingsaga.store;

import dev.streamingsaga.journal.Run;
import javax.sql.DataSource;
import org.apache.camel.Exchange;
import org.apache.camel.NamedNode;
import org.apache.camel.Processor;
import org.apache.camel.Route;
import org.apache.camel.spi.Policy;
import org.springframework.jdbc.support.JdbcTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * Runs a section of a route in one local transaction; {@code sql:} endpoints on the same data source use its
 * connection, which is bound to the thread. An exception rolls it back. If a permit is needed, it is acquired first and
 * released after the commit, so that a compensation that waits for open permits sees either all rows or none.
 */
final class StoreTransaction implements Policy {
    private final TransactionTemplate template;
    private final boolean permitNeeded;

    StoreTransaction(DataSource dataSource, int timeoutSeconds, boolean permitNeeded) {
        this.template = new TransactionTemplate(new JdbcTransactionManager(dataSource));
        this.template.setTimeout(timeoutSeconds);
        this.permitNeeded = permitNeeded;
    }

    @Override
    public void beforeWrap(Route route, NamedNode definition) {
        // Nothing to prepare: the section of the route stays as it is.
    }

    @Override
    public Processor wrap(Route route, Processor section) {
        return permitNeeded
                ? exchange -> runWithPermit(exchange, section)
                : exchange -> runInTransaction(exchange, section);
    }

    private void runWithPermit(Exchange exchange, Processor section) {
        try (Run.Permit permit = StoreSteps.run(exchange).permit()) {
            runInTransaction(exchange, section);
        }
    }

    private void runInTransaction(Exchange exchange, Processor section) {
        // A transacted exchange is routed on one thread, the one that holds the connection.
        exchange.getUnitOfWork().beginTransactedBy(this);
        try {
            template.executeWithoutResult(status -> {
                process(exchange, section);
                if (exchange.getException() != null || exchange.isRollbackOnly()) {
                    status.setRollbackOnly();
                }
            });
        } finally {
            exchange.getUnitOfWork().endTransactedBy(this);
        }
    }

    private static void process(Exchange exchange, Processor section) {
        try {
            section.process(exchange);
        } catch (Exception e) {
            exchange.setException(e);
        }
    }
}
