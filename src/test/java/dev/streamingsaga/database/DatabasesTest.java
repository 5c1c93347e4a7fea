package dev.streamingsaga.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamingsaga.config.ConfigException;
import dev.streamingsaga.config.ServerConfig.Database;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.journal.NewSaga;
import dev.streamingsaga.journal.SagaRecord;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("unit")
class DatabasesTest {
    private static final Database EMBEDDED = new Database(Optional.empty(), "", "", 2, Duration.ofSeconds(5));

    /** An incomplete jar must not open a database without tables. */
    @Test
    void rejects_a_database_without_migrations(@TempDir Path folder) {
        assertThatThrownBy(() -> Databases.open("nowhere", EMBEDDED, folder)).hasMessageContaining("db/nowhere");
    }

    /** As during a rolling upgrade, or after a rollback: what newer migrations added does not matter here. */
    @Test
    void opens_a_schema_that_a_newer_version_has_migrated(@TempDir Path folder) throws Exception {
        migratedLater(folder, "more columns", "ALTER TABLE saga ADD COLUMN colour TEXT");

        try (Databases.OpenDatabase journal = Databases.open("journal", EMBEDDED, folder)) {
            Journal old = new Journal(journal.dataSource(), Clock.systemUTC(), "old");
            SagaRecord saga = old.registration()
                    .receive(new NewSaga(folder.resolve("a"), List.of(), Duration.ofHours(1), "o", "c", "k", true))
                    .saga();
            assertThat(old.sagas().find(saga.sagaId())).contains(saga);
        }
    }

    @Test
    void rejects_a_schema_with_a_newer_migration_that_it_cannot_work_with(@TempDir Path folder) throws Exception {
        migratedLater(folder, "incompatible states", "ALTER TABLE saga ADD COLUMN colour TEXT");

        assertThatThrownBy(() -> Databases.open("journal", EMBEDDED, folder))
                .isInstanceOf(ConfigException.class)
                .hasMessageContainingAll("newer version", "journal", "999 incompatible states", "nothing was changed");
    }

    /** As if a newer version had started on this database. */
    private static void migratedLater(Path folder, String description, String change) throws Exception {
        try (Databases.OpenDatabase journal = Databases.open("journal", EMBEDDED, folder);
                Connection connection = journal.dataSource().getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute(change);
            statement.execute("INSERT INTO saga_journal_schema (installed_rank, version, description, type, script,"
                    + " checksum, installed_by, installed_on, execution_time, success) SELECT max(installed_rank) + 1,"
                    + " '999', '" + description + "', 'SQL', 'V999.sql', 1, 'later', '2030-01-01 00:00:00', 1, 1"
                    + " FROM saga_journal_schema");
        }
    }

    /**
     * Nodes of the former version continue while a newer one migrates: a migration only adds, or says in its name that
     * it does not. Migrations up to 20 are those of the first version.
     */
    @Test
    void migrations_only_add() throws Exception {
        Pattern breaking = Pattern.compile("(?i)\\b(drop\\s+(table|column)|rename\\s|alter\\s+column"
                + "|add\\s+column\\s[^,;]*not\\s+null(?![^,;]*default))");
        List<Path> migrations;
        try (Stream<Path> files = Files.walk(Path.of("src/main/resources/db"))) {
            migrations = files.filter(file -> file.getFileName().toString().matches("V(2[1-9]|[3-9]\\d).*\\.sql"))
                    .toList();
        }

        assertThat(migrations).isNotEmpty();
        for (Path migration : migrations) {
            boolean declared = migration.getFileName().toString().contains("__incompatible_");
            assertThat(declared
                            || !breaking.matcher(Files.readString(migration)).find())
                    .as("%s breaks nodes of the former version: add instead, or name it V…__incompatible_…", migration)
                    .isTrue();
        }
    }
}
