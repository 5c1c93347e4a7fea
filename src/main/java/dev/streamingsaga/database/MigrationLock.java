package dev.streamingsaga.database;

import dev.streamingsaga.config.ServerConfig.Database;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.Properties;

/**
 * Lets one process at a time migrate a PostgreSQL database, so that any number of nodes may start together on an empty
 * one: Flyway decides outside of its own lock whether the schema needs a baseline. The lock belongs to a connection of
 * its own and ends with it, also if the process is killed.
 */
final class MigrationLock implements AutoCloseable {
    /** Of the advisory locks of the server; the second key is the role. */
    private static final int KEY = 0x5361_6761;

    private final Connection connection;

    private MigrationLock(Connection connection) {
        this.connection = connection;
    }

    /** Waits for other processes that migrate the same role, at most as long as the time-out of the settings. */
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
        try (PreparedStatement lock = connection.prepareStatement("select pg_advisory_lock(?, ?)")) {
            lock.setQueryTimeout((int) Math.max(1, settings.timeout().toSeconds()));
            lock.setInt(1, KEY);
            lock.setInt(2, role.hashCode());
            lock.execute();
            return new MigrationLock(connection);
        } catch (SQLException | RuntimeException e) {
            connection.close();
            throw e;
        }
    }

    @Override
    public void close() throws SQLException {
        connection.close();
    }
}
