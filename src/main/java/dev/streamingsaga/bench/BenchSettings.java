package dev.streamingsaga.bench;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.config.Settings;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What all benchmarks share.
 *
 * @param directory deleted after each benchmark
 * @param settings of every measured instance
 */
public record BenchSettings(Path directory, Map<String, String> settings) {
    public BenchSettings {
        settings = Map.copyOf(settings);
    }

    /** The settings of an instance with its data below the directory. */
    Map<String, String> instance() {
        Map<String, String> all = new LinkedHashMap<>(settings);
        all.put("saga.data.dir", directory.resolve("data").toString());
        return all;
    }

    SagaConfig config(Map<String, String> more) {
        Map<String, String> all = instance();
        all.putAll(more);
        return Settings.parse(all);
    }
}
