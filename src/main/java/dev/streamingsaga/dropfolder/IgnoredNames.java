package dev.streamingsaga.dropfolder;

import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Names of files and sub-folders that every scan skips: names that begin with a dot, and names that match
 * {@code saga.drop.ignore}. In a pattern {@code *} matches any number of characters and {@code ?} exactly one. Case is
 * ignored.
 */
final class IgnoredNames {
    private static final Pattern NOTHING = Pattern.compile("(?!)");

    private final Pattern ignored;

    IgnoredNames(List<String> patterns) {
        this.ignored = patterns.isEmpty()
                ? NOTHING
                : Pattern.compile(
                        patterns.stream().map(IgnoredNames::regex).collect(Collectors.joining("|")),
                        Pattern.CASE_INSENSITIVE | Pattern.UNICODE_CASE | Pattern.DOTALL);
    }

    boolean matches(String name) {
        return name.startsWith(".") || ignored.matcher(name).matches();
    }

    private static String regex(String pattern) {
        return pattern.codePoints()
                .mapToObj(c -> c == '*' ? ".*" : c == '?' ? "." : Pattern.quote(Character.toString(c)))
                .collect(Collectors.joining());
    }
}
