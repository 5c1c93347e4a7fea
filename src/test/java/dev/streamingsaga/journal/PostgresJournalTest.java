package dev.streamingsaga.journal;

import dev.streamingsaga.config.SagaConfig.Database;
import dev.streamingsaga.testkit.PostgresServer;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;

class PostgresJournalTest extends JournalContract {
    private PostgresServer server;

    @AfterAll
    void stop() throws Exception {
        if (server != null) {
            server.close();
        }
    }

    @Override
    Database database() {
        // Not before all: a class that is given up there shows no skipped test.
        if (server == null) {
            server = PostgresServer.installed();
        }
        server.empty();
        return new Database(Optional.of(server.url()), "", "", 4, Duration.ofSeconds(10));
    }
}
