package dev.streamingsaga.database;

import dev.streamingsaga.datadir.Permissions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.sqlite.SQLiteConnection;

/**
 * One moment of all embedded databases of a data directory, whatever other processes write meanwhile. Opens a read
 * transaction on each database, the journal first, and copies what these transactions see with the backup interface of
 * SQLite. Until it is closed, the write-ahead logs grow.
 *
 * <p>The journal comes first, so that each store has at least what the journal knows: a saga journals before it writes,
 * and repeats a step that a copied journal does not have as done. Not thread-safe.
 */
public final class SqliteSnapshots implements AutoCloseable {
    private static final String JOURNAL = "journal.db";
    private static final int BUSY_MILLIS = 10_000;

    private final Map<String, Connection> pinned = new LinkedHashMap<>();
    private final Instant moment;

    private SqliteSnapshots(List<Path> files, Path dataDir) throws SQLException {
        SqliteLibrary.load(dataDir);
        try {
            for (Path file : files) {
                pinned.put(String.valueOf(file.getFileName()), pin(file));
            }
        } catch (SQLException e) {
            close();
            throw e;
        }
        this.moment = Instant.now();
    }

    /**
     * Pins all databases of the directory.
     *
     * @throws SQLException if one cannot be read; none stays open then
     */
    public static SqliteSnapshots of(Path dataDir) throws IOException, SQLException {
        List<Path> files = new ArrayList<>();
        try (Stream<Path> entries = Files.list(dataDir)) {
            entries.filter(entry -> String.valueOf(entry.getFileName()).endsWith(".db"))
                    .filter(Files::isRegularFile)
                    .sorted()
                    .forEach(files::add);
        }
        files.sort((a, b) -> Boolean.compare(b.endsWith(JOURNAL), a.endsWith(JOURNAL)));
        return new SqliteSnapshots(files, dataDir);
    }

    private static Connection pin(Path file) throws SQLException {
        // Read-write, since a reader of a write-ahead log may have to recover it; never creates the file.
        Connection connection =
                DriverManager.getConnection("jdbc:sqlite:" + file + "?open_mode=2&busy_timeout=" + BUSY_MILLIS);
        try (Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            try (ResultSet any = statement.executeQuery("SELECT count(*) FROM sqlite_master")) {
                any.next();
            }
            return connection;
        } catch (SQLException e) {
            connection.close();
            throw e;
        }
    }

    /** When the databases were pinned. */
    public Instant moment() {
        return moment;
    }

    /** File names, the journal's first. */
    public List<String> names() {
        return List.copyOf(pinned.keySet());
    }

    /**
     * Copies one database to a new file with mode 600, checks the copy, and syncs nothing.
     *
     * @throws SQLException if the copy fails or is damaged
     */
    public void copy(String name, Path target) throws IOException, SQLException {
        Connection source = pinned.get(name);
        if (source == null) {
            throw new IllegalArgumentException("no database " + name);
        }
        Permissions.file(target);
        int result = source.unwrap(SQLiteConnection.class).getDatabase().backup("main", target.toString(), null);
        if (result != 0) {
            throw new SQLException("the backup of " + name + " ended with SQLite code " + result);
        }
        check(target);
    }

    /** @throws SQLException if pages of the file do not fit together */
    private static void check(Path file) throws SQLException {
        try (Connection copy = readOnly(file);
                Statement statement = copy.createStatement();
                ResultSet row = statement.executeQuery("PRAGMA quick_check(1)")) {
            String found = row.next() ? row.getString(1) : "nothing";
            if (!"ok".equals(found)) {
                throw new SQLException(file.getFileName() + " is damaged: " + found);
            }
        }
    }

    /** Opens a copy that no process writes; creates no file beside it. */
    public static Connection readOnly(Path copy) throws SQLException {
        return DriverManager.getConnection("jdbc:sqlite:file:" + uri(copy) + "?immutable=1&open_mode=1");
    }

    private static String uri(Path file) {
        return file.toAbsolutePath()
                .toString()
                .replace("%", "%25")
                .replace("?", "%3f")
                .replace("#", "%23");
    }

    @Override
    public void close() throws SQLException {
        SQLException failure = null;
        for (Connection connection : pinned.values()) {
            try {
                connection.close();
            } catch (SQLException e) {
                failure = e;
            }
        }
        pinned.clear();
        if (failure != null) {
            throw failure;
        }
    }
}
