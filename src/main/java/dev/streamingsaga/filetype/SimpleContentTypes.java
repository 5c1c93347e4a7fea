package dev.streamingsaga.filetype;

import dev.streamingsaga.charset.Ebcdic;
import dev.streamingsaga.charset.UnicodeForms;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URLConnection;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Detects the MIME type if Tika is not on the class path, by the same rule: the bytes decide, and the file name only
 * selects a subtype ({@code text/plain} to {@code text/csv}, a zip archive to an office format).
 */
public final class SimpleContentTypes {
    public static final int PREFIX_BYTES = 16 * 1024;

    private static final String UNKNOWN = "application/octet-stream";
    private static final String TEXT_CONTROLS = "\t\n\r\f\u001B";
    private static final String OFFICE = "application/vnd.openxmlformats-officedocument.";
    private static final String ODF = "application/vnd.oasis.opendocument.";

    private static final Map<String, String> TEXT = Map.ofEntries(
            Map.entry("csv", "text/csv"),
            Map.entry("tsv", "text/tab-separated-values"),
            Map.entry("md", "text/markdown"),
            Map.entry("html", "text/html"),
            Map.entry("htm", "text/html"),
            Map.entry("css", "text/css"),
            Map.entry("xml", "application/xml"),
            Map.entry("json", "application/json"),
            Map.entry("yaml", "application/yaml"),
            Map.entry("yml", "application/yaml"),
            Map.entry("rtf", "application/rtf"),
            Map.entry("eml", "message/rfc822"));

    private static final Map<String, String> ZIP = Map.of(
            "docx",
            OFFICE + "wordprocessingml.document",
            "xlsx",
            OFFICE + "spreadsheetml.sheet",
            "pptx",
            OFFICE + "presentationml.presentation",
            "odt",
            ODF + "text",
            "ods",
            ODF + "spreadsheet",
            "odp",
            ODF + "presentation",
            "epub",
            "application/epub+zip",
            "jar",
            "application/java-archive");

    private static final Map<String, String> OLE2 = Map.of(
            "doc",
            "application/msword",
            "xls",
            "application/vnd.ms-excel",
            "ppt",
            "application/vnd.ms-powerpoint",
            "msg",
            "application/vnd.ms-outlook");

    private SimpleContentTypes() {}

    /** @param prefix the first {@link #PREFIX_BYTES} of the file, or all of it if it is shorter */
    public static String detect(byte[] prefix, String fileName) throws IOException {
        String extension = fileName.substring(fileName.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
        String latin = new String(prefix, StandardCharsets.ISO_8859_1);
        if (latin.startsWith("%PDF-")) {
            return "application/pdf";
        }
        if (latin.startsWith("PK\u0003\u0004")) {
            return ZIP.getOrDefault(extension, "application/zip");
        }
        if (latin.startsWith("\u00d0\u00cf\u0011\u00e0\u00a1\u00b1\u001a\u00e1")) {
            return OLE2.getOrDefault(extension, UNKNOWN);
        }
        Optional<String> known = latin.startsWith("\u001f\u008b")
                ? Optional.of("application/gzip")
                : Optional.ofNullable(URLConnection.guessContentTypeFromStream(new ByteArrayInputStream(prefix)));
        return known.or(() -> mailOrPdf(prefix))
                .orElseGet(() -> isText(latin, prefix)
                        ? TEXT.getOrDefault(extension, "text/plain")
                        : emptyOrUnknown(prefix, extension));
    }

    private static Optional<String> mailOrPdf(byte[] prefix) {
        if (MailStart.isMailbox(prefix)) {
            return Optional.of("application/mbox");
        }
        if (MailStart.isMail(prefix)) {
            return Optional.of("message/rfc822");
        }
        return PdfStart.find(prefix) >= 0 ? Optional.of("application/pdf") : Optional.empty();
    }

    private static String emptyOrUnknown(byte[] prefix, String extension) {
        return prefix.length > 0
                ? UNKNOWN
                : extension.equals("txt") ? "text/plain" : TEXT.getOrDefault(extension, UNKNOWN);
    }

    /** Binary files contain control characters; UTF-16, UTF-32 and EBCDIC do, too. */
    private static boolean isText(String latin, byte[] prefix) {
        boolean controls = latin.chars().anyMatch(c -> c < ' ' && TEXT_CONTROLS.indexOf(c) < 0 || c == 0x7f);
        return controls
                ? UnicodeForms.byMark(prefix).isPresent()
                        || UnicodeForms.byCharacters(prefix).isPresent()
                        || Ebcdic.matches(prefix)
                : !latin.isEmpty();
    }
}
