package dev.streamingsaga.store;

import dev.streamingsaga.journal.StoreNames;
import dev.streamingsaga.testkit.PostgresServer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One PostgreSQL for the stores of a test class: started with the first test, since a class that is aborted earlier
 * reports no skipped test.
 */
final class PostgresStores implements AutoCloseable {
    private final Supplier<PostgresServer> start;
    private @Nullable PostgresServer server;

    PostgresStores(Supplier<PostgresServer> start) {
        this.start = start;
    }

    /** Settings that put every store into its database, which is empty now. */
    Map<String, String> emptied() {
        PostgresServer running = server == null ? start.get() : server;
        server = running;
        running.empty();
        Map<String, String> settings = new HashMap<>();
        StoreNames.BUILT_IN.forEach(store -> settings.put("saga.store." + store + ".url", running.url()));
        return settings;
    }

    static List<String> refuseDeletes(String table, boolean silently) {
        return List.of(
                "create function refuse_delete() returns trigger language plpgsql as $$ begin "
                        + (silently ? "return null" : "raise exception 'no'") + "; end $$",
                "create trigger refuse_delete before delete on " + table
                        + " for each row execute function refuse_delete()");
    }

    @Override
    public void close() throws Exception {
        if (server != null) {
            server.close();
        }
    }
}
