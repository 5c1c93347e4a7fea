package dev.streamingsaga.database;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamingsaga.config.ServerConfig.Database;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("unit")
class DatabasesTest {
    /** An incomplete jar must not open a database without tables. */
    @Test
    void rejects_a_database_without_migrations(@TempDir Path folder) {
        Database embedded = new Database(Optional.empty(), "", "", 1, Duration.ofSeconds(5));

        assertThatThrownBy(() -> Databases.open("nowhere", embedded, folder)).hasMessageContaining("db/nowhere");
    }
}
