package dev.streamingsaga.deployment;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.config.Settings;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** The settings that a container's environment variables make. */
final class ContainerSettings {
    /** Read by the launcher in the image, or by the command line itself. */
    private static final Set<String> OF_THE_LAUNCHER =
            Set.of("SAGA_DATA", "SAGA_NODES_DIR", "SAGA_JAVA_OPTS", "SAGA_UMASK");

    private ContainerSettings() {}

    /** {@code saga.s3.secret-key} is {@code SAGA_S3_SECRET_KEY}. */
    static String variable(String key) {
        return key.toUpperCase(Locale.ROOT).replace('.', '_').replace('-', '_');
    }

    /** Variables that begin with {@code SAGA_} and mean nothing. */
    static Set<String> unknown(Map<String, String> environment) {
        Set<String> unknown = new TreeSet<>(environment.keySet());
        unknown.removeIf(name -> !name.startsWith("SAGA_") || OF_THE_LAUNCHER.contains(name));
        Settings.defaults().keySet().forEach(key -> unknown.remove(variable(key)));
        Settings.secrets().forEach(key -> unknown.remove(variable(key) + "_FILE"));
        return unknown;
    }

    /**
     * The configuration of the process; a secret from a file has a value of its own.
     *
     * @throws dev.streamingsaga.config.ConfigException if a value breaks its rule
     */
    static SagaConfig parse(Map<String, String> environment) {
        Map<String, String> values = new LinkedHashMap<>();
        Settings.secrets().stream()
                .filter(key -> environment.containsKey(variable(key) + "_FILE"))
                .forEach(key -> values.put(key, "a-secret-from-a-file"));
        Settings.defaults().keySet().stream()
                .filter(key -> environment.containsKey(variable(key)))
                .forEach(key -> values.put(key, environment.get(variable(key))));
        return Settings.parse(values);
    }
}
