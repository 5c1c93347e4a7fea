package dev.streamingsaga.config;

import dev.streamingsaga.annotation.PublicApi;
import java.util.List;

/** Invalid settings. The message lists all of them, each with key, rule and value. */
@PublicApi
public class ConfigException extends RuntimeException {
    private final transient List<String> problems;

    public ConfigException(List<String> problems) {
        super("configuration: " + String.join("; ", problems));
        this.problems = List.copyOf(problems);
    }

    /** One problem that only appears when the configuration is used. */
    public static ConfigException of(String problem) {
        return new ConfigException(List.of(problem));
    }

    public List<String> problems() {
        return problems;
    }
}
