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
 * Runs a piece of a route in one local transaction: {@code sql:} endpoints on the same data source find its connection
 * on the thread. Rolled back if an exception leaves the piece. With a permit, that is taken first and held until after
 * the commit, so that a compensation that waits for open permits sees either all rows or none.
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
        // Nothing to prepare: the piece of route stays as it is.
    }

    @Override
    public Processor wrap(Route route, Processor piece) {
        return permitNeeded ? exchange -> permitted(exchange, piece) : exchange -> transacted(exchange, piece);
    }

    private void permitted(Exchange exchange, Processor piece) {
        try (Run.Permit permit = StoreSteps.run(exchange).permit()) {
            transacted(exchange, piece);
        }
    }

    private void transacted(Exchange exchange, Processor piece) {
        // A transacted exchange is routed on one thread, the one that holds the connection.
        exchange.getUnitOfWork().beginTransactedBy(this);
        try {
            template.executeWithoutResult(status -> {
                process(exchange, piece);
                if (exchange.getException() != null || exchange.isRollbackOnly()) {
                    status.setRollbackOnly();
                }
            });
        } finally {
            exchange.getUnitOfWork().endTransactedBy(this);
        }
    }

    private static void process(Exchange exchange, Processor piece) {
        try {
            piece.process(exchange);
        } catch (Exception e) {
            exchange.setException(e);
        }
    }
}
