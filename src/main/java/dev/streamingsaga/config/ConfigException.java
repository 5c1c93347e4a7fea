package dev.streamingsaga.config;

import java.util.List;

/** Settings that can't be used; the message lists all of them, each with key, rule and value. */
public final class ConfigException extends RuntimeException {
    private final transient List<String> problems;

    ConfigException(List<String> problems) {
        super("configuration: " + String.join("; ", problems));
        this.problems = List.copyOf(problems);
    }

    public List<String> problems() {
        return problems;
    }
}
