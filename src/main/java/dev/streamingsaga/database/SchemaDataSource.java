package dev.streamingsaga.database;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.datasource.AbstractDataSource;

/**
 * Borrows connections of the hub's pool and sets their {@code search_path} to the instance's schema. Restores it before
 * a connection returns to the pool. Spring treats this as a separate data source, so it never joins a transaction of
 * the hub.
 */
final class SchemaDataSource extends AbstractDataSource {
    private final DataSource hubDataSource;
    private final String path;

    SchemaDataSource(DataSource hubDataSource, String path) {
        this.hubDataSource = hubDataSource;
        this.path = path;
    }

    @Override
    public Connection getConnection() throws SQLException {
        return withSearchPath(hubDataSource.getConnection());
    }

    @Override
    public Connection getConnection(String user, String password) throws SQLException {
        return withSearchPath(hubDataSource.getConnection(user, password));
    }

    private Connection withSearchPath(Connection connection) throws SQLException {
        try {
            boolean autoCommit = connection.getAutoCommit();
            // A pool may supply connections with auto-commit off; this instance needs it on.
            connection.setAutoCommit(true);
            String previousPath = setSearchPath(connection, path);
            return (Connection) Proxy.newProxyInstance(
                    SchemaDataSource.class.getClassLoader(),
                    new Class<?>[] {Connection.class},
                    (self, method, arguments) -> {
                        switch (method.getName()) {
                            case "close" -> {
                                restore(connection, previousPath, autoCommit);
                                return null;
                            }
                            case "equals" -> {
                                return self == arguments[0];
                            }
                            default -> {
                                return call(connection, method, arguments);
                            }
                        }
                    });
        } catch (SQLException | RuntimeException e) {
            connection.close();
            throw e;
        }
    }

    private static void restore(Connection connection, String previousPath, boolean autoCommit) throws SQLException {
        if (connection.isClosed()) {
            return;
        }
        try {
            if (!connection.getAutoCommit()) {
                connection.rollback();
                connection.setAutoCommit(true);
            }
            setSearchPath(connection, previousPath);
            connection.setAutoCommit(autoCommit);
        } catch (SQLException e) {
            // The pool must not reuse a connection whose search_path is still the instance's.
            connection.abort(Runnable::run);
        } finally {
            connection.close();
        }
    }

    /** @return the previous search path */
    private static String setSearchPath(Connection connection, String path) throws SQLException {
        try (PreparedStatement query = connection.prepareStatement(
                "select current_setting('search_path'), set_config('search_path', ?, false)")) {
            query.setString(1, path);
            try (ResultSet row = query.executeQuery()) {
                row.next();
                return row.getString(1);
            }
        }
    }

    private static @Nullable Object call(Connection connection, Method method, Object @Nullable [] arguments)
            throws Throwable {
        try {
            return method.invoke(connection, arguments);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }
}
