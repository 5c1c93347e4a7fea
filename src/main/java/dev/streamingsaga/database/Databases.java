package dev.streamingsaga.database;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.streamingsaga.config.ServerConfig.Database;
import dev.streamingsaga.datadir.Permissions;
import dev.streamingsaga.probe.SideEffects;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Function;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.MigrationInfoService;
import org.flywaydb.core.api.configuration.FluentConfiguration;
import org.springframework.jdbc.core.JdbcTemplate;

/** Opens the databases of the journal and the stores, each with its own pool and its own migrations. */
public final class Databases {
    /**
     * SQLITE_OPEN_READWRITE: reading a file with a write-ahead log needs its -wal and -shm files, removed afterwards.
     */
    private static final String READ_WRITE_BUT_NOT_CREATE = "open_mode=2";

    private static final String JOURNAL = "journal";

    private Databases() {}

    /**
     * The supported SQL dialects. Migrations are in {@code db/<role>/<dialect>}, or in {@code db/<role>} if both
     * dialects accept them.
     */
    public enum Dialect {
        SQLITE,
        POSTGRESQL;

        public static Dialect of(String jdbcUrl) {
            return jdbcUrl.startsWith("jdbc:postgresql:") ? POSTGRESQL : SQLITE;
        }

        String folder() {
            return name().toLowerCase(java.util.Locale.ROOT);
        }
    }

    /** An open, migrated database. */
    public record OpenDatabase(DataSource dataSource, Dialect dialect, Runnable closing) implements AutoCloseable {
        @Override
        public void close() {
            closing.run();
        }
    }

    /**
     * Opens and migrates the database of a role. Without a URL it is the embedded SQLite file {@code <role>.db} in the
     * data directory: WAL mode, every commit synced, and writers wait for each other instead of failing.
     *
     * @param role journal, security, vector, graph or relational: names the file, the pool and the migrations
     */
    public static Databases.OpenDatabase open(String role, Database settings, Path dataDir) {
        String url = settings.url().orElseGet(() -> embeddedUrl(role, dataDir));
        Dialect dialect = Dialect.of(url);
        if (dialect == Dialect.SQLITE) {
            SqliteLibrary.load(dataDir);
        }
        HikariConfig pool = pool(role, settings, dialect == Dialect.SQLITE ? sqlite(role, url, settings) : url);
        pool.setMaximumPoolSize(settings.poolSize());
        pool.setMinimumIdle(1);
        HikariDataSource connections = new HikariDataSource(pool);
        DataSource dataSource = SideEffects.probe()
                .map(probe -> ProbedDataSource.around(connections, role, probe))
                .orElse(connections);
        try {
            migrate(role, settings, url, dataSource);
            return new Databases.OpenDatabase(dataSource, dialect, connections::close);
        } catch (RuntimeException e) {
            connections.close();
            throw e;
        }
    }

    private static void migrate(String role, Database settings, String url, DataSource dataSource) {
        Dialect dialect = Dialect.of(url);
        Flyway flyway = flyway(role, dialect).dataSource(dataSource).load();
        if (dialect == Dialect.SQLITE) {
            migrate(role, flyway);
            return;
        }
        try (MigrationLock lock = MigrationLock.acquire(url, role, settings)) {
            migrate(role, flyway);
        } catch (SQLException e) {
            throw new IllegalStateException("cannot migrate the database of " + role + ": " + e.getMessage(), e);
        }
    }

    /** Call it only while no other process migrates the same role. */
    static void migrate(String role, Flyway flyway) {
        if (flyway.migrate().migrationsExecuted == 0) {
            NewerSchema.check(role, flyway);
        }
    }

    private static HikariConfig pool(String role, Database settings, String url) {
        HikariConfig pool = new HikariConfig();
        pool.setPoolName("saga-" + role);
        pool.setJdbcUrl(url);
        pool.setUsername(settings.user().isEmpty() ? null : settings.user());
        pool.setPassword(settings.password().isEmpty() ? null : settings.password());
        pool.setConnectionTimeout(Math.max(250, settings.timeout().toMillis()));
        if (Dialect.of(url) == Dialect.POSTGRESQL) {
            pool.addDataSourceProperty(
                    "socketTimeout",
                    String.valueOf(Math.max(1, settings.timeout().toSeconds())));
            pool.addDataSourceProperty("connectTimeout", "5");
            // Otherwise errors quote the rejected rows, and with them a document's text.
            pool.addDataSourceProperty("logServerErrorDetail", "false");
            // One INSERT with many rows for each batch.
            pool.addDataSourceProperty("reWriteBatchedInserts", "true");
            pool.addDataSourceProperty("ApplicationName", "streaming-saga-" + role);
            if (role.equals(JOURNAL)) {
                // A newer node may add columns meanwhile: statements prepared on the server would then fail.
                pool.addDataSourceProperty("prepareThreshold", "0");
            }
        }
        return pool;
    }

