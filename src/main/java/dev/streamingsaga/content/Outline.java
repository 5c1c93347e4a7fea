package dev.streamingsaga.content;

import dev.streamingsaga.journal.Warning;
import java.util.List;

/**
 * The structure of a document's text, without the text.
 *
 * @param pages 0 if no text could be read
 * @param segmentsPerPage the number of segments of each page
 * @param title empty if unknown
 * @param author empty if unknown
 * @param warnings what is missing or uncertain about the text, in the order in which it was found
 */
public record Outline(int pages, List<Integer> segmentsPerPage, String title, String author, List<Warning> warnings) {
    public static final Outline EMPTY = new Outline(0, List.of(), "", "", List.of());

    /** The number of pages that have segments. */
    public int pagesWithText() {
        return (int) segmentsPerPage.stream().filter(segments -> segments > 0).count();
    }

    public int segments() {
        return segmentsPerPage.stream().mapToInt(Integer::intValue).sum();
    }
}
