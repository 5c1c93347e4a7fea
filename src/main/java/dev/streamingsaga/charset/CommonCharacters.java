package dev.streamingsaga.charset;

import java.nio.charset.Charset;
import java.util.BitSet;
import java.util.List;

/** The common Chinese characters and Korean syllables of the national standards. */
final class CommonCharacters {
    private static final int TRAIL_BYTES = 0xFF;
    private static final BitSet COMMON = new BitSet();

    static {
        add("GB2312", 0xB0, 0xD7);
        add("Big5", 0xA4, 0xC6);
        add("EUC-JP", 0xB0, 0xCF);
        add("EUC-KR", 0xB0, 0xC8);
    }

    private CommonCharacters() {}

    private static void add(String name, int firstLead, int lastLead) {
        for (Charset charset : supported(List.of(name))) {
            for (int lead = firstLead; lead <= lastLead; lead++) {
                for (int trail = 0x40; trail < TRAIL_BYTES; trail++) {
                    String decoded = new String(new byte[] {(byte) lead, (byte) trail}, charset);
                    if (decoded.length() == 1 && Character.isLetter(decoded.charAt(0))) {
                        COMMON.set(decoded.charAt(0));
                    }
                }
            }
        }
    }

    /** A small Java runtime has fewer charsets. */
    static List<Charset> supported(List<String> names) {
        return names.stream().filter(Charset::isSupported).map(Charset::forName).toList();
    }

    static boolean contain(char c) {
        return COMMON.get(c);
    }
}
