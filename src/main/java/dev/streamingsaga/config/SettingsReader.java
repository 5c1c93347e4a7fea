package dev.streamingsaga.config;

import dev.streamingsaga.journal.StoreNames;
import java.net.URI;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Reads values by the type and range that {@link SettingsCatalog} declares, and collects what is wrong. A value that
 * breaks its rule gives a harmless one until {@link #check}.
 */
final class SettingsReader {
    static final int MAX_NAME_PATTERNS = 200;

    private final Map<String, String> values;
    private final List<String> problems = new ArrayList<>();

    SettingsReader(Map<String, String> values) {
        this.values = values;
    }

    void refuse(String problem) {
        problems.add(problem);
    }

    /** @throws ConfigException naming every problem found so far */
    void check() {
        if (!problems.isEmpty()) {
            throw new ConfigException(problems);
        }
    }

    /** A value that need only have the form of its type. */
    String text(String key) {
        Setting setting = SettingsCatalog.get(key);
        String value = value(key);
        if (!setting.type().accepts(value)) {
            refuse(setting);
        }
        return value;
    }

    /** The values of all settings whose key begins so, by key. */
    Map<String, String> all(String prefix) {
        return SettingsCatalog.settings().stream()
                .map(Setting::key)
                .filter(key -> key.startsWith(prefix))
                .collect(Collectors.toUnmodifiableMap(key -> key, this::value));
    }

    Optional<String> optionalText(String key) {
        return Optional.of(text(key)).filter(value -> !value.isEmpty());
    }

    boolean flag(String key) {
        declared(key, SettingType.FLAG);
        return Boolean.parseBoolean(text(key));
    }

    /** One of the words that the catalog lists. */
    String choice(String key) {
        Setting setting = declared(key, SettingType.CHOICE);
        if (!setting.choices().contains(value(key))) {
            refuse(setting);
        }
        return value(key);
    }

    <E extends Enum<E>> E choice(String key, Class<E> type) {
        String word = choice(key);
        E[] constants = type.getEnumConstants();
        return Arrays.stream(constants)
                .filter(constant -> word(constant).equals(word))
                .findFirst()
                .orElse(constants[0]);
    }

    static String word(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    int integer(String key) {
        return (int) number(key, SettingType.INTEGER);
    }

    /** In bytes. */
    long size(String key) {
        return number(key, SettingType.SIZE);
    }

    Duration duration(String key) {
        return Duration.ofMillis(number(key, SettingType.DURATION));
    }

    /** Empty if there is none. */
    Optional<RetentionPeriod> period(String key) {
        Setting setting = declared(key, SettingType.PERIOD);
        String value = value(key);
        try {
            if (setting.type().accepts(value)) {
                return value.isEmpty() ? Optional.empty() : Optional.of(RetentionPeriod.parse(value));
            }
        } catch (IllegalArgumentException e) {
            // zero, or too long: refused like any other value
        }
        refuse(setting);
        return Optional.empty();
    }

    /** 0 to 1. */
    double share(String key) {
        Setting setting = declared(key, SettingType.SHARE);
        String share = text(key);
        return setting.type().accepts(share) ? Double.parseDouble(share) : 0;
    }

    private long number(String key, SettingType type) {
        Setting setting = declared(key, type);
        Setting.Range range = setting.range().orElseThrow();
        long min = Quantities.parse(type, range.min());
        long max = range.max().equals(Setting.Range.ANY) ? Long.MAX_VALUE : Quantities.parse(type, range.max());
        try {
            long number = Quantities.parse(type, value(key));
            if (number >= min && number <= max) {
                return number;
            }
        } catch (IllegalArgumentException e) {
            // not a number of this type, or too large for a long: refused like any other value out of range
        }
        refuse(setting);
        return min;
    }

    /** A charset that can be read and written. */
    Charset charset(String key) {
        Setting setting = declared(key, SettingType.CHARSET);
        String name = value(key);
        if (setting.type().accepts(name)
                && Charset.isSupported(name)
                && Charset.forName(name).canEncode()) {
            return Charset.forName(name);
        }
        refuse(setting);
        return StandardCharsets.UTF_8;
    }

    /** Different names; {@code upload} is taken by the bundle's own step. */
    List<String> names(String key) {
        List<String> names = list(key, SettingType.NAMES);
        if (new LinkedHashSet<>(names).size() < names.size() || names.contains(StoreNames.UPLOAD)) {
            refuse(key, SettingType.NAMES.rule());
        }
        return names;
    }

    /** One or more. */
    List<String> languages(String key) {
        List<String> languages = list(key, SettingType.LANGUAGES);
        if (languages.isEmpty()) {
            refuse(key, SettingType.LANGUAGES.rule());
        }
        return languages;
    }

    /** Names in a {@code Host} header, in lower case. */
    List<String> hosts(String key) {
        return list(key, SettingType.HOSTS);
    }

    /** Codes of languages; {@code *} for all. */
    List<String> modelLanguages(String key) {
        return list(key, SettingType.MODEL_LANGUAGES);
    }

    /** Ids and ARNs of keys. */
    List<String> kmsKeys(String key) {
        return list(key, SettingType.KMS_KEYS);
    }

    /** Content types and suffixes, in lower case. */
    List<String> contentTypes(String key) {
        return list(key, SettingType.CONTENT_TYPES);
    }

    /** Patterns of file names; one that matches every name is refused. */
    List<String> namePatterns(String key) {
        List<String> patterns = list(key, SettingType.NAME_PATTERNS);
        if (patterns.size() > MAX_NAME_PATTERNS) {
            refuse(key, SettingType.NAME_PATTERNS.rule());
        }
        return patterns;
    }

    List<Path> folders(String key) {
        return list(key, SettingType.FOLDERS).stream()
                .map(SettingsReader::absolute)
                .toList();
    }

    private List<String> list(String key, SettingType type) {
        declared(key, type);
        boolean lowerCase = type == SettingType.HOSTS || type == SettingType.CONTENT_TYPES;
        List<String> elements = Arrays.stream(value(key).split(","))
                .map(String::strip)
                .filter(element -> !element.isEmpty())
                .map(element -> lowerCase ? element.toLowerCase(Locale.ROOT) : element)
                .toList();
        if (!elements.stream().allMatch(type::accepts)) {
            refuse(key, type.rule());
        }
        return elements;
    }

    /** An absolute path. */
    Path folder(String key) {
        return absolute(text(key));
    }

    private static Path absolute(String path) {
        return Path.of(path).toAbsolutePath().normalize();
    }

    /** A path as it was written; empty if there is none. */
    Optional<Path> path(String key) {
        return optionalText(key).map(Path::of);
    }

    /** Neither folder may lie in the other: our own files are no documents. */
    Optional<Path> folderApart(String key, String other) {
        Optional<Path> folder = optionalText(key).map(SettingsReader::absolute);
        Path taken = absolute(value(other));
        if (folder.filter(path -> path.startsWith(taken) || taken.startsWith(path))
                .isPresent()) {
            refuse(key, "must neither lie in " + other + " nor around it");
        }
        return folder;
    }

    Optional<URI> uri(String key) {
        Setting setting = SettingsCatalog.get(key);
        String value = value(key);
        if (value.isEmpty()) {
            return Optional.empty();
        }
        try {
            URI uri = URI.create(value);
            if (uri.getHost() != null && List.of("http", "https").contains(uri.getScheme())) {
                return Optional.of(uri);
            }
        } catch (IllegalArgumentException e) {
            // no URL at all: refused like one with another scheme
        }
        refuse(setting);
        return Optional.empty();
    }

    /** Tokens are only as trustworthy as the connection that their keys came over. */
    Optional<URI> issuer(String key) {
        declared(key, SettingType.ISSUER);
        Optional<URI> issuer = uri(key);
        if (issuer.filter(uri -> !"https".equals(uri.getScheme()) && !isLoopback(uri.getHost()))
                .isPresent()) {
            refuse(key, "must be an https URL, unless it is on loopback");
        }
        return issuer;
    }

    /** For a server that requires no credentials. */
    String loopback(String key) {
        declared(key, SettingType.HOST);
        if (!isLoopback(value(key))) {
            refuse(
                    key,
                    "must be localhost, 127.0.0.1 or ::1 unless saga.http.keys-file or saga.http.oidc.issuer is set");
        }
        return value(key);
    }

    private static boolean isLoopback(String host) {
        return host.equals("localhost")
                || host.matches("127(\\.\\d{1,3}){3}")
                || host.equals("::1")
                || host.equals("[::1]");
    }

    private static Setting declared(String key, SettingType type) {
        Setting setting = SettingsCatalog.get(key);
        if (setting.type() != type) {
            throw new IllegalStateException(key + " is declared as " + setting.type() + " and read as " + type);
        }
        return setting;
    }

    private String value(String key) {
        return values.getOrDefault(key, "");
    }

    private void refuse(Setting setting) {
        refuse(setting.key(), setting.rule());
    }

    private void refuse(String key, String rule) {
        boolean secret = SettingsCatalog.get(key).type().isSecret();
        String problem = key + " " + rule + ", was " + (secret ? "(hidden)" : "\"" + value(key) + "\"");
        if (!problems.contains(problem)) {
            refuse(problem);
        }
    }
}
