package dev.streamingsaga.config;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads values by type and collects what is wrong; a value that breaks its rule gives a harmless one until
 * {@link #check}.
 */
final class SettingsReader {
    private static final Pattern BROKER = Pattern.compile("|\\(?tcp://[^\\s\"]+");
    private static final Pattern QUEUE = Pattern.compile("[A-Za-z0-9._-]{1,128}");
    private static final Pattern MARKER = Pattern.compile("|[^/$]+\\$\\{name}[^/$]*|\\$\\{name}[^/$]+");
    private static final Pattern TYPE = Pattern.compile("\\.[^/\\\\*]{1,40}|[a-z0-9.+-]+/(\\*|[a-z0-9.+-]+)");
    private static final Pattern HOST = Pattern.compile("([a-z0-9.-]{1,253}|\\[[0-9a-f:.]{2,45}])(:\\d{1,5})?");
    private static final Pattern NAME_GLOB = Pattern.compile("(?!\\*+$)[^/\\\\\\p{Cntrl}]{1,255}");
    private static final Pattern SHARE = Pattern.compile("0|1|[01]\\.0{1,6}|0\\.\\d{1,6}");
    private static final Pattern DURATION = Pattern.compile("(\\d+(?:\\.\\d+)?)\\s*(ms|s|m|h|d)?");
    private static final Pattern SIZE = Pattern.compile("(\\d+)\\s*(B|KiB|MiB|GiB|TiB)?");
    private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9-]{0,31}");
    private static final Pattern PREFIX = Pattern.compile("[a-z0-9-]+(/[a-z0-9-]+)*");
    private static final Pattern URL_PATH = Pattern.compile("(/[a-z0-9-]+)*");
    private static final Pattern BUCKET = Pattern.compile("[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]");

    private static final int MAX_GLOBS = 200;

    private final Map<String, String> values;
    private final List<String> problems = new ArrayList<>();

    SettingsReader(Map<String, String> values) {
        this.values = values;
    }

    void refuse(String problem) {
        problems.add(problem);
    }

    void check() {
        if (!problems.isEmpty()) {
            throw new ConfigException(problems);
        }
    }

    String text(String key) {
        return values.getOrDefault(key, "");
    }

    String required(String key) {
        return matching(key, Pattern.compile("(?s).*\\S.*"), "must not be empty");
    }

    String secret(String key) {
        return matching(key, Pattern.compile("|.{16,}"), "must have 16 characters or more, or be empty");
    }

    /** For an {@code Authorization} header. */
    String bearerSecret(String key) {
        return matching(
                key,
                Pattern.compile("|[\\x21-\\x7e]{16,}"),
                "must have 16 characters or more, printable ASCII without blanks, or be empty");
    }

    /** Names in a {@code Host} header, in lower case. */
    List<String> hosts(String key) {
        List<String> hosts =
                list(key).stream().map(host -> host.toLowerCase(Locale.ROOT)).toList();
        if (!hosts.stream().allMatch(host -> HOST.matcher(host).matches())) {
            refuse(key, "must be host names or addresses, each with or without :port, separated by commas");
        }
        return hosts;
    }

    /** For a header of a request of ours. */
    String headerValue(String key) {
        return matching(key, Pattern.compile("[\\x21-\\x7e]*"), "must be printable ASCII without blanks, or be empty");
    }

    /** 0 to 1. */
    double share(String key) {
        String share = matching(key, SHARE, "must be a share from 0 to 1 such as 0.1");
        return SHARE.matcher(share).matches() ? Double.parseDouble(share) : 0;
    }

    String name(String key) {
        return matching(key, NAME, "must be 1-32 of a-z, 0-9 and -, and begin with a letter");
    }

    String keyPrefix(String key) {
        return matching(key, PREFIX, "must be words of a-z, 0-9 and - with / between them");
    }

    String bucket(String key) {
        return matching(key, BUCKET, "must be 3-63 of a-z, 0-9, . and -");
    }

    List<String> names(String key) {
        List<String> names = list(key);
        if (new LinkedHashSet<>(names).size() < names.size()
                || names.contains("upload")
                || !names.stream().allMatch(n -> NAME.matcher(n).matches())) {
            refuse(key, "must be different names of a-z, 0-9 and -, separated by commas, without upload");
        }
        return names;
    }

    List<Path> paths(String key) {
        return list(key).stream()
                .map(p -> Path.of(p).toAbsolutePath().normalize())
                .toList();
    }

    Optional<Path> path(String key) {
        return text(key).isEmpty() ? Optional.empty() : Optional.of(Path.of(text(key)));
    }

    /** Neither may lie in the other: what is ours is no document. */
    Optional<Path> folderApart(String key, String other) {
        Optional<Path> folder = path(key).map(p -> p.toAbsolutePath().normalize());
        Path taken = Path.of(text(other)).toAbsolutePath().normalize();
        if (folder.filter(p -> p.startsWith(taken) || taken.startsWith(p)).isPresent()) {
            refuse(key, "must neither lie in " + other + " nor around it");
        }
        return folder;
    }

    String marker(String key) {
        return matching(
                key,
                MARKER,
                "must be empty, or a file name with ${name} and something before or after it, such as ${name}.done");
    }

    /** Content types and suffixes, in lower case. */
    List<String> types(String key) {
        List<String> types =
                list(key).stream().map(type -> type.toLowerCase(Locale.ROOT)).toList();
        if (!types.stream().allMatch(type -> TYPE.matcher(type).matches())) {
            refuse(
                    key,
                    "must be content types such as application/pdf or text/*, or suffixes such as .pdf, separated by commas");
        }
        return types;
    }

    /** Patterns of file names; one that matches every name is refused. */
    List<String> nameGlobs(String key) {
        List<String> globs = list(key);
        if (globs.size() > MAX_GLOBS
                || !globs.stream().allMatch(glob -> NAME_GLOB.matcher(glob).matches())) {
            refuse(
                    key,
                    "must be at most " + MAX_GLOBS + " patterns of file names such as *.tmp, separated by commas,"
                            + " not * alone and without slashes");
        }
        return globs;
    }

    String brokerUrl(String key) {
        return matching(key, BROKER, "must be empty or a broker's URL such as tcp://host:61616");
    }

    String queue(String key) {
        return matching(key, QUEUE, "must be 1-128 of letters, digits, ., _ and -");
    }

    Optional<URI> uri(String key) {
        return optional(key, "must be an http or https URL", value -> {
            URI uri = URI.create(value);
            if (uri.getHost() == null || !List.of("http", "https").contains(uri.getScheme())) {
                throw new IllegalArgumentException(value);
            }
            return uri;
        });
    }

    /** Tokens are only as trustworthy as the way their keys came. */
    Optional<URI> issuer(String key) {
        Optional<URI> issuer = uri(key);
        if (issuer.filter(uri -> !"https".equals(uri.getScheme()) && !isLoopback(uri.getHost()))
                .isPresent()) {
            refuse(key, "must be an https URL, unless it is on loopback");
        }
        return issuer;
    }

    /** For a server that lets everybody in. */
    String loopback(String key) {
        if (!isLoopback(text(key))) {
            refuse(
                    key,
                    "must be localhost, 127.0.0.1 or ::1 unless saga.http.keys-file or saga.http.oidc.issuer is set");
        }
        return text(key);
    }

    private static boolean isLoopback(String host) {
        return host.equals("localhost")
                || host.matches("127(\\.\\d{1,3}){3}")
                || host.equals("::1")
                || host.equals("[::1]");
    }

    String urlPath(String key) {
        return matching(
                key, URL_PATH, "must be empty, or begin with / and be words of a-z, 0-9 and - with / between them");
    }

    Optional<String> jdbcUrl(String key) {
        return optional(key, "must begin with jdbc:postgresql: or jdbc:sqlite:", value -> {
            if (!value.startsWith("jdbc:postgresql:") && !value.startsWith("jdbc:sqlite:")) {
                throw new IllegalArgumentException(value);
            }
            return value;
        });
    }

    boolean flag(String key) {
        return Boolean.parseBoolean(oneOf(key, "true", "false"));
    }

    String oneOf(String key, String... allowed) {
        return matching(
                key, Pattern.compile(String.join("|", allowed)), "must be one of " + String.join(", ", allowed));
    }

    <E extends Enum<E>> E choice(String key, Class<E> type) {
        E[] constants = type.getEnumConstants();
        String wanted = text(key);
        for (E constant : constants) {
            if (word(constant).equals(wanted)) {
                return constant;
            }
        }
        refuse(
                key,
                "must be one of "
                        + String.join(
                                ", ",
                                Arrays.stream(constants)
                                        .map(SettingsReader::word)
                                        .toList()));
        return constants[0];
    }

    int integer(String key, int min, int max) {
        return number(key, Pattern.compile("(\\d{1,10})"), min, max, m -> Long.parseLong(m.group(1)), "a whole number")
                .intValue();
    }

    long size(String key, long min, long max) {
        return number(
                        key,
                        SIZE,
                        (double) min,
                        (double) max,
                        m -> Math.multiplyExact(Long.parseLong(m.group(1)), unit(m.group(2))),
                        "a size such as 8MiB")
                .longValue();
    }

    Duration duration(String key, double minSeconds, double maxSeconds) {
        Number millis = number(
                key,
                DURATION,
                minSeconds * 1000,
                maxSeconds * 1000,
                m -> Math.round(Double.parseDouble(m.group(1)) * millis(m.group(2))),
                "a time such as 500ms, 5s, 10m or 1h");
        return Duration.ofMillis(millis.longValue());
    }

    private Number number(
            String key, Pattern form, double min, double max, Function<Matcher, Long> value, String what) {
        Matcher m = form.matcher(text(key));
        try {
            if (m.matches()) {
                long number = value.apply(m);
                if (number >= min && number <= max) {
                    return number;
                }
            }
        } catch (ArithmeticException | NumberFormatException e) {
            // too large for a long: refused like any other value out of range
        }
        refuse(key, "must be " + what + " from " + range(key, min) + " to " + range(key, max));
        return (long) min;
    }

    /** Limits in the unit a person would write them in. */
    private static String range(String key, double limit) {
        if (key.endsWith("size") && !key.endsWith("pool-size") && !key.endsWith("batch-size")) {
            return limit >= Long.MAX_VALUE
                    ? "any"
                    : limit >= 1 << 20 ? (long) limit / (1 << 20) + "MiB" : (long) limit + "B";
        }
        boolean time = key.endsWith("timeout")
                || key.endsWith("delay")
                || key.endsWith("time-limit")
                || key.endsWith("age")
                || key.endsWith("stable-for")
                || key.endsWith("watch-after")
                || key.endsWith("interval");
        return time
                ? (limit % 1000 == 0 ? (long) limit / 1000 + "s" : (long) limit + "ms")
                : Long.toString((long) limit);
    }

    private static long unit(String unit) {
        return unit == null
                ? 1
                : switch (unit) {
                    case "KiB" -> 1L << 10;
                    case "MiB" -> 1L << 20;
                    case "GiB" -> 1L << 30;
                    case "TiB" -> 1L << 40;
                    default -> 1;
                };
    }

    private static long millis(String unit) {
        return unit == null
                ? 1000
                : switch (unit) {
                    case "ms" -> 1;
                    case "m" -> 60_000;
                    case "h" -> 3_600_000;
                    case "d" -> 86_400_000;
                    default -> 1000;
                };
    }

    private <T> Optional<T> optional(String key, String rule, Function<String, T> parse) {
        String value = text(key);
        if (value.isEmpty()) {
            return Optional.empty();
        }
        try {
            return Optional.of(parse.apply(value));
        } catch (IllegalArgumentException e) {
            refuse(key, rule);
            return Optional.empty();
        }
    }

    private String matching(String key, Pattern form, String rule) {
        String value = text(key);
        if (!form.matcher(value).matches()) {
            refuse(key, rule);
        }
        return value;
    }

    private List<String> list(String key) {
        return Arrays.stream(text(key).split(","))
                .map(String::strip)
                .filter(s -> !s.isEmpty())
                .toList();
    }

    private void refuse(String key, String rule) {
        boolean secret = key.endsWith("password") || key.endsWith("secret") || key.endsWith("-key");
        refuse(key + " " + rule + ", was " + (secret ? "(hidden)" : "\"" + text(key) + "\""));
    }

    private static String word(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
