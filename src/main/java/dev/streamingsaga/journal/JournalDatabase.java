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

/** Shared by all parts of the journal: statements, transactions, the clock. */
final class JournalDatabase {
    final JdbcClient sql;
    final Clock clock;
    private final TransactionTemplate transactions;
    private final SingletonSupplier<String> shareLock;
    volatile SagaListener listener = SagaListener.NONE;

    JournalDatabase(DataSource dataSource, Clock clock) {
        this.sql = JdbcClient.create(dataSource);
        this.transactions = new TransactionTemplate(new DataSourceTransactionManager(dataSource));
        this.clock = clock;
        this.shareLock = SingletonSupplier.of(() -> forShare(dataSource));
    }

    <T> T inTransaction(Supplier<T> work) {
        return java.util.Objects.requireNonNull(transactions.execute(status -> work.get()));
    }

    void inTransaction(Runnable work) {
        transactions.executeWithoutResult(status -> work.run());
    }

    /**
     * Runs the action after the current transaction has been committed, at once if there is none, never after a
     * rollback.
     */
    static void afterCommit(Runnable action) {
        if (!TransactionSynchronizationManager.isSynchronizationActive()) {
            action.run();
            return;
        }
        TransactionSynchronizationManager.registerSynchronization(new TransactionSynchronization() {
            @Override
            public void afterCommit() {
                action.run();
            }
        });
    }

    /**
     * The clause at the end of a query that keeps the found rows unchanged until the transaction ends. It is empty for
     * SQLite, which has one writer at a time and takes its lock when the transaction begins.
     */
    String forShare() {
        return shareLock.obtain();
    }

    /**
     * Condition of a statement that only the owner of a saga may execute, with the parameters saga id and run. A
     * takeover waits until the transaction ends; one that was committed earlier is detected.
     *
     * @param states condition on the saga's state
     */
    String owned(String states) {
        return "EXISTS (SELECT 1 FROM saga WHERE saga.saga_id = ? AND saga.run = ? AND saga.state " + states
                + forShare() + ")";
    }

    private static String forShare(DataSource dataSource) {
        try {
            return JdbcUtils.extractDatabaseMetaData(dataSource, DatabaseMetaData::getDatabaseProductName)
                            .equals("PostgreSQL")
                    ? " FOR SHARE"
                    : "";
        } catch (MetaDataAccessException e) {
            throw new DataAccessResourceFailureException("cannot read the product name of the journal's database", e);
        }
    }

    /**
     * Keeps other transactions that lock the same name out until this one ends. SQLite has one writer at a time anyway.
     */
    void lock(String name) {
        if (!forShare().isEmpty()) {
            sql.sql("SELECT pg_advisory_xact_lock(hashtextextended(?, 0))")
                    .param(name)
                    .query((row, n) -> true)
                    .single();
        }
    }

    /**
     * Removes old versions of overwritten rows from SQLite's write-ahead log, unless another connection reads: then a
     * later checkpoint overwrites them. PostgreSQL removes them by itself.
     */
    void truncateLog() {
        if (forShare().isEmpty()) {
            sql.sql("PRAGMA wal_checkpoint(TRUNCATE)")
                    .query((row, n) -> row.getInt(1))
                    .list();
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
