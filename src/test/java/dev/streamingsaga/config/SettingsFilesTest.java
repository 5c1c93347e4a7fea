package dev.streamingsaga.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The files that are generated from {@link SettingsCatalog} are up to date. To write them anew, run {@code ./mvnw
 * test-compile surefire:test@default-test -Dtest=SettingsFilesTest -Dsettings.write=true}.
 */
@Tag("unit")
class SettingsFilesTest {
    private static final String REGENERATE = "run ./mvnw test-compile surefire:test@default-test"
            + " -Dtest=SettingsFilesTest -Dsettings.write=true to write it from SettingsCatalog";

    @Test
    void the_reference_file_is_generated_from_the_catalog() throws IOException {
        check("config/application.properties", SettingsFiles.properties());
    }

    @Test
    void the_documentation_is_generated_from_the_catalog() throws IOException {
        String page = Files.readString(Path.of("docs/configuration.md"));
        check("docs/configuration.md", SettingsFiles.documentation(page));
    }

    @Test
    void the_metadata_for_Spring_Boot_is_generated_from_the_catalog() throws IOException {
        check("src/main/resources/META-INF/spring-configuration-metadata.json", SettingsFiles.springMetadata());
    }

    private static void check(String file, String expected) throws IOException {
        if (Boolean.getBoolean("settings.write")) {
            Files.writeString(Path.of(file), expected);
        }
        assertThat(Path.of(file)).as("%s: %s", file, REGENERATE).content().isEqualTo(expected);
    }

    @Test
    void the_reference_file_has_no_line_over_120_characters() throws IOException {
        assertThat(Files.readAllLines(Path.of("config/application.properties")))
                .allSatisfy(line -> assertThat(line).hasSizeLessThanOrEqualTo(120));
    }

    @Test
    void every_setting_is_read_by_its_declared_type() {
        Set<String> read = new HashSet<>();
        Map<String, String> recording = new HashMap<>(Settings.defaults()) {
            @Override
            public String getOrDefault(Object key, String otherwise) {
                read.add((String) key);
                return super.getOrDefault(key, otherwise);
            }
        };
        SettingsReader reader = new SettingsReader(recording);
        Settings.build(reader);
        reader.check();
        assertThat(read).isEqualTo(Settings.defaults().keySet());
    }

    @Test
    void every_limit_is_accepted_and_the_next_value_is_refused() {
        for (Setting setting : SettingsCatalog.settings()) {
            setting.range().ifPresent(range -> {
                assertThat(problems(setting, range.min())).as(setting.key()).isEmpty();
                if (range.max().equals(Setting.Range.ANY)) {
                    return;
                }
                assertThat(problems(setting, range.max())).as(setting.key()).isEmpty();
                assertThatThrownBy(() -> Settings.parse(Map.of(setting.key(), above(setting, range.max()))))
                        .hasMessageContaining(setting.key() + " " + setting.rule())
                        .hasMessageContaining("from " + range.min() + " to " + range.max());
            });
        }
    }

    /** Problems of a value itself, without those of other settings that depend on it. */
    private static Iterable<String> problems(Setting setting, String value) {
        try {
            Settings.parse(Map.of(setting.key(), value));
            return Set.of();
        } catch (ConfigException e) {
            return e.problems().stream()
                    .filter(problem -> problem.startsWith(setting.key() + " " + setting.rule()))
                    .toList();
        }
    }

    private static String above(Setting setting, String max) {
        long next = Quantities.parse(setting.type(), max) + 1;
        return setting.type() == SettingType.DURATION ? next + "ms" : Long.toString(next);
    }
}
