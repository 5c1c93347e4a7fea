package dev.streamingsaga.text;

import java.util.BitSet;

/** Recognises the lines of a file in ASCII85 by their characters. */
final class Ascii85Line {
    static final String END = "~>";

    private static final int MIN_CHARS = 60;
    private static final int MIN_DIFFERENT_MARKS = 7;
    /** A third of random bytes become capitals, a fourth small letters, and a third marks. */
    private static final int MOST_PER_KIND = 7;

    private Ascii85Line() {}

    /** A full line, or a longer one. */
    static boolean isFull(String line) {
        return line.length() >= MIN_CHARS && isEncoded(line) && isMixed(line);
    }

    /** The last line, which may have any length. */
    static boolean isLast(String line) {
        return line.endsWith(END) && isEncoded(line.substring(0, line.length() - END.length()));
    }

    private static boolean isEncoded(String line) {
        return line.chars().allMatch(c -> c >= '!' && c <= 'u' || c == 'z');
    }

    private static boolean isMixed(String line) {
        BitSet marks = new BitSet();
        int capitals = 0;
        int small = 0;
        int others = 0;
        for (int i = 0; i < line.length(); i++) {
            char c = line.charAt(i);
            if (c >= 'A' && c <= 'Z') {
                capitals++;
            } else if (c >= 'a' && c <= 'z') {
                small++;
            } else if (c < '0' || c > '9') {
                others++;
                marks.set(c);
            }
        }
        int least = Math.min(capitals, Math.min(small, others));
        return least * MOST_PER_KIND >= line.length() && marks.cardinality() >= MIN_DIFFERENT_MARKS;
    }
}
