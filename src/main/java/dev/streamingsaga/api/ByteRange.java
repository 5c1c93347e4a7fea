package dev.streamingsaga.api;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What a client wants of a content: all, or one range. A header that asks for something else is answered with all, as RFC 9110 allows. */
record ByteRange(long first, long length, long size, boolean partial) {
    private static final Pattern SINGLE = Pattern.compile("\\s*bytes\\s*=\\s*(\\d{0,18})\\s*-\\s*(\\d{0,18})\\s*");

    static ByteRange all(long size) {
        return new ByteRange(0, size, size, false);
    }

    /** @throws Problem 416 for a range that begins behind the end */
    static ByteRange of(Optional<String> header, long size) {
        Matcher range = SINGLE.matcher(header.orElse(""));
        if (!range.matches() || range.group(1).isEmpty() && range.group(2).isEmpty()) {
            return all(size);
        }
        boolean suffix = range.group(1).isEmpty();
        long first = suffix ? Math.max(0, size - Long.parseLong(range.group(2))) : Long.parseLong(range.group(1));
        long last = suffix || range.group(2).isEmpty() ? size - 1 : Math.min(size - 1, Long.parseLong(range.group(2)));
        if (!suffix && !range.group(2).isEmpty() && Long.parseLong(range.group(2)) < first) {
            return all(size);
        }
        if (first >= size) {
            throw new Problem(416, "no-such-range", "the content has " + size + " bytes; ask for a range inside")
                    .header("Content-Range", "bytes */" + size);
        }
        return new ByteRange(first, last - first + 1, size, true);
    }

    int status() {
        return partial ? 206 : 200;
    }

    String text() {
        return "bytes " + first + "-" + (first + length - 1) + "/" + size;
    }
}
