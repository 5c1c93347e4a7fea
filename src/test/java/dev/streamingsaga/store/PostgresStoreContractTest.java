package dev.streamingsaga.store;

import dev.streamingsaga.testkit.PostgresServer;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;

@Tag("one-jdk")
class PostgresStoreContractTest extends StoreContract {
    private final PostgresStores server = new PostgresStores(PostgresServer::installed);

    @AfterAll
    void stop() throws Exception {
        server.close();
    }

    @Override
    Map<String, String> database() {
        return server.emptied();
    }

    /** The operating system's PostgreSQL has no pgvector. */
    @Override
    Stream<String> stores() {
        return Stream.of("security", "graph", "relational");
    }

    @Override
    List<String> refuseDeletes(String table, boolean silently) {
        return PostgresStores.refuseDeletes(table, silently);
    }
}
