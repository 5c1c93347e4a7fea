package dev.streamingsaga.cli;

import dev.streamingsaga.store.VectorSearch.Highlight;
import dev.streamingsaga.store.VectorSearch.Hit;

/**
 * The text around the words of a search, on one line.
 *
 * @param bold whether the words are bold, as the terminal allows it
 */
record SearchExcerpt(boolean bold) {
    private static final int MAX_CHARS = 300;
    /** Before the first word that was found. */
    private static final int CONTEXT_CHARS = 80;

    private static final String BOLD = "\u001b[1m";
    private static final String NORMAL = "\u001b[22m";

    String of(Hit hit) {
        String text = hit.text();
        int start = start(hit);
        int end = Math.min(text.length(), start + MAX_CHARS);
        if (end < text.length() && Character.isLowSurrogate(text.charAt(end))) {
            end--;
        }
        StringBuilder line = new StringBuilder(start > 0 ? "…" : "");
        int at = start;
        for (Highlight word : hit.highlights()) {
            if (word.start() >= at && word.end() <= end) {
                line.append(safe(text, at, word.start()));
                line.append(bold ? BOLD : "").append(safe(text, word.start(), word.end()));
                line.append(bold ? NORMAL : "");
                at = word.end();
            }
        }
        return line.append(safe(text, at, end))
                .append(end < text.length() ? "…" : "")
                .toString();
    }

    /** Begins at a word. */
    private static int start(Hit hit) {
        int first = hit.highlights().isEmpty() ? 0 : hit.highlights().get(0).start();
        if (hit.text().length() <= MAX_CHARS || first <= CONTEXT_CHARS) {
            return 0;
        }
        int space = hit.text().indexOf(' ', first - CONTEXT_CHARS);
        return space < 0 || space >= first ? first : space + 1;
    }

    private static String safe(String text, int start, int end) {
        return ConsoleText.safe(text.substring(start, end).replaceAll("\\s+", " "));
    }
}
