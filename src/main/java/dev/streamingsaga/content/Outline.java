package dev.streamingsaga.content;

import dev.streamingsaga.journal.TextOutcome;
import dev.streamingsaga.journal.Warning;
import java.util.List;
import java.util.OptionalLong;

/**
 * The structure of a document's text, without the text.
 *
 * @param pages 0 if no text could be read
 * @param segmentsPerPage the number of segments of each page
 * @param title empty if unknown
 * @param author empty if unknown
 * @param warnings what is missing or uncertain about the text, in the order in which it was found
 * @param cutAfter the number of characters after which reading was stopped from outside; empty if it reached the end
 */
public record Outline(
        int pages,
        List<Integer> segmentsPerPage,
        String title,
        String author,
        List<Warning> warnings,
        OptionalLong cutAfter) {
    public static final Outline EMPTY = new Outline(0, List.of(), "", "", List.of());

    /** The outline of a document that was read to the end. */
    public Outline(int pages, List<Integer> segmentsPerPage, String title, String author, List<Warning> warnings) {
        this(pages, segmentsPerPage, title, author, warnings, OptionalLong.empty());
    }

    /** The journaled outline. */
    public static Outline of(TextOutcome outcome, List<Warning> warnings) {
        return new Outline(
                outcome.segmentsPerPage().size(),
                outcome.segmentsPerPage(),
                outcome.title(),
                outcome.author(),
                warnings,
                outcome.cutAfter());
    }

    /** What is journaled of it. */
    public TextOutcome outcome() {
        return new TextOutcome(segmentsPerPage, title, author, cutAfter);
    }

    /** The number of pages that have segments. */
    public int pagesWithText() {
        return (int) segmentsPerPage.stream().filter(segments -> segments > 0).count();
    }

    public int segments() {
        return segmentsPerPage.stream().mapToInt(Integer::intValue).sum();
    }
}
