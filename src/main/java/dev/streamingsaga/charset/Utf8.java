package dev.streamingsaga.charset;

/** How much of a sample is UTF-8. A sequence that is cut off by the end of the sample is neither right nor wrong. */
record Utf8(int sequences, int wrongBytes) {
    /** The number of valid sequences that outweigh one invalid byte: in other charsets they occur only by chance. */
    private static final int SEQUENCES_PER_WRONG_BYTE = 10;

    static Utf8 of(byte[] bytes) {
        int sequences = 0;
        int wrong = 0;
        for (int i = 0; i < bytes.length; ) {
            int length = length(bytes[i]);
            int found = 1;
            while (found < length && i + found < bytes.length && (bytes[i + found] & 0xC0) == 0x80) {
                found++;
            }
            if (length == 0 || found < length && i + found < bytes.length) {
                wrong++;
                i++;
            } else {
                sequences += length > 1 ? 1 : 0;
                i += found;
            }
        }
        return new Utf8(sequences, wrong);
    }

    /** Of a sequence that begins with this byte; 0 if none does. */
    private static int length(byte first) {
        int b = first & 0xFF;
        if (b < 0x80) {
            return 1;
        }
        if (b < 0xC2 || b > 0xF4) {
            return 0;
        }
        return b < 0xE0 ? 2 : b < 0xF0 ? 3 : 4;
    }

    boolean isValid() {
        return wrongBytes == 0;
    }

    /** Whether the sample is UTF-8 that was damaged or has pasted bytes of another charset. */
    boolean isMostly() {
        return wrongBytes * SEQUENCES_PER_WRONG_BYTE <= sequences;
    }
}
