package dev.streamingsaga.config;

import java.util.regex.Pattern;

/** Types of settings: the word that the documentation uses, the form of a value, and the rule that an error quotes. */
enum SettingType {
    TEXT("text"),
    REQUIRED("text", "(?s).*\\S.*", "must not be empty"),
    /** Checked together with the credentials that it depends on. */
    HOST("host", "(?s).*\\S.*", "must not be empty"),
    FLAG("true or false", "true|false", "must be one of true, false"),
    /** One of the words that the setting lists. */
    CHOICE("choice"),
    INTEGER("whole number", ".*", "must be a whole number"),
    SIZE("size", ".*", "must be a size such as 8MiB"),
    DURATION("time", ".*", "must be a time such as 500ms, 5s, 10m or 1h"),
    PERIOD(
            "period",
            "|P(?=\\d)(\\d{1,4}Y)?(\\d{1,5}M)?(\\d{1,5}W)?(\\d{1,6}D)?",
            "must be empty, or a period such as P90D, P6M or P10Y"),
    SHARE("share", "0|1|[01]\\.0{1,6}|0\\.\\d{1,6}", "must be a share from 0 to 1 such as 0.1"),

    NAME("name", "[a-z][a-z0-9-]{0,31}", "must be 1-32 of a-z, 0-9 and -, and begin with a letter"),
    NODE("name", "[A-Za-z0-9.-]{0,40}", "must be at most 40 letters, digits, dots and hyphens"),
    NAMES(
            "names",
            "[a-z][a-z0-9-]{0,31}",
            "must be different names of a-z, 0-9 and -, separated by commas, without upload"),
    KEY_PREFIX("object key", "[a-z0-9-]+(/[a-z0-9-]+)*", "must be words of a-z, 0-9 and - with / between them"),
    BUCKET("bucket", "[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", "must be 3-63 of a-z, 0-9, . and -"),
    QUEUE("queue", "[A-Za-z0-9._-]{1,128}", "must be 1-128 of letters, digits, ., _ and -"),

    FILE("file"),
    FOLDER("folder"),
    FOLDERS("folders"),
    MARKER(
            "file name",
            "|[^/$]+\\$\\{name}[^/$]*|\\$\\{name}[^/$]+",
            "must be empty, or a file name with ${name} and something before or after it, such as ${name}.done"),
    NAME_PATTERNS(
            "name patterns",
            "(?!\\*+$)[^/\\\\\\p{Cntrl}]{1,255}",
            "must be at most " + SettingsReader.MAX_NAME_PATTERNS
                    + " patterns of file names such as *.tmp, separated by commas, not * alone and without slashes"),
    CONTENT_TYPES(
            "content types",
            "\\.[^/\\\\*]{1,40}|[a-z0-9.+-]+/(\\*|[a-z0-9.+-]+)",
            "must be content types such as application/pdf or text/*, or suffixes such as .pdf, separated by commas"),

    CHARSET("charset", "[A-Za-z0-9][A-Za-z0-9.:_+-]*", "must be a charset that Java supports, such as windows-1252"),

    LANGUAGES(
            "languages",
            "[A-Za-z][A-Za-z0-9_]{1,40}",
            "must be languages as tesseract names them, such as eng, separated by commas"),

    URL("URL", ".*", "must be an http or https URL"),
    ISSUER("URL", ".*", "must be an http or https URL"),
    JDBC_URL("JDBC URL", "|jdbc:(postgresql|sqlite):.*", "must begin with jdbc:postgresql: or jdbc:sqlite:"),
    GRAPH_URL(
            "URL",
            "|jdbc:(postgresql|sqlite):.*|(bolt|neo4j)(\\+s)?://[^\\s/?#@]+/?|neo4j(\\+s)?://[^\\s/?#@]+/?\\?[^\\s@]+",
            "must begin with jdbc:postgresql: or jdbc:sqlite:, or be bolt://host:port, bolt+s://host:port,"
                    + " neo4j://host:port or neo4j+s://host:port, without a user"),
    NEO4J_DATABASE("name", "|[A-Za-z][A-Za-z0-9.-]{2,62}", "must be empty, or 3-63 letters, digits, dots and hyphens"),
    BROKER_URL("URL", "|\\(?tcp://[^\\s\"]+", "must be empty or a broker's URL such as tcp://host:61616"),
    URL_PATH(
            "path",
            "(/[a-z0-9-]+)*",
            "must be empty, or begin with / and be words of a-z, 0-9 and - with / between them"),
    HOSTS(
            "hosts",
            "([a-z0-9.-]{1,253}|\\[[0-9a-f:.]{2,45}])(:\\d{1,5})?",
            "must be host names or addresses, each with or without :port, separated by commas"),

    MODEL_LANGUAGES("languages", "[a-z]{2,3}|\\*", "must be codes of languages such as en, separated by commas, or *"),

    KMS_KEYS(
            "keys",
            "(?!(.*:)?alias/)[A-Za-z0-9:/_-]{1,2048}",
            "must be ids or ARNs of KMS keys, without aliases, separated by commas"),

    PASSWORD("secret"),
    SECRET("secret", "|.{16,}", "must have 16 characters or more, or be empty"),
    /** For an {@code Authorization} header; generated if it is empty. */
    BEARER_SECRET(
            "secret",
            "|[\\x21-\\x7e]{16,}",
            "must have 16 characters or more, printable ASCII without blanks, or be empty"),
    /** For an {@code Authorization} header. */
    HEADER_SECRET("secret", "[\\x21-\\x7e]*", "must be printable ASCII without blanks, or be empty");

    private final String word;
    private final Pattern form;
    private final String rule;

    SettingType(String word) {
        this(word, "(?s).*", "");
    }

    SettingType(String word, String form, String rule) {
        this.word = word;
        this.form = Pattern.compile(form);
        this.rule = rule;
    }

    /** As the documentation names the type. */
    String word() {
        return word;
    }

    /** Whether a value, or an element of a list, has the form of this type; ranges are checked separately. */
    boolean accepts(String value) {
        return form.matcher(value).matches();
    }

    /** What an error says between the key and the value. */
    String rule() {
        return rule;
    }

    /** Whether values never appear in messages. */
    boolean isSecret() {
        return word.equals("secret");
    }

    boolean isList() {
        return switch (this) {
            case NAMES, FOLDERS, NAME_PATTERNS, CONTENT_TYPES, HOSTS, LANGUAGES, MODEL_LANGUAGES, KMS_KEYS -> true;
            default -> false;
        };
    }
}
