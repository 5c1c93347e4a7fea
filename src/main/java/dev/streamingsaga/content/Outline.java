package dev.streamingsaga.content;

import java.util.List;

/**
 * The shape of a document's text, without the text.
 *
 * @param pages 0 where nothing could be read as text
 * @param segmentsPerPage one number for each page
 * @param title empty if unknown, as author
 */
public record Outline(int pages, List<Integer> segmentsPerPage, String title, String author) {
    public static final Outline EMPTY = new Outline(0, List.of(), "", "");

    public int segments() {
        return segmentsPerPage.stream().mapToInt(Integer::intValue).sum();
    }
}
