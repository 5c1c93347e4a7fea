package dev.streamingsaga.store;

import java.util.Map;

class SqliteGraphContractTest extends GraphContract {
    @Override
    Map<String, String> database() {
        return Map.of();
    }
}
