package dev.streamingsaga.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SqliteSnapshotsTest {
    @TempDir
    Path data;

    @TempDir
    Path copies;

    @Test
    void copies_what_was_committed_when_the_databases_were_pinned() throws Exception {
        try (Connection journal = database("journal");
                Connection vector = database("vector")) {
            insert(journal, 1);
            insert(vector, 1);
            try (SqliteSnapshots snapshots = SqliteSnapshots.of(data)) {
                assertThat(snapshots.names()).containsExactly("journal.db", "vector.db");
                insert(journal, 2);
                insert(vector, 2);
                snapshots.copy("journal.db", copies.resolve("journal.db"));
                snapshots.copy("vector.db", copies.resolve("vector.db"));
            }
            assertThat(count(copies.resolve("journal.db"))).isEqualTo(1);
            assertThat(count(copies.resolve("vector.db"))).isEqualTo(1);
            assertThat(copies.toFile().list()).containsExactlyInAnyOrder("journal.db", "vector.db");
        }
    }

    @Test
    void a_damaged_database_is_not_copied_as_if_it_were_whole() throws Exception {
        try (Connection journal = database("journal")) {
            for (int i = 0; i < 2_000; i++) {
                insert(journal, i);
            }
            try (Statement statement = journal.createStatement()) {
                statement.execute("PRAGMA wal_checkpoint(TRUNCATE)");
            }
        }
        byte[] bytes = Files.readAllBytes(data.resolve("journal.db"));
        java.util.Arrays.fill(bytes, 4096 + 8, 8192, (byte) 0x5a);
        Files.write(data.resolve("journal.db"), bytes);
        try (SqliteSnapshots snapshots = SqliteSnapshots.of(data)) {
            assertThatThrownBy(() -> snapshots.copy("journal.db", copies.resolve("journal.db")))
                    .isInstanceOf(SQLException.class)
                    .hasMessageContaining("damaged");
        }
    }

    private Connection database(String name) throws SQLException {
        Connection connection = DriverManager.getConnection(
                "jdbc:sqlite:" + data.resolve(name + ".db") + "?journal_mode=WAL&synchronous=OFF");
        try (Statement statement = connection.createStatement()) {
            statement.execute("CREATE TABLE entry (id INTEGER, text TEXT)");
        }
        return connection;
    }

    private static void insert(Connection connection, int id) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("INSERT INTO entry VALUES (" + id + ", 'an entry of some length')");
        }
    }

    private static int count(Path file) throws SQLException, IOException {
        try (Connection connection = SqliteSnapshots.readOnly(file);
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("SELECT count(*) FROM entry")) {
            row.next();
            return row.getInt(1);
        }
    }
}
