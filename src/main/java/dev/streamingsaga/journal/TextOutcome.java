package dev.streamingsaga.journal;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.OptionalLong;

/**
 * The result of reading the text of a document, without the text itself.
 *
 * @param segmentsPerPage the number of segments of each page
 * @param title empty if unknown
 * @param author empty if unknown
 * @param cutAfter the number of characters after which reading was stopped; empty if it reached the end
 */
public record TextOutcome(List<Integer> segmentsPerPage, String title, String author, OptionalLong cutAfter) {
    public TextOutcome {
        segmentsPerPage = List.copyOf(segmentsPerPage);
    }

    public long segments() {
        return segmentsPerPage.stream().mapToLong(Integer::longValue).sum();
    }

    /** The number of pages that have segments. */
    public long pagesWithText() {
        return segmentsPerPage.stream().filter(segments -> segments > 0).count();
    }

    /** {@code 3x5,0,2}: five pages of three segments, one without, one of two. */
    static String encode(List<Integer> segmentsPerPage) {
        StringBuilder text = new StringBuilder();
        for (int from = 0; from < segmentsPerPage.size(); ) {
            int segments = segmentsPerPage.get(from);
            int to = from + 1;
            while (to < segmentsPerPage.size() && segmentsPerPage.get(to) == segments) {
                to++;
            }
            text.append(text.isEmpty() ? "" : ",").append(segments);
            if (to - from > 1) {
                text.append('x').append(to - from);
            }
            from = to;
        }
        return text.toString();
    }

    static List<Integer> decode(String text) {
        List<Integer> segmentsPerPage = new ArrayList<>();
        if (text.isEmpty()) {
            return segmentsPerPage;
        }
        for (String run : text.split(",", -1)) {
            int times = run.indexOf('x');
            Integer segments = Integer.valueOf(times < 0 ? run : run.substring(0, times));
            int pages = times < 0 ? 1 : Integer.parseInt(run.substring(times + 1));
            segmentsPerPage.addAll(Collections.nCopies(pages, segments));
        }
        return segmentsPerPage;
    }
}
