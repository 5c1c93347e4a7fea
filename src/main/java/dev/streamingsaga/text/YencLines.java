package dev.streamingsaga.text;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Recognises the lines of a yEnc file between its first and its last line. Its bytes may be decoded in any charset. */
final class YencLines {
    private static final Pattern BEGIN = Pattern.compile("=ybegin .*\\bline=(\\d{1,4})\\b.*");
    private static final String PART = "=ypart ";
    private static final int OTHER = 2;

    private int lineChars;

    /** Whether the line is a part of the file. Whatever looks like language ends it. */
    boolean continues(String line) {
        Matcher begin = BEGIN.matcher(line);
        if (begin.matches()) {
            lineChars = Integer.parseInt(begin.group(1));
            return false;
        }
        if (lineChars == 0) {
            return false;
        }
        boolean continues = line.startsWith(PART)
                || !line.isEmpty() && line.length() <= OTHER * lineChars + OTHER && !isLanguage(line);
        lineChars = continues ? lineChars : 0;
        return continues;
    }

    void end() {
        lineChars = 0;
    }

    /** Of random bytes a fifth are letters, digits or spaces of ASCII. */
    private static boolean isLanguage(String line) {
        long plain = line.chars()
                .filter(c -> c == ' ' || c < 0x80 && Character.isLetterOrDigit(c))
                .count();
        return line.startsWith("=yend ") || plain * 2 > line.length();
    }
}
