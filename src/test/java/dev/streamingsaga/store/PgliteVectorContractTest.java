package dev.streamingsaga.store;

import dev.streamingsaga.testkit.PostgresServer;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;

@Tag("one-jdk")
class PgliteVectorContractTest extends VectorContract {
    private final PostgresStores server = new PostgresStores(PostgresServer::pglite);

    @AfterAll
    void stop() throws Exception {
        server.close();
    }

    @Override
    Map<String, String> database() {
        return server.emptied();
    }

    /** The words are a column of the segment. */
    @Override
    long wordsWithoutSegment() {
        return fixture.ask("vector", "select count(*) from vector_segment where words is null");
    }
}
