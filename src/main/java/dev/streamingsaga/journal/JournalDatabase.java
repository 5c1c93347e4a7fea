package dev.streamingsaga.journal;

import java.sql.DatabaseMetaData;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Supplier;
import javax.sql.DataSource;
import org.springframework.dao.DataAccessResourceFailureException;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.DataSourceTransactionManager;
import org.springframework.jdbc.support.JdbcUtils;
import org.springframework.jdbc.support.MetaDataAccessException;
import org.springframework.transaction.support.TransactionSynchronization;
import org.springframework.transaction.support.TransactionSynchronizationManager;
import org.springframework.transaction.support.TransactionTemplate;
import org.springframework.util.function.SingletonSupplier;

/** What all parts of the journal share: statements, transactions, the clock. */
final class JournalDatabase {
    final JdbcClient sql;
    final Clock clock;
    private final TransactionTemplate transactions;
    private final SingletonSupplier<String> shared;
    volatile SagaListener watcher = SagaListener.NOBODY;

    JournalDatabase(DataSource dataSource, Clock clock) {
        this.sql = JdbcClient.create(dataSource);
        this.transactions = new TransactionTemplate(new DataSourceTransactionManager(dataSource));
        this.clock = clock;
        this.shared = SingletonSupplier.of(() -> forShare(dataSource));
    }

    <T> T inTransaction(Supplier<T> work) {
        return java.util.Objects.requireNonNull(transactions.execute(status -> work.get()));
    }

    void inTransaction(Runnable work) {
        transactions.executeWithoutResult(status -> work.run());
    }

    /** Runs when the transaction, if there is one, has been committed; never if it was rolled back. */
    static void afterCommit(Runnable tell) {
        if (!TransactionSynchronizationManager.isSynchronizationActive()) {
            tell.run();
            return;
        }
        TransactionSynchronizationManager.registerSynchronization(new TransactionSynchronization() {
            @Override
            public void afterCommit() {
                tell.run();
            }
        });
    }

    /**
     * What a query ends with so that the rows it found stay as they are until the transaction ends. SQLite has one
     * writer at a time and takes its lock when the transaction begins: nothing is needed there.
     */
    String forShare() {
        return shared.obtain();
    }

    private static String forShare(DataSource dataSource) {
        try {
            return JdbcUtils.extractDatabaseMetaData(dataSource, DatabaseMetaData::getDatabaseProductName)
                            .equals("PostgreSQL")
                    ? " FOR SHARE"
                    : "";
        } catch (MetaDataAccessException e) {
            throw new DataAccessResourceFailureException("the journal's database does not say what it is", e);
        }
    }

    long now() {
        return clock.millis();
    }

    static Optional<Instant> instant(long millis, boolean wasNull) {
        return wasNull ? Optional.empty() : Optional.of(Instant.ofEpochMilli(millis));
    }

    /** Empty for NULL. */
    static String text(ResultSet row, String column) throws SQLException {
        String value = row.getString(column);
        return value == null ? "" : value;
    }
}
