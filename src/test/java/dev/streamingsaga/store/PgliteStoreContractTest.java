package dev.streamingsaga.store;

import dev.streamingsaga.testkit.PostgresServer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;

class PgliteStoreContractTest extends StoreContract {
    private PostgresServer server;

    @AfterAll
    void stop() throws Exception {
        if (server != null) {
            server.close();
        }
    }

    @Override
    Map<String, String> database() {
        // Not before all: a class that is given up there shows no skipped test.
        if (server == null) {
            server = PostgresServer.pglite();
        }
        server.empty();
        Map<String, String> settings = new HashMap<>();
        Stores.BUILT_IN.forEach(store -> settings.put("saga.store." + store + ".url", server.url()));
        return settings;
    }

    @Override
    Stream<String> stores() {
        return Stores.BUILT_IN.stream();
    }

    @Override
    List<String> refuseDeletes(String table, boolean silently) {
        return List.of(
                "create function refuse_delete() returns trigger language plpgsql as $$ begin "
                        + (silently ? "return null" : "raise exception 'no'") + "; end $$",
                "create trigger refuse_delete before delete on " + table + " for each row execute function refuse_delete()");
    }
}
