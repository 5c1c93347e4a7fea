package dev.streamingsaga.store;

import dev.streamingsaga.journal.StoreNames;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;

@Tag("unit")
class SqliteStoreContractTest extends StoreContract {
    @Override
    Stream<String> stores() {
        return StoreNames.BUILT_IN.stream();
    }

    @Override
    Map<String, String> database() {
        return Map.of();
    }

    @Override
    List<String> refuseDeletes(String table, boolean silently) {
        return List.of("create trigger refuse_delete before delete on " + table + " begin select "
                + (silently ? "raise(ignore)" : "raise(abort, 'no')") + "; end");
    }
}
