package dev.streamingsaga;

import dev.streamingsaga.config.Settings;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.camel.spi.PropertiesComponent;

/** The hub's properties for one instance, with their placeholders resolved. */
final class HubProperties {
    /** How Camel's message names a missing property: {@code [env:NAME]}, {@code [sys:NAME]} or {@code [key]}. */
    private static final Pattern NOT_FOUND = Pattern.compile("Property with key \\[(?:(env|sys):)?([^\\]]+)]");

    private final PropertiesComponent hub;
    private final String name;
    private final Map<String, String> values = new HashMap<>();
    private final Set<String> unusable = new HashSet<>();
    private final List<String> problems = new ArrayList<>();

    private HubProperties(PropertiesComponent hub, String name) {
        this.hub = hub;
        this.name = name;
    }

    /**
     * Resolves every known key, since not every hub can list its properties, and every listed key, so that unknown ones
     * are reported.
     */
    static HubProperties read(PropertiesComponent hub, String name) {
        HubProperties properties = new HubProperties(hub, name);
        Set<String> keys = new TreeSet<>(hub.loadProperties(key -> key.startsWith(name + ".") && !isVariable(key))
                .stringPropertyNames());
        Settings.defaults().keySet().forEach(key -> keys.add(name + key.substring(key.indexOf('.'))));
        keys.forEach(properties::read);
        return properties;
    }

    /**
     * Some hubs list an environment variable under a guessed key, {@code s3.access.key} for {@code s3.access-key}. Its
     * value is read by the known key instead.
     */
    private static boolean isVariable(String key) {
        return System.getenv(key.toUpperCase(Locale.ROOT).replaceAll("[^A-Z0-9]", "_")) != null;
    }

    private void read(String key) {
        Optional<String> value = hub.resolveProperty(key);
        if (value.isPresent()) {
            values.put(key, value.get());
            if (Settings.hasPlaceholder(value.get())) {
                unusable.add(key);
            }
            return;
        }
        try {
            // resolveProperty() returns empty for a missing key and for an unresolvable placeholder; parseUri() says
            // which.
            hub.parseUri("{{" + key + "}}");
        } catch (RuntimeException e) {
            unresolved(key, String.valueOf(e.getMessage()));
        }
    }

    private void unresolved(String key, String message) {
        Matcher missing = NOT_FOUND.matcher(message);
        if (!missing.find()) {
            addProblem(key, "can't be resolved: " + message);
        } else if ("env".equals(missing.group(1))) {
            addProblem(
                    key,
                    "refers to the environment variable " + missing.group(2)
                            + ", which is not set: set it, or give a default, {{env:" + missing.group(2)
                            + ":default}}");
        } else if ("sys".equals(missing.group(1))) {
            addProblem(
                    key,
                    "refers to the system property " + missing.group(2)
                            + ", which is not set: set it, or give a default, {{sys:" + missing.group(2)
                            + ":default}}");
        } else if (!missing.group(2).equals(key)) {
            addProblem(key, "refers to the property " + missing.group(2) + ", which does not exist");
        }
    }

    private void addProblem(String key, String problem) {
        unusable.add(key);
        problems.add(key + " " + problem);
    }

    /** The values that are set, by their full keys. */
    Map<String, String> values() {
        return values;
    }

    /** One line for each property that refers to something that does not exist. */
    List<String> problems() {
        return problems;
    }

    /** Whether the hub's value of this property is unusable; {@code key} is without the instance's name. */
    boolean isUnusable(String key) {
        return unusable.contains(name + "." + key);
    }

    /** Only the properties that name servers and participants, without unusable values. */
    Map<String, String> servers() {
        Map<String, String> servers = new HashMap<>(values);
        servers.keySet()
                .removeIf(key -> unusable.contains(key)
                        || !key.endsWith(".url") && !key.endsWith(".endpoint") && !key.endsWith(".participants"));
        return servers;
    }
}
