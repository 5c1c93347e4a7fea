package dev.streamingsaga.store;

import dev.streamingsaga.testkit.PostgresServer;
import java.util.HashMap;

import java.util.Map;

import org.junit.jupiter.api.AfterAll;

class PgliteVectorContractTest extends VectorContract {
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

    /** The words are a column of the segment. */
    @Override
    long wordsWithoutSegment() {
        return fixture.ask("vector", "select count(*) from vector_segment where words is null");
    }
}
