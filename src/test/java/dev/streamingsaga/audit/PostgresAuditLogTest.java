package dev.streamingsaga.audit;

import dev.streamingsaga.config.ServerConfig.Database;
import dev.streamingsaga.testkit.PostgresServer;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;

@Tag("one-jdk")
class PostgresAuditLogTest extends AuditLogContract {
    private @Nullable PostgresServer server;

    @Override
    Database database() throws Exception {
        // Not before all: a class that is given up there shows no skipped test.
        if (server == null) {
            server = PostgresServer.installed();
        }
        server.empty();
        return new Database(Optional.of(server.url()), "", "", 4, Duration.ofSeconds(10));
    }

    @AfterAll
    void stop() throws Exception {
        if (server != null) {
            server.close();
        }
    }
}
