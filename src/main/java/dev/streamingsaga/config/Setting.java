package dev.streamingsaga.config;

import java.util.List;
import java.util.Optional;

/**
 * One setting, as {@link SettingsCatalog} declares it.
 *
 * @param defaultText as a user writes it, or {@link #PROCESS_USER}
 * @param range limits of numbers, sizes and times
 * @param choices allowed words of a {@link SettingType#CHOICE}, else empty
 * @param section heading in the documentation
 * @param description what it does, in whole sentences, without type, default and range
 */
record Setting(
        String key,
        SettingType type,
        String defaultText,
        Optional<Range> range,
        List<String> choices,
        String section,
        String description) {
    /** Default that differs from process to process. */
    static final String PROCESS_USER = "the user running the process";

    /** Limits as a user writes them, both included; {@link #ANY} for no upper limit. */
    record Range(String min, String max) {
        static final String ANY = "any";

        @Override
        public String toString() {
            return min + " to " + max;
        }
    }

    String defaultValue() {
        return hasFixedDefault() ? defaultText : System.getProperty("user.name", "unknown");
    }

    boolean hasFixedDefault() {
        return !defaultText.equals(PROCESS_USER);
    }

    /** What a value must be, as an error says it after the key. */
    String rule() {
        if (type == SettingType.CHOICE) {
            return "must be one of " + String.join(", ", choices);
        }
        return type.rule()
                + range.map(limits -> " from " + limits.min() + " to " + limits.max())
                        .orElse("");
    }
}
