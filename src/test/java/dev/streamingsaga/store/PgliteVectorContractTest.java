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

    @Override
    long wordsWithoutSegment() {
        return fixture.ask(
                "vector", "select (select count(*) from vector_segment) - (select count(*) from vector_words)");
    }

    @Override
    void makeOld(String sagaId) {
        fixture.sql("vector").update("delete from vector_words where saga_id = ?", sagaId);
        fixture.sql("vector")
                .update("update vector_segment set words = to_tsvector('simple', text) where saga_id = ?", sagaId);
        fixture.sql("vector")
                .update("update vector_document set word_format = 0, owner = '', file_key = lower(file_name)");
    }
}
