package dev.streamingsaga.testkit;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Driver;
import java.sql.DriverManager;
import java.sql.DriverPropertyInfo;
import java.sql.SQLException;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.logging.Logger;
import org.sqlite.JDBC;

/** Records the text of every statement that is prepared on one SQLite database, whoever does it. Thread-safe. */
public final class RecordedStatements implements Driver, AutoCloseable {
    private final Set<String> statements = new ConcurrentSkipListSet<>();

    private final Driver sqlite = new JDBC();
    private final String file;

    private RecordedStatements(Path file) {
        this.file = file.toString();
    }

    /** Records until it is closed. */
    public static RecordedStatements of(Path file) throws SQLException {
        RecordedStatements recorded = new RecordedStatements(file);
        // The first driver that accepts a URL is used.
        Driver sqlite = DriverManager.getDriver(JDBC.PREFIX);
        DriverManager.registerDriver(recorded);
        DriverManager.deregisterDriver(sqlite);
        DriverManager.registerDriver(sqlite);
        return recorded;
    }

    /** Each different text once, with question marks for parameters, in one line. */
    public Set<String> statements() {
        return Set.copyOf(statements);
    }

    @Override
    public Connection connect(String url, Properties properties) throws SQLException {
        if (!acceptsURL(url)) {
            return null;
        }
        Connection connection = sqlite.connect(url, properties);
        return (Connection) Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {Connection.class}, (self, method, arguments) -> {
                    if (method.getName().equals("prepareStatement")) {
                        statements.add(((String) arguments[0]).strip().replaceAll("\\s+", " "));
                    }
                    try {
                        return method.invoke(connection, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }

    @Override
    public boolean acceptsURL(String url) {
        return url.startsWith(JDBC.PREFIX) && url.contains(file);
    }

    @Override
    public DriverPropertyInfo[] getPropertyInfo(String url, Properties properties) {
        return new DriverPropertyInfo[0];
    }

    @Override
    public int getMajorVersion() {
        return 1;
    }

    @Override
    public int getMinorVersion() {
        return 0;
    }

    @Override
    public boolean jdbcCompliant() {
        return false;
    }

    @Override
    public Logger getParentLogger() {
        return Logger.getGlobal();
    }

    @Override
    public void close() throws SQLException {
        DriverManager.deregisterDriver(this);
    }
}
