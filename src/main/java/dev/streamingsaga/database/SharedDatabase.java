package dev.streamingsaga.database;

import dev.streamingsaga.database.Databases.Dialect;
import dev.streamingsaga.journal.StoreNames;
import dev.streamingsaga.probe.SideEffects;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;

/**
 * A schema of the instance's own in the hub's PostgreSQL database. It holds all tables, migrations and their history,
 * and the instance's connections see nothing else: tables of the hub are neither read nor written, even if they have
 * the same names.
 */
public final class SharedDatabase implements DatabaseSource {
    private final DataSource hubDataSource;
    private final String schema;

    private SharedDatabase(DataSource hubDataSource, String schema) {
        this.hubDataSource = hubDataSource;
        this.schema = schema;
    }

    /**
     * @param instance names the schema: {@code streaming_<instance>}, created if it is missing
     * @throws SQLException if the database does not answer or is not PostgreSQL: the durability of SQLite depends on
     *     settings of the hub's pool
     */
    public static SharedDatabase of(DataSource hubDataSource, String instance) throws SQLException {
        try (Connection connection = hubDataSource.getConnection()) {
            String product = connection.getMetaData().getDatabaseProductName();
            if (!product.equals("PostgreSQL")) {
                throw new SQLException("it is " + product + ", and only PostgreSQL can be shared");
            }
        }
        return new SharedDatabase(hubDataSource, "streaming_" + instance.replace('-', '_'));
    }

    @Override
    public Databases.OpenDatabase open(String role) {
        SchemaDataSource schemaDataSource = new SchemaDataSource(hubDataSource, path(role));
        DataSource dataSource = SideEffects.probe()
                .map(probe -> ProbedDataSource.around(schemaDataSource, role, probe))
                .orElse(schemaDataSource);
        Flyway flyway = Databases.flyway(role, Dialect.POSTGRESQL)
                .dataSource(dataSource)
                .schemas(schema)
                .defaultSchema(schema)
                .createSchemas(true)
                .load();
        try (MigrationLock lock = MigrationLock.acquire(hubDataSource, schema)) {
            Databases.migrate(role, flyway);
        } catch (SQLException e) {
            throw new IllegalStateException(
                    "cannot migrate the schema " + schema + " of the shared database: " + e.getMessage(), e);
        }
        return new Databases.OpenDatabase(dataSource, Dialect.POSTGRESQL, () -> {});
    }

    /** The instance's schema; for vectors also the schema of the pgvector extension. */
    private String path(String role) {
        String own = "\"" + schema + "\"";
        if (!role.equals(StoreNames.VECTOR)) {
            return own;
        }
        String extension = "select quote_ident(n.nspname) from pg_extension e"
                + " join pg_namespace n on n.oid = e.extnamespace where e.extname = 'vector'";
        try (Connection connection = hubDataSource.getConnection();
                PreparedStatement query = connection.prepareStatement(extension);
                ResultSet row = query.executeQuery()) {
            return row.next() ? own + ", " + row.getString(1) : own;
        } catch (SQLException e) {
            throw new IllegalStateException(
                    "cannot find the schema of pgvector in the shared database: " + e.getMessage(), e);
        }
    }
}
