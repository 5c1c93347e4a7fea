package dev.streamingsaga.config;

import dev.streamingsaga.config.Setting.Range;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** Collects declarations, one statement for each setting: {@code table.row(…).describe(…)}. */
final class SettingsTable {
    private final List<Setting> settings = new ArrayList<>();
    private String section = "";

    List<Setting> settings() {
        return settings;
    }

    /** Heading of the rows that follow. */
    void section(String title) {
        section = title;
    }

    SettingRow row(SettingType type, String key, String defaultText) {
        return new SettingRow(this, key, type, defaultText, Optional.empty(), List.of());
    }

    /** A number, size or time from {@code min} to {@code max}, both included and written as a user writes them. */
    SettingRow row(SettingType type, String key, String defaultText, String min, String max) {
        return new SettingRow(this, key, type, defaultText, Optional.of(new Range(min, max)), List.of());
    }

    /** One of the constants of an enum, written in lower case with hyphens. */
    <E extends Enum<E>> SettingRow choice(String key, E defaultChoice) {
        List<String> words = Arrays.stream(defaultChoice.getDeclaringClass().getEnumConstants())
                .map(SettingsReader::word)
                .toList();
        return choice(key, SettingsReader.word(defaultChoice), words);
    }

    SettingRow choice(String key, String defaultChoice, List<String> choices) {
        return new SettingRow(this, key, SettingType.CHOICE, defaultChoice, Optional.empty(), choices);
    }

    /** A declaration that only lacks its description. */
    record SettingRow(
            SettingsTable table,
            String key,
            SettingType type,
            String defaultText,
            Optional<Range> range,
            List<String> choices) {

        /** @param description whole sentences, without type, default and range, which the documentation adds */
        void describe(String description) {
            table.settings.add(new Setting(key, type, defaultText, range, choices, table.section, description));
        }
    }
}
