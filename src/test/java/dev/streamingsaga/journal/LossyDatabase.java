package dev.streamingsaga.journal;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.Set;
import javax.sql.DataSource;
import org.springframework.jdbc.datasource.DelegatingDataSource;

/**
 * A real database that loses on purpose what is said to it: a write that never arrives, or the reply to one that did.
 */
public final class LossyDatabase extends DelegatingDataSource {
    private static final String LOST_REPLY = "lost on purpose: the reply";
    private static final Set<String> WRITES = Set.of("executeUpdate", "executeLargeUpdate");

    private Loss loss = Loss.NOTHING;
    private int writesBefore;
    private boolean lost;

    public enum Loss {
        NOTHING,
        WRITE,
        REPLY
    }

    public LossyDatabase(DataSource real) {
        super(real);
    }

    /**
     * From now on so many writes succeed, and then one is lost; a write is a transaction, or a statement outside of
     * one.
     */
    public synchronized void lose(Loss what, int afterWrites) {
        loss = what;
        writesBefore = afterWrites;
        lost = false;
    }

    /**
     * Ends what {@link #lose} began.
     *
     * @return whether anything was lost
     */
    public synchronized boolean restore() {
        loss = Loss.NOTHING;
        return lost;
    }

    /** Whether what was said did arrive. */
    public static boolean isLostReply(Throwable failure) {
        for (Throwable t = failure; t != null; t = t.getCause()) {
            if (LOST_REPLY.equals(t.getMessage())) {
                return true;
            }
        }
        return false;
    }

    private synchronized Loss next() {
        if (loss == Loss.NOTHING || writesBefore-- > 0) {
            return Loss.NOTHING;
        }
        Loss now = loss;
        loss = Loss.NOTHING;
        lost = true;
        return now;
    }

    @Override
    public Connection getConnection() throws SQLException {
        Connection real = super.getConnection();
        return proxy(Connection.class, (proxy, method, arguments) -> {
            if (method.getName().equals("commit")) {
                return write(() -> method.invoke(real, arguments), real::rollback);
            }
            Object result = invoke(() -> method.invoke(real, arguments));
            return result instanceof PreparedStatement statement ? statement(real, statement) : result;
        });
    }

    private PreparedStatement statement(Connection connection, PreparedStatement real) {
        return proxy(
                PreparedStatement.class,
                (proxy, method, arguments) -> WRITES.contains(method.getName()) && connection.getAutoCommit()
                        ? write(() -> method.invoke(real, arguments), () -> {})
                        : invoke(() -> method.invoke(real, arguments)));
    }

    @FunctionalInterface
    private interface Call {
        Object run() throws Exception;
    }

    @FunctionalInterface
    private interface Undo {
        void run() throws SQLException;
    }

    private Object write(Call call, Undo undo) throws Throwable {
        switch (next()) {
            case WRITE -> {
                undo.run();
                throw new SQLException("lost on purpose: the write");
            }
            case REPLY -> {
                invoke(call);
                throw new SQLException(LOST_REPLY);
            }
            default -> {
                return invoke(call);
            }
        }
    }

    // null is what a method without result returns
    private static Object invoke(Call call) throws Throwable {
        try {
            return call.run();
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }

    private static <T> T proxy(Class<T> type, InvocationHandler handler) {
        return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, handler));
    }
}
