package dev.streamingsaga.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.config.Settings;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/**
 * Options of every command, accepted before or after a subcommand. Later sources take precedence:
 * application.properties, --config, environment, -D, --data.
 */
final class CommonOptions {
    private static final ObjectMapper JSON = new ObjectMapper();

    @Option(
            names = "--data",
            scope = ScopeType.INHERIT,
            paramLabel = "DIR",
            description = "data directory of the embedded servers (default: data, or SAGA_DATA)")
    @Nullable
    Path data;

    @Option(
            names = "--config",
            scope = ScopeType.INHERIT,
            paramLabel = "FILE",
            description = "properties file that overrides config/application.properties")
    @Nullable
    Path config;

    @Option(
            names = "-D",
            scope = ScopeType.INHERIT,
            paramLabel = "KEY=VALUE",
            mapFallbackValue = "",
            description = "a setting for this call; can be repeated")
    Map<String, String> settings = new LinkedHashMap<>();

    @Option(
            names = "--json",
            scope = ScopeType.INHERIT,
            description = "print one JSON object per line on standard output")
    boolean json;

    SagaConfig load() {
        Map<String, String> values = new LinkedHashMap<>();
        Path shipped = home().resolve("config/application.properties");
        if (Files.isRegularFile(shipped)) {
            values.putAll(read(shipped));
        }
        if (config != null) {
            values.putAll(read(config));
        }
        values.putAll(environment(System.getenv()));
        System.getProperties().stringPropertyNames().stream()
                .filter(key -> key.startsWith("saga."))
                .forEach(key -> values.put(key, System.getProperty(key)));
        values.putAll(settings);
        if (data != null) {
            values.put("saga.data.dir", data.toString());
        }
        Path routes = Path.of(values.getOrDefault("saga.routes.dir", "routes"));
        values.put("saga.routes.dir", home().resolve(routes).toString());
        return Settings.parse(values);
    }

    /** The folder of the launcher, which contains config and routes. */
    static Path home() {
        return Path.of(System.getProperty("streamingsaga.home", "")).toAbsolutePath();
    }

    /**
     * {@code SAGA_CHUNK_SIZE} is {@code saga.chunk.size}; {@code SAGA_DATA} is {@code saga.data.dir}. For secrets only,
     * {@code SAGA_S3_SECRET_KEY_FILE} names a file that contains {@code saga.s3.secret-key}.
     *
     * @throws UsageException if a secret's file cannot be read, or both of its variables are set
     */
    static Map<String, String> environment(Map<String, String> environment) {
        Map<String, String> values = new LinkedHashMap<>();
        for (String key : Settings.defaults().keySet()) {
            String name = variable(key);
            if (environment.containsKey(name)) {
                values.put(key, environment.get(name));
            }
        }
        for (String key : Settings.secrets()) {
            String name = variable(key);
            String file = environment.getOrDefault(name + "_FILE", "");
            if (!file.isEmpty()) {
                if (values.put(key, content(name + "_FILE", Path.of(file))) != null) {
                    throw new UsageException(name + " and " + name + "_FILE are both set; set only one of them");
                }
            }
        }
        if (environment.containsKey("SAGA_DATA")) {
            values.put("saga.data.dir", environment.get("SAGA_DATA"));
        }
        return values;
    }

    private static String variable(String key) {
        return key.toUpperCase(Locale.ROOT).replace('.', '_').replace('-', '_');
    }

    private static String content(String variable, Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UsageException("cannot read the file that " + variable + " names: " + e);
        }
    }

    private static Map<String, String> read(Path file) {
        Properties properties = new Properties();
        try (Reader reader = Files.newBufferedReader(file)) {
            properties.load(reader);
        } catch (IOException e) {
            throw new UsageException("cannot read the configuration " + file + ": " + e.getMessage());
        }
        Map<String, String> values = new LinkedHashMap<>();
        properties.stringPropertyNames().forEach(key -> values.put(key, properties.getProperty(key)));
        return values;
    }

    static String json(Object value) {
        try {
            return JSON.writeValueAsString(value);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("records and maps of text and numbers can be written as JSON", e);
        }
    }
}
