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
 * Connections of somebody else's pool that look at our schema while we have them, and where they looked before when the
 * pool has them back. To Spring it is another data source than its owner's: no transaction of the owner's is ever
 * joined.
 */
final class SchemaDataSource extends AbstractDataSource {
    private final DataSource owners;
    private final String path;

    SchemaDataSource(DataSource owners, String path) {
        this.owners = owners;
        this.path = path;
    }

    @Override
    public Connection getConnection() throws SQLException {
        return switched(owners.getConnection());
    }

    @Override
    public Connection getConnection(String user, String password) throws SQLException {
        return switched(owners.getConnection(user, password));
    }

    private Connection switched(Connection connection) throws SQLException {
        try {
            boolean autoCommit = connection.getAutoCommit();
            // A pool may hand out connections with a transaction already open: none of it is ours to take over.
            connection.setAutoCommit(true);
            String before = setSearchPath(connection, path);
            return (Connection) Proxy.newProxyInstance(
                    SchemaDataSource.class.getClassLoader(),
                    new Class<?>[] {Connection.class},
                    (self, method, arguments) -> {
                        switch (method.getName()) {
                            case "close" -> {
                                restore(connection, before, autoCommit);
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

    private static void restore(Connection connection, String before, boolean autoCommit) throws SQLException {
        if (connection.isClosed()) {
            return;
        }
        try {
            if (!connection.getAutoCommit()) {
                connection.rollback();
                connection.setAutoCommit(true);
            }
            setSearchPath(connection, before);
            connection.setAutoCommit(autoCommit);
        } catch (SQLException e) {
            // The pool must not hand out a connection that still looks at our tables.
            connection.abort(Runnable::run);
        } finally {
            connection.close();
        }
    }

    /** @return where it looked before */
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
