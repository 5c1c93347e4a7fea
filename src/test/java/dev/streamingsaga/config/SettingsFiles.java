package dev.streamingsaga.config;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The files that are generated from {@link SettingsCatalog}. */
final class SettingsFiles {
    private static final int WIDTH = 120;
    private static final String BEGIN = "<!-- BEGIN settings, generated: see SettingsFilesTest -->\n";
    private static final String END = "<!-- END settings -->\n";

    private static final String HEADER = """
            # Every setting of Streaming Saga with its default. Set only the keys that you change.
            # Later sources win: this file, --config FILE, environment (SAGA_CHUNK_SIZE is saga.chunk.size),
            # -D key=value.
            # Times: 500ms, 5s, 10m, 1h, 2d. Sizes: B, KiB, MiB, GiB, TiB. Unknown saga.* keys are refused at start.
            # In your own hub, put the keys among the hub's own properties; they begin with the instance's name:
            # new StreamingSaga("archive") reads archive.*, with archive.data.dir=data-archive and
            # archive.chunk.prefix=archive as defaults. Nothing is embedded there:
            # an empty value means a bean of the hub.
            # Generated from SettingsCatalog, as SettingsFilesTest describes.

            """;

    private SettingsFiles() {}

    /** {@code config/application.properties}. */
    static String properties() {
        StringBuilder file = new StringBuilder(HEADER);
        String section = "";
        Set<String> written = new HashSet<>();
        for (Setting setting : SettingsCatalog.settings()) {
            if (!setting.section().equals(section)) {
                section = setting.section();
                written.clear();
                file.append("\n# ---- ").append(section).append(" ----\n");
            }
            String comment = comment(setting);
            if (written.add(comment)) {
                wrap("# ", comment, " ").forEach(line -> file.append(line).append('\n'));
            }
            file.append(assignment(setting));
        }
        return file.toString();
    }

    private static String comment(Setting setting) {
        String description = setting.description();
        if (!setting.hasFixedDefault()) {
            return description + " Default: " + setting.defaultText() + ".";
        }
        if (!setting.choices().isEmpty()) {
            return description + " One of " + String.join(", ", setting.choices()) + ".";
        }
        return description
                + setting.range().map(range -> " " + words(range) + ".").orElse("");
    }

    private static String words(Setting.Range range) {
        return range.max().equals(Setting.Range.ANY) ? range.min() + " or more" : range.toString();
    }

    private static String assignment(Setting setting) {
        if (!setting.hasFixedDefault()) {
            return "# " + setting.key() + "=\n";
        }
        String line = setting.key() + "=" + setting.defaultText();
        return line.length() <= WIDTH
                ? line + "\n"
                : setting.key() + "=\\\n"
                        + String.join(
                                "\\\n",
                                continued(setting.defaultText()).stream()
                                        .map(part -> "    " + part)
                                        .toList())
                        + "\n";
    }

    /** Lines of a list, each but the last ending in a comma. */
    private static List<String> continued(String list) {
        List<String> lines = new ArrayList<>();
        StringBuilder line = new StringBuilder();
        for (String element : list.split("(?<=,)")) {
            if (line.length() + element.length() > WIDTH - 5) {
                lines.add(line.toString());
                line.setLength(0);
            }
            line.append(element);
        }
        lines.add(line.toString());
        return lines;
    }

    private static List<String> wrap(String prefix, String text, String separator) {
        List<String> lines = new ArrayList<>();
        StringBuilder line = new StringBuilder(prefix);
        for (String word : text.split(separator)) {
            if (line.length() + word.length() > WIDTH) {
                lines.add(line.toString().stripTrailing());
                line = new StringBuilder(prefix);
            }
            line.append(word).append(separator);
        }
        lines.add(line.toString().stripTrailing());
        return lines;
    }

    /** {@code docs/configuration.md} with its tables replaced; the text around them stays. */
    static String documentation(String current) {
        int begin = current.indexOf(BEGIN);
        int end = current.indexOf(END);
        if (begin < 0 || end < begin) {
            throw new IllegalArgumentException("docs/configuration.md must have the lines " + BEGIN + "and " + END);
        }
        return current.substring(0, begin + BEGIN.length()) + tables() + current.substring(end);
    }

