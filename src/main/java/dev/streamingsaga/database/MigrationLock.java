package dev.streamingsaga.database;

import dev.streamingsaga.config.ServerConfig.Database;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Properties;
import javax.sql.DataSource;

/**
 * Lets one process at a time migrate a PostgreSQL database, so that any number of nodes may start together on an empty
 * one: Flyway decides outside of its own lock whether the schema needs a baseline. The lock belongs to a connection and
 * ends with it, also if the process is killed.
 */
final class MigrationLock implements AutoCloseable {
    /** Of the advisory locks of the server; the second key is the role, or the schema in a hub. */
    private static final int KEY = 0x5361_6761;

    /** Migrations of an empty schema take seconds, on a busy server longer than a statement may take otherwise. */
    private static final Duration LIMIT = Duration.ofMinutes(5);

    private final Release release;

    private MigrationLock(Release release) {
        this.release = release;
    }

    @FunctionalInterface
    private interface Release {
        void run() throws SQLException;
    }

    /** Waits for other processes that migrate the same role, at most five minutes. */
    static MigrationLock acquire(String url, String role, Database settings) throws SQLException {
        Properties properties = new Properties();
        if (!settings.user().isEmpty()) {
            properties.setProperty("user", settings.user());
        }
        if (!settings.password().isEmpty()) {
            properties.setProperty("password", settings.password());
        }
        properties.setProperty("ApplicationName", "streaming-saga-" + role + "-migration");
        properties.setProperty("connectTimeout", "5");
        Connection connection = DriverManager.getConnection(url, properties);
        try {
            lock(connection, role);
            return new MigrationLock(connection::close);
        } catch (SQLException | RuntimeException e) {
            connection.close();
            throw e;
        }
    }

    /**
     * As {@link #acquire(String, String, Database)}, on a connection of the hub's pool, which needs two more for the
     * migration.
     */
    static MigrationLock acquire(DataSource hub, String schema) throws SQLException {
        Connection connection = hub.getConnection();
        try {
            lock(connection, schema);
            return new MigrationLock(() -> unlock(connection, schema));
        } catch (SQLException | RuntimeException e) {
            connection.close();
            throw e;
        }
    }

    private static void lock(Connection connection, String owner) throws SQLException {
        try (PreparedStatement lock = connection.prepareStatement("select pg_advisory_lock(?, ?)")) {
            lock.setQueryTimeout((int) LIMIT.toSeconds());
            lock.setInt(1, KEY);
            lock.setInt(2, owner.hashCode());
            lock.execute();
        }
    }

    /** Closing returns the connection to the pool, which keeps its session and with it the lock. */
    private static void unlock(Connection connection, String owner) throws SQLException {
        try (connection;
                PreparedStatement unlock = connection.prepareStatement("select pg_advisory_unlock(?, ?)")) {
            unlock.setInt(1, KEY);
            unlock.setInt(2, owner.hashCode());
            unlock.execute();
        }
    }

    @Override
    public void close() throws SQLException {
        release.run();
    }
}
