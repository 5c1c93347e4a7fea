package dev.streamingsaga.store;

import dev.streamingsaga.journal.StoreNames;
import dev.streamingsaga.testkit.PostgresServer;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;

@Tag("one-jdk")
class PgliteStoreContractTest extends StoreContract {
    private final PostgresStores server = new PostgresStores(PostgresServer::pglite);

    @AfterAll
    void stop() throws Exception {
        server.close();
    }

    @Override
    Map<String, String> database() {
        return server.emptied();
    }

    @Override
    Stream<String> stores() {
        return StoreNames.BUILT_IN.stream();
    }

    @Override
    List<String> refuseDeletes(String table, boolean silently) {
        return PostgresStores.refuseDeletes(table, silently);
    }
}
