package dev.streamingsaga.store;

import dev.streamingsaga.testkit.PostgresServer;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;

class PostgresGraphContractTest extends GraphContract {
    private final PostgresStores server = new PostgresStores(PostgresServer::installed);

    @AfterAll
    void stop() throws Exception {
        server.close();
    }

    @Override
    Map<String, String> database() {
        return server.emptied();
    }
}
