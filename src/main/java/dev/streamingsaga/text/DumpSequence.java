package dev.streamingsaga.text;

import java.util.Set;

/** Lines of a dump with offsets and bytes in hexadecimal or octal digits. */
final class DumpSequence {
    private static final int MAX_LINE_CHARS = 200;
    private static final int MIN_OFFSET_DIGITS = 6;
    private static final int MAX_OFFSET_DIGITS = 15;
    private static final int OCTAL = 8;
    private static final int OCTAL_BYTE_DIGITS = 3;
    private static final Set<Long> BYTES_ON_A_LINE = Set.of(8L, 16L, 32L);

    private final int radix;
    private long offset = -1;
    private long bytesOnALine;

    /** @param radix 16 or 8 */
    DumpSequence(int radix) {
        this.radix = radix;
    }

    /** Whether the line has an offset and bytes, and comes after the last one. */
    boolean continues(String line) {
        int digits = line.length() > MAX_LINE_CHARS ? 0 : digits(line, 0);
        if (digits < MIN_OFFSET_DIGITS || digits > MAX_OFFSET_DIGITS) {
            end();
            return false;
        }
        long found = Long.parseLong(line.substring(0, digits), radix);
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

    private int digits(String line, int from) {
        int end = from;
        while (end < line.length() && Character.digit(line.charAt(end), radix) >= 0) {
            end++;
        }
        return end - from;
    }

    /** So many bytes, in groups of digits, come after the offset. */
    private long bytes(String line, int offsetEnd) {
        int at = offsetEnd < line.length() && line.charAt(offsetEnd) == ':' ? offsetEnd + 1 : offsetEnd;
        int bytes = 0;
        while (at < line.length() && line.charAt(at) == ' ') {
            int start = at + 1 < line.length() && line.charAt(at + 1) == ' ' ? at + 2 : at + 1;
            int group = digits(line, start);
            boolean ends = start + group == line.length() || line.charAt(start + group) == ' ';
            if (bytesOf(group) == 0 || !ends) {
                break;
            }
            bytes += bytesOf(group);
            at = start + group;
        }
        return bytes;
    }

    /** 0 if a group has another number of digits. */
    private int bytesOf(int digits) {
        if (radix == OCTAL) {
            return digits == OCTAL_BYTE_DIGITS ? 1 : digits == 2 * OCTAL_BYTE_DIGITS ? 2 : 0;
        }
        return digits % 2 == 0 ? digits / 2 : 0;
    }
}
