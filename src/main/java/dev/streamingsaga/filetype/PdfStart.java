package dev.streamingsaga.filetype;

import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Finds the beginning of a PDF that is preceded by other bytes, such as HTTP headers. */
public final class PdfStart {
    private static final Pattern HEADER = Pattern.compile("%PDF-\\d\\.\\d");
    private static final Pattern OBJECT = Pattern.compile("\\d \\d{1,5} obj\\b");
    private static final int OBJECT_WITHIN = 2048;

    private PdfStart() {}

    /**
     * Returns the position of the first header that an object follows, so a text about PDF has none; otherwise -1.
     *
     * @param prefix the first bytes of the file
     */
    public static int find(byte[] prefix) {
        String text = new String(prefix, StandardCharsets.ISO_8859_1);
        Matcher header = HEADER.matcher(text);
        while (header.find()) {
            int end = Math.min(text.length(), header.end() + OBJECT_WITHIN);
            if (OBJECT.matcher(text).region(header.end(), end).find()) {
                return header.start();
            }
        }
        return -1;
    }
}
