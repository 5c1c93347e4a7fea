package dev.streamingsaga.filetype;

import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;

/** Recognises mails and mailboxes by the headers they begin with: a single line {@code From: } may start any text. */
final class MailStart {
    private static final int MIN_HEADERS = 3;
    private static final int MIN_HEADERS_OF_NAMED = 2;
    private static final Set<String> SENDER = Set.of("from", "sender", "return-path", "received");
    private static final Set<String> ADDED_BY_PROGRAMS =
            Set.of("date", "message-id", "received", "mime-version", "return-path", "delivered-to");
    private static final Set<String> KNOWN = Set.of(
            "from",
            "to",
            "cc",
            "bcc",
            "subject",
            "date",
            "sender",
            "reply-to",
            "message-id",
            "in-reply-to",
            "references",
            "received",
            "return-path",
            "delivered-to",
            "mime-version",
            "content-type",
            "content-transfer-encoding");

    private MailStart() {}

    /** @param prefix the first bytes of the file; the headers may be cut */
    static boolean isMail(byte[] prefix) {
        return hasHeaders(new String(prefix, StandardCharsets.ISO_8859_1));
    }

    /** Whether a file that is named like a mail has any headers of mails. */
    static boolean mayBeMail(byte[] prefix) {
        return headers(new String(prefix, StandardCharsets.ISO_8859_1)).size() >= MIN_HEADERS_OF_NAMED;
    }

    static boolean isMailbox(byte[] prefix) {
        String text = new String(prefix, StandardCharsets.ISO_8859_1);
        int lineEnd = text.indexOf('\n');
        return text.startsWith("From ") && lineEnd > 0 && hasHeaders(text.substring(lineEnd + 1));
    }

    private static boolean hasHeaders(String text) {
        Set<String> names = headers(text);
        return names.size() >= MIN_HEADERS
                && names.stream().anyMatch(SENDER::contains)
                && names.stream().anyMatch(ADDED_BY_PROGRAMS::contains);
    }

    /** The known names of headers that the text begins with; none if another line is among them. */
    private static Set<String> headers(String text) {
        Set<String> names = new HashSet<>();
        for (int from = 0; from < text.length(); ) {
            int lineEnd = text.indexOf('\n', from);
            String line = text.substring(from, lineEnd < 0 ? text.length() : lineEnd);
            from += line.length() + 1;
            if (line.isBlank()) {
                break;
            }
            boolean folded = line.charAt(0) == ' ' || line.charAt(0) == '\t';
            boolean cut = lineEnd < 0;
            if (!folded && !cut) {
                String name = headerName(line);
                if (name.isEmpty()) {
                    return Set.of();
                }
                names.add(name);
            }
        }
        names.retainAll(KNOWN);
        return names;
    }

    /** In lower case; empty if the line is no header. */
    private static String headerName(String line) {
        int colon = line.indexOf(':');
        boolean printable = colon > 0 && line.chars().limit(colon).allMatch(c -> c > ' ' && c < 0x7f);
        return printable ? line.substring(0, colon).toLowerCase(Locale.ROOT) : "";
    }
}