    private static String tables() {
        StringBuilder tables = new StringBuilder();
        String section = "";
        for (Setting setting : SettingsCatalog.settings()) {
            if (!setting.section().equals(section)) {
                section = setting.section();
                tables.append("\n### ").append(section).append("\n\n");
                tables.append("| setting | default | value | effect |\n|---|---|---|---|\n");
            }
            tables.append("| `%s` | %s | %s | %s |%n"
                    .formatted(setting.key(), defaultCell(setting), valueCell(setting), cell(setting.description())));
        }
        return tables.append('\n').toString();
    }

    private static String defaultCell(Setting setting) {
        if (!setting.hasFixedDefault()) {
            return setting.defaultText();
        }
        return setting.defaultText().isEmpty() ? "" : "`" + setting.defaultText() + "`";
    }

    private static String valueCell(Setting setting) {
        if (!setting.choices().isEmpty()) {
            return String.join(
                    ", ",
                    setting.choices().stream().map(word -> "`" + word + "`").toList());
        }
        return setting.type().word()
                + setting.range().map(range -> ", " + words(range)).orElse("");
    }

    /** No character of a description may end a cell or begin emphasis or a tag. */
    private static String cell(String text) {
        return text.replace("|", "\\|").replace("*", "\\*").replace("<", "&lt;");
    }

    /** {@code META-INF/spring-configuration-metadata.json}, with the format of Spring Boot's documentation. */
    static String springMetadata() {
        List<Map<String, Object>> properties = new ArrayList<>();
        properties.add(property(
                "streaming-saga.enabled",
                "java.lang.Boolean",
                "Whether the auto-configuration adds instance saga to the Camel context.",
                true));
        List<Map<String, Object>> hints = new ArrayList<>();
        for (Setting setting : SettingsCatalog.settings()) {
            properties.add(property(setting.key(), javaType(setting), comment(setting), javaDefault(setting)));
            if (!setting.choices().isEmpty()) {
                Map<String, Object> hint = new LinkedHashMap<>();
                hint.put("name", setting.key());
                hint.put(
                        "values",
                        setting.choices().stream()
                                .map(word -> Map.of("value", word))
                                .toList());
                hints.add(hint);
            }
        }
        Map<String, Object> metadata = new LinkedHashMap<>();
        metadata.put("groups", List.of());
        metadata.put("properties", properties);
        metadata.put("hints", hints);
        return json(metadata);
    }

    private static Map<String, Object> property(String name, String type, String description, Object defaultValue) {
        Map<String, Object> property = new LinkedHashMap<>();
        property.put("name", name);
        property.put("type", type);
        property.put("description", description);
        if (!defaultValue.equals("")) {
            property.put("defaultValue", defaultValue);
        }
        return property;
    }

    /** Sizes and times are text: Spring's own types for them read other units than we do. */
    private static String javaType(Setting setting) {
        return switch (setting.type()) {
            case INTEGER -> "java.lang.Integer";
            case FLAG -> "java.lang.Boolean";
            case SHARE -> "java.lang.Double";
            default -> setting.type().isList() ? "java.util.List<java.lang.String>" : "java.lang.String";
        };
    }

    private static Object javaDefault(Setting setting) {
        String text = setting.hasFixedDefault() ? setting.defaultText() : "";
        return switch (setting.type()) {
            case INTEGER -> Integer.valueOf(text);
            case FLAG -> Boolean.valueOf(text);
            case SHARE -> Double.valueOf(text);
            default -> setting.type().isList() && !text.isEmpty() ? Arrays.asList(text.split(",")) : text;
        };
    }

    private static String json(Object value) {
        try {
            DefaultIndenter indenter = new DefaultIndenter("  ", "\n");
            DefaultPrettyPrinter printer =
                    new DefaultPrettyPrinter().withObjectIndenter(indenter).withArrayIndenter(indenter);
            return new ObjectMapper().writer(printer).writeValueAsString(value) + "\n";
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }
}
