package dev.streamingsaga.database;

import dev.streamingsaga.database.Databases.Dialect;
import dev.streamingsaga.probe.SideEffects;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import javax.sql.DataSource;

/**
 * A PostgreSQL database that is somebody else's, with a schema in it that is ours: all tables, migrations and their
 * history lie there, and our connections see nothing else. What its owner keeps beside it is neither read nor written,
 * also under the same name.
 */
public final class SharedDatabase implements DatabaseSource {
    private final DataSource owners;
    private final String schema;

    private SharedDatabase(DataSource owners, String schema) {
        this.owners = owners;
        this.schema = schema;
    }

    /**
     * @param instance names the schema: {@code streaming_<instance>}, created if it is missing
     * @throws SQLException if it does not answer, or is no PostgreSQL: with SQLite what a pool sets decides about
     *     durability
     */
    public static SharedDatabase of(DataSource owners, String instance) throws SQLException {
        try (Connection connection = owners.getConnection()) {
            String product = connection.getMetaData().getDatabaseProductName();
            if (!product.equals("PostgreSQL")) {
                throw new SQLException("it is " + product + ", and only PostgreSQL can be shared");
            }
        }
        return new SharedDatabase(owners, "streaming_" + instance.replace('-', '_'));
    }

    @Override
    public Databases.OpenDatabase open(String role) {
        SchemaDataSource ours = new SchemaDataSource(owners, path(role));
        DataSource dataSource = SideEffects.probe()
                .map(probe -> ProbedDataSource.around(ours, role, probe))
                .orElse(ours);
        Databases.flyway(role, Dialect.POSTGRESQL)
                .dataSource(dataSource)
                .schemas(schema)
                .defaultSchema(schema)
                .createSchemas(true)
                .load()
                .migrate();
        return new Databases.OpenDatabase(dataSource, Dialect.POSTGRESQL, () -> {});
    }

    /** Ours alone, and for vectors also the one that pgvector's type is in. */
    private String path(String role) {
        String own = "\"" + schema + "\"";
        if (!role.equals("vector")) {
            return own;
        }
        String extension =
                "select quote_ident(n.nspname) from pg_extension e join pg_namespace n on n.oid = e.extnamespace where e.extname = 'vector'";
        try (Connection connection = owners.getConnection();
                PreparedStatement query = connection.prepareStatement(extension);
                ResultSet row = query.executeQuery()) {
            return row.next() ? own + ", " + row.getString(1) : own;
        } catch (SQLException e) {
            throw new IllegalStateException("cannot ask the shared database where pgvector is: " + e.getMessage(), e);
        }
    }
}
