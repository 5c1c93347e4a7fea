package dev.streamingsaga.charset;

import java.util.BitSet;

/**
 * Recognises EBCDIC, the charset of mainframes: its blank is {@code @} in ASCII, its line ends are control characters.
 */
public final class Ebcdic {
    private static final int MIN_BYTES = 16;
    private static final int BLANK = 0x40;
    private static final BitSet LETTERS = new BitSet();
    private static final BitSet OTHERS = new BitSet();

    static {
        int[][] letters = {
            {0x81, 0x89}, {0x91, 0x99}, {0xA2, 0xA9}, {0xC1, 0xC9}, {0xD1, 0xD9}, {0xE2, 0xE9}, {0xF0, 0xF9}
        };
        for (int[] range : letters) {
            LETTERS.set(range[0], range[1] + 1);
        }
        // tab, form feed, line ends, blank and punctuation
        int[] others = {
            0x05, 0x0C, 0x0D, 0x15, 0x25, BLANK, 0x4B, 0x4D, 0x4E, 0x50, 0x5A, 0x5B, 0x5C, 0x5D, 0x5E, 0x60, 0x61, 0x6B,
            0x6C, 0x6D, 0x6E, 0x6F, 0x7A, 0x7B, 0x7C, 0x7D, 0x7E, 0x7F
        };
        for (int other : others) {
            OTHERS.set(other);
        }
    }

    private Ebcdic() {}

    /** Whether nearly all bytes are letters, digits, blanks and punctuation in EBCDIC, which no other text has. */
    public static boolean matches(byte[] bytes) {
        int letters = 0;
        int others = 0;
        int blanks = 0;
        for (byte b : bytes) {
            int c = b & 0xFF;
            letters += LETTERS.get(c) ? 1 : 0;
            others += OTHERS.get(c) ? 1 : 0;
            blanks += c == BLANK ? 1 : 0;
        }
        return bytes.length >= MIN_BYTES
                && (letters + others) * 10L >= bytes.length * 9L
                && letters * 5L >= bytes.length * 2L
                && blanks * 20L >= bytes.length;
    }
}
