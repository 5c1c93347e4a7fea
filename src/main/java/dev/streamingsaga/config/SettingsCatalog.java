package dev.streamingsaga.config;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Every setting, declared once: key, type, default, range and description, in the order of the documentation. The check
 * at start reads it; {@code config/application.properties}, {@code docs/configuration.md} and the metadata for Spring
 * Boot are generated from it.
 */
final class SettingsCatalog {
    private static final Map<String, Setting> SETTINGS = declare();

    private SettingsCatalog() {}

    static List<Setting> settings() {
        return List.copyOf(SETTINGS.values());
    }

    /** @throws IllegalArgumentException for a key that is not declared, which is a mistake in our code */
    static Setting get(String key) {
        Setting setting = SETTINGS.get(key);
        if (setting == null) {
            throw new IllegalArgumentException(key + " is not declared");
        }
        return setting;
    }

    private static Map<String, Setting> declare() {
        SettingsTable table = new SettingsTable();
        DocumentSettings.declare(table);
        ServerSettings.declare(table);
        EndpointSettings.declare(table);
        Map<String, Setting> settings = new LinkedHashMap<>();
        for (Setting setting : table.settings()) {
            if (settings.put(setting.key(), setting) != null) {
                throw new IllegalStateException(setting.key() + " is declared twice");
            }
        }
        return settings;
    }
}
