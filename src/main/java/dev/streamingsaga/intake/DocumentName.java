package dev.streamingsaga.intake;

import java.nio.charset.StandardCharsets;

/** What a sender calls a document. For people only: never a path, a key or a header. */
public final class DocumentName {
    private static final int MAX_BYTES = 255;

    private DocumentName() {}

    /** @throws Refused MALFORMED if it is empty, too long, or could be taken for something else than a name */
    public static String checked(String name) {
        int bytes = name.getBytes(StandardCharsets.UTF_8).length;
        if (name.isBlank() || bytes > MAX_BYTES || name.equals(".") || name.equals("..") || name.matches("(?s).*[/\\\\\\p{Cc}\\p{Cf}].*")) {
            throw new Refused(Refused.Kind.MALFORMED, "bad-name", "a document's name must have 1 to " + MAX_BYTES
                    + " bytes and no slash, backslash or control character, was " + Shown.text(name));
        }
        return name;
    }
}
