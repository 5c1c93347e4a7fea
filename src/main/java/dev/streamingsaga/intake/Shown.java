package dev.streamingsaga.intake;

/** Text from outside, for messages. */
public final class Shown {
    private static final int SHOWN_CHARS = 100;

    private Shown() {}

    /** In quotes, short, and without control characters. */
    public static String text(String text) {
        String clean = text.replaceAll("[\\p{Cc}\\p{Cf}]", "?");
        return "\"" + (clean.length() > SHOWN_CHARS ? clean.substring(0, SHOWN_CHARS) + "…" : clean) + "\"";
    }
}
