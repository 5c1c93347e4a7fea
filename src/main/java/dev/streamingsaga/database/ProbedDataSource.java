package dev.streamingsaga.database;

import dev.streamingsaga.probe.SideEffectProbe;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.sql.CallableStatement;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.Statement;
import java.util.Locale;
import java.util.Set;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/** Notifies a probe of every statement that may write, and of every commit after one. Used only if there is a probe. */
final class ProbedDataSource {
    private static final Set<String> EXECUTES = Set.of(
            "execute", "executeQuery", "executeUpdate", "executeLargeUpdate", "executeBatch", "executeLargeBatch");
    private static final int MAX_LENGTH = 90;

    private final String role;
    private final SideEffectProbe probe;

    private ProbedDataSource(String role, SideEffectProbe probe) {
        this.role = role;
        this.probe = probe;
    }

    static DataSource around(DataSource dataSource, String role, SideEffectProbe probe) {
        ProbedDataSource probed = new ProbedDataSource(role, probe);
        return proxy(DataSource.class, (self, method, arguments) -> {
            Object answer = call(dataSource, method, arguments);
            return answer instanceof Connection connection ? probed.connection(connection) : answer;
        });
    }

    private Connection connection(Connection connection) {
        Writes writes = new Writes();
        return proxy(Connection.class, (self, method, arguments) -> {
            switch (method.getName()) {
                case "commit", "setAutoCommit" -> {
                    return writes.commit(() -> call(connection, method, arguments));
                }
                case "rollback" -> writes.lastWrite = "";
                default -> {}
            }
            Object answer = call(connection, method, arguments);
            if (!(answer instanceof Statement statement)) {
                return answer;
            }
            String sql = arguments != null && arguments.length > 0 && arguments[0] instanceof String text ? text : "";
            return statement(statement, sql, writes);
        });
    }

    private Statement statement(Statement statement, String prepared, Writes writes) {
        Class<? extends Statement> type = statement instanceof CallableStatement
                ? CallableStatement.class
                : statement instanceof PreparedStatement ? PreparedStatement.class : Statement.class;
        return proxy(type, (self, method, arguments) -> {
            if (!EXECUTES.contains(method.getName())) {
                return call(statement, method, arguments);
            }
            String sql =
                    arguments != null && arguments.length > 0 && arguments[0] instanceof String text ? text : prepared;
            return isRead(sql)
                    ? call(statement, method, arguments)
                    : writes.write(shortened(sql), () -> call(statement, method, arguments));
        });
    }

    private interface JdbcCall {
        @Nullable
        Object run() throws Throwable;
    }

    /** The writes of a connection since its last commit. */
    private final class Writes {
        private String lastWrite = "";

        @Nullable
        Object write(String sql, ProbedDataSource.JdbcCall call) throws Throwable {
            lastWrite = sql;
            return probed(sql, call);
        }

        @Nullable
        Object commit(ProbedDataSource.JdbcCall call) throws Throwable {
            if (lastWrite.isEmpty()) {
                return call.run();
            }
            String what = "commit of " + lastWrite;
            lastWrite = "";
            return probed(what, call);
        }

        private @Nullable Object probed(String what, ProbedDataSource.JdbcCall call) throws Throwable {
            probe.before(role, what);
            try {
                return call.run();
            } finally {
                probe.after(role, what);
            }
        }
    }

    private static boolean isRead(String sql) {
        String start = sql.strip().toLowerCase(Locale.ROOT);
        return start.startsWith("select") || start.startsWith("pragma");
    }

    private static String shortened(String sql) {
        String line = sql.strip().replaceAll("\\s+", " ");
        return line.length() <= MAX_LENGTH ? line : line.substring(0, MAX_LENGTH);
    }

    private static @Nullable Object call(Object target, Method method, Object @Nullable [] arguments) throws Throwable {
        try {
            return method.invoke(target, arguments);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }

    private static <T> T proxy(Class<T> type, InvocationHandler handler) {
        return type.cast(Proxy.newProxyInstance(
                ProbedDataSource.class.getClassLoader(),
                new Class<?>[] {type},
                (self, method, arguments) -> method.getName().equals("equals")
                        ? self == arguments[0]
                        : handler.invoke(self, method, arguments)));
    }
}
