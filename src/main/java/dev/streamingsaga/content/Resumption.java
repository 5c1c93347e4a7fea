package dev.streamingsaga.content;

/**
 * Where to resume an earlier reading of the same document.
 *
 * @param firstOrdinal segments before it are stored: they are neither embedded nor passed on
 * @param lastChar the text after so many characters is left out, since the earlier reading was stopped there
 */
public record Resumption(int firstOrdinal, long lastChar) {
    /** Reads everything. */
    public static final Resumption NONE = new Resumption(0, Long.MAX_VALUE);
}
