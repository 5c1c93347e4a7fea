package dev.streamingsaga.text;

import java.util.Set;

/** Recognises the lines of a memory dump, as {@code xxd} and {@code hexdump -C} write them, by their offsets. */
final class DumpLines {
    private static final int MAX_LINE_CHARS = 200;
    private static final int MIN_OFFSET_DIGITS = 6;
    private static final int MAX_OFFSET_DIGITS = 15;
    private static final int HEX = 16;
    private static final Set<Long> BYTES_ON_A_LINE = Set.of(8L, 16L, 32L);

    private long offset = -1;
    private long bytesOnALine;

    /** Whether the line has an offset and bytes, and comes after the last one. */
    boolean continues(String line) {
        int digits = line.length() > MAX_LINE_CHARS ? 0 : hexDigits(line, 0);
        if (digits < MIN_OFFSET_DIGITS || digits > MAX_OFFSET_DIGITS) {
            end();
            return false;
        }
        long found = Long.parseLong(line.substring(0, digits), HEX);
        long bytes = bytes(line, digits);
        boolean next = offset < 0
                ? BYTES_ON_A_LINE.stream().anyMatch(size -> bytes >= size)
                : bytes > 0 && isStep(found - offset);
        if (offset >= 0 && next) {
            bytesOnALine = found - offset;
        }
        offset = next ? found : -1;
        return next;
    }

    void end() {
        offset = -1;
        bytesOnALine = 0;
    }

    private boolean isStep(long step) {
        return bytesOnALine == 0 ? BYTES_ON_A_LINE.contains(step) : step == bytesOnALine;
    }

    private static int hexDigits(String line, int from) {
        int end = from;
        while (end < line.length() && Character.digit(line.charAt(end), HEX) >= 0) {
            end++;
        }
        return end - from;
    }

    /** So many pairs of hexadecimal digits, in groups, come after the offset. */
    private static long bytes(String line, int offsetEnd) {
        int at = offsetEnd < line.length() && line.charAt(offsetEnd) == ':' ? offsetEnd + 1 : offsetEnd;
        int digits = 0;
        while (at < line.length() && line.charAt(at) == ' ') {
            int start = at + 1 < line.length() && line.charAt(at + 1) == ' ' ? at + 2 : at + 1;
            int group = hexDigits(line, start);
            boolean ends = start + group == line.length() || line.charAt(start + group) == ' ';
            if (group == 0 || group % 2 == 1 || !ends) {
                break;
            }
            digits += group;
            at = start + group;
        }
        return digits / 2;
    }
}
