package dev.streamingsaga.audit;

import dev.streamingsaga.config.ServerConfig.Database;
import dev.streamingsaga.config.Settings;
import dev.streamingsaga.testkit.MigratedDatabases;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Tag;

@Tag("unit")
class SqliteAuditLogTest extends AuditLogContract {
    @Override
    void prepare(Path data) {
        MigratedDatabases.copyTo(Settings.parse(Map.of("saga.data.dir", data.toString(), "saga.participants", "")));
    }

    @Override
    Database database() {
        return new Database(Optional.empty(), "", "", 4, Duration.ofSeconds(10));
    }
}
