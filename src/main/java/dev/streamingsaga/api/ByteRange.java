package dev.streamingsaga.api;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The part of a content that a client requests: all of it, or one range. Any other {@code Range} header is ignored, as
 * RFC 9110 allows.
 */
record ByteRange(long first, long length, long size, boolean partial) {
    private static final Pattern SINGLE = Pattern.compile("\\s*(?i:bytes)\\s*=\\s*(\\d*)\\s*-\\s*(\\d*)\\s*");
    private static final int MAX_DIGITS = 18;

    static ByteRange all(long size) {
        return new ByteRange(0, size, size, false);
    }

    /** @throws Problem 416 for a range that begins after the end */
    static ByteRange of(Optional<String> header, long size) {
        Matcher range = SINGLE.matcher(header.orElse(""));
        if (!range.matches() || range.group(1).isEmpty() && range.group(2).isEmpty()) {
            return all(size);
        }
        boolean suffix = range.group(1).isEmpty();
        long first = suffix ? Math.max(0, size - number(range.group(2))) : number(range.group(1));
        long last = suffix || range.group(2).isEmpty() ? size - 1 : Math.min(size - 1, number(range.group(2)));
        if (!suffix && !range.group(2).isEmpty() && number(range.group(2)) < first) {
            return all(size);
        }
        if (first >= size) {
            throw new Problem(416, "no-such-range", "the content has " + size + " bytes; request a range within them")
                    .header("Content-Range", "bytes */" + size);
        }
        return new ByteRange(first, last - first + 1, size, true);
    }

    /** Numbers with more digits are larger than any document. */
    private static long number(String digits) {
        String significant = digits.replaceFirst("^0+(?=.)", "");
        return significant.length() > MAX_DIGITS ? Long.MAX_VALUE : Long.parseLong(significant);
    }

    int status() {
        return partial ? 206 : 200;
    }

    String text() {
        return "bytes " + first + "-" + (first + length - 1) + "/" + size;
    }
}