    /**
     * The state of a database.
     *
     * @param exists false for an SQLite file that the first start creates
     * @param applied migrations applied so far
     * @param pending migrations that the next start applies
     */
    public record DatabaseState(Dialect dialect, boolean exists, int applied, int pending) {}

    /**
     * Connects and reads the state of the database. Creates no file and migrates nothing.
     *
     * @throws RuntimeException if it cannot be reached or read
     */
    public static DatabaseState inspect(String role, Database settings, Path dataDir) {
        Dialect dialect = Dialect.of(url(role, settings, dataDir));
        return inspected(role, settings, dataDir, connections -> {
                    MigrationInfoService migrations =
                            flyway(role, dialect).dataSource(connections).load().info();
                    return new DatabaseState(dialect, true, migrations.applied().length, migrations.pending().length);
                })
                .orElseGet(() -> new DatabaseState(dialect, false, 0, 0));
    }

    /**
     * Connects and runs a query for one number. Creates no file and migrates nothing.
     *
     * @return empty if the database does not exist
     * @throws RuntimeException if it cannot be reached or read
     */
    public static OptionalLong inspect(String role, Database settings, Path dataDir, String query) {
        return inspected(
                        role,
                        settings,
                        dataDir,
                        connections -> new JdbcTemplate(connections).queryForObject(query, Long.class))
                .map(OptionalLong::of)
                .orElse(OptionalLong.empty());
    }

    /** Empty for an SQLite file that does not exist. */
    private static <T> Optional<T> inspected(
            String role, Database settings, Path dataDir, Function<DataSource, T> question) {
        String url = url(role, settings, dataDir);
        boolean file = Dialect.of(url) == Dialect.SQLITE;
        if (file
                && !Files.exists(
                        Path.of(url.replaceFirst("^jdbc:sqlite:(file:)?", "").replaceFirst("[?].*", "")))) {
            return Optional.empty();
        }
        String existingOnly = url + (url.contains("?") ? "&" : "?") + READ_WRITE_BUT_NOT_CREATE;
        HikariConfig pool = pool(role, settings, file ? existingOnly : url);
        pool.setMaximumPoolSize(2);
        pool.setReadOnly(!file); // an SQLite file is opened only if it exists
        try (HikariDataSource connections = new HikariDataSource(pool)) {
            return Optional.ofNullable(question.apply(connections));
        }
    }

    private static String url(String role, Database settings, Path dataDir) {
        return settings.url().orElseGet(() -> "jdbc:sqlite:" + dataDir.resolve(role + ".db"));
    }

    static FluentConfiguration flyway(String role, Dialect dialect) {
        return Flyway.configure(Databases.class.getClassLoader())
                .locations("classpath:" + migrations(role, dialect))
                // Otherwise Flyway would accept an empty database if the migrations were missing.
                .failOnMissingLocations(true)
                .table("saga_" + role + "_schema")
                .baselineOnMigrate(true)
                .baselineVersion("0")
                .configuration(locking(dialect));
    }

    private static String migrations(String role, Dialect dialect) {
        String own = "db/" + role + "/" + dialect.folder();
        return Databases.class.getResource("/" + own) == null ? "db/" + role : own;
    }

    /**
     * Uses a session-level lock: the open transaction of a transactional lock would block CREATE INDEX CONCURRENTLY.
     */
    private static Map<String, String> locking(Dialect dialect) {
        return dialect == Dialect.POSTGRESQL ? Map.of("flyway.postgresql.transactional.lock", "false") : Map.of();
    }

    private static String embeddedUrl(String role, Path dataDir) {
        try {
            Permissions.folder(dataDir);
            // SQLite gives the -wal and -shm files the mode of the database file.
            return "jdbc:sqlite:" + Permissions.file(dataDir.resolve(role + ".db"));
        } catch (IOException e) {
            throw new UncheckedIOException("cannot create " + role + ".db in the data directory " + dataDir, e);
        }
    }

    /** The journal has wrapped keys: what it overwrites must not stay in the file. */
    private static String sqlite(String role, String url, Database settings) {
        return url + (url.contains("?") ? "&" : "?") + "journal_mode=WAL&synchronous=FULL&transaction_mode=IMMEDIATE"
                + "&foreign_keys=true&busy_timeout=" + settings.timeout().toMillis()
                + (role.equals(JOURNAL) ? "&secure_delete=true" : "");
    }
}
