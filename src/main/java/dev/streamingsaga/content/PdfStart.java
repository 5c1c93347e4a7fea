package dev.streamingsaga.content;

import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Finds where a PDF begins that has other bytes before it, such as headers of HTTP. */
final class PdfStart {
    private static final Pattern HEADER = Pattern.compile("%PDF-\\d\\.\\d");
    private static final Pattern OBJECT = Pattern.compile("\\d \\d{1,5} obj\\b");
    private static final int OBJECT_WITHIN = 2048;

    private PdfStart() {}

    /**
     * The position of the first header that an object follows, so that a text about PDF is none; -1 without one.
     *
     * @param prefix the first bytes of the file
     */
    static int find(byte[] prefix) {
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
