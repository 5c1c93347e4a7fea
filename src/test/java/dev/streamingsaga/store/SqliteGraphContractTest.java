package dev.streamingsaga.store;

import java.util.Map;
import org.junit.jupiter.api.Tag;

@Tag("unit")
class SqliteGraphContractTest extends GraphContract {
    @Override
    Map<String, String> database() {
        return Map.of();
    }
}
