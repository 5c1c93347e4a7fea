package dev.streamingsaga.charset;

import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Recognises UTF-16, UTF-32 and byte order marks. */
public final class UnicodeForms {
    private static final Charset UTF_32LE = Charset.forName("UTF-32LE");
    private static final Charset UTF_32BE = Charset.forName("UTF-32BE");

    private static final List<Map.Entry<String, Charset>> MARKS = List.of(
            Map.entry("\u00EF\u00BB\u00BF", StandardCharsets.UTF_8),
            Map.entry("\u00FF\u00FE\0\0", UTF_32LE),
            Map.entry("\0\0\u00FE\u00FF", UTF_32BE),
            Map.entry("\u00FF\u00FE", StandardCharsets.UTF_16LE),
            Map.entry("\u00FE\u00FF", StandardCharsets.UTF_16BE));

    private static final String CONTROLS = "\t\n\r\f";
    private static final int FEW = 16;

    /** Ranges of usual characters, in addition to common Chinese characters and Korean syllables. */
    private static final int[][] ORDINARY = {
        {0x20, 0x7E},
        {0xA0, 0x24F},
        {0x2BB, 0x2BD},
        {0x300, 0x304},
        {0x370, 0x52F},
        {0x5D0, 0x5F4},
        {0x600, 0x6FF},
        {0x900, 0xE5B},
        {0x10A0, 0x10FF},
        {0x1E00, 0x1FFF},
        {0x2010, 0x2044},
        {0x20AC, 0x20AC},
        {0x3000, 0x30FF},
        {0xFF01, 0xFF9F},
    };

    private UnicodeForms() {}

    /** The charset that the byte order mark names. */
    public static Optional<Charset> byMark(byte[] beginning) {
        String latin = new String(beginning, 0, Math.min(beginning.length, Integer.BYTES), StandardCharsets.ISO_8859_1);
        return MARKS.stream()
                .filter(mark -> latin.startsWith(mark.getKey()))
                .map(Map.Entry::getValue)
                .findFirst();
    }

    /**
     * Recognises UTF-16 or UTF-32 without a byte order mark by its characters. Call only for bytes that are not ASCII:
     * two ASCII letters look like one Chinese character.
     *
     * @param beginning of a file, from its first byte
     */
    public static Optional<Charset> byCharacters(byte[] beginning) {
        for (Charset charset : List.of(UTF_32LE, UTF_32BE, StandardCharsets.UTF_16LE, StandardCharsets.UTF_16BE)) {
            int unit = charset.name().startsWith("UTF-32") ? Integer.BYTES : Character.BYTES;
            int complete = beginning.length - beginning.length % unit;
            if (complete >= 2 * unit && isOrdinary(new String(beginning, 0, complete, charset))) {
                return Optional.of(charset);
            }
        }
        return Optional.empty();
    }

    private static boolean isOrdinary(String text) {
        int ordinary = 0;
        int latin = 0;
        int letters = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c < ' ' && CONTROLS.indexOf(c) < 0) {
                return false;
            }
            ordinary += isOrdinary(c) ? 1 : 0;
            latin += c < 0x100 ? 1 : 0;
            letters += Character.isLetterOrDigit(c) || c == ' ' ? 1 : 0;
        }
        boolean enough = text.length() >= FEW || 2 * latin > text.length();
        return enough && ordinary * 20L >= text.length() * 19L && letters * 2L >= text.length();
    }

    private static boolean isOrdinary(char c) {
        if (CONTROLS.indexOf(c) >= 0 || CommonCharacters.contain(c)) {
            return true;
        }
        for (int[] range : ORDINARY) {
            if (c >= range[0] && c <= range[1]) {
                return Character.isDefined(c);
            }
        }
        return false;
    }
}
