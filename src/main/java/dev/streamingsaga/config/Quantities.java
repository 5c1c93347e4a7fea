package dev.streamingsaga.config;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Numbers, sizes and times as people write them. Each method throws IllegalArgumentException for anything else. */
final class Quantities {
    private static final Pattern INTEGER = Pattern.compile("\\d{1,10}");
    private static final Pattern SIZE = Pattern.compile("(\\d+)\\s*(B|KiB|MiB|GiB|TiB)?");
    private static final Pattern DURATION = Pattern.compile("(\\d+(?:\\.\\d+)?)\\s*(ms|s|m|h|d)?");

    private Quantities() {}

    /** The value of a number, in bytes for a size and in milliseconds for a time. */
    static long parse(SettingType type, String text) {
        return switch (type) {
            case INTEGER -> Long.parseLong(match(INTEGER, text).group());
            case SIZE -> bytes(match(SIZE, text));
            case DURATION -> millis(match(DURATION, text));
            default -> throw new IllegalArgumentException(type + " is not a number");
        };
    }

    private static Matcher match(Pattern form, String text) {
        Matcher matcher = form.matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException(text);
        }
        return matcher;
    }

    private static long bytes(Matcher size) {
        String unit = size.group(2) == null ? "B" : size.group(2);
        int shift = switch (unit) {
            case "KiB" -> 10;
            case "MiB" -> 20;
            case "GiB" -> 30;
            case "TiB" -> 40;
            default -> 0;
        };
        try {
            return Math.multiplyExact(Long.parseLong(size.group(1)), 1L << shift);
        } catch (ArithmeticException e) {
            throw new IllegalArgumentException(size.group(), e);
        }
    }

    private static long millis(Matcher time) {
        String unit = time.group(2) == null ? "s" : time.group(2);
        long factor = switch (unit) {
            case "ms" -> 1;
            case "m" -> 60_000;
            case "h" -> 3_600_000;
            case "d" -> 86_400_000;
            default -> 1000;
        };
        return Math.round(Double.parseDouble(time.group(1)) * factor);
    }
}
