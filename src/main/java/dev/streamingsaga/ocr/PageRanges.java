package dev.streamingsaga.ocr;

import java.util.ArrayList;
import java.util.List;

/** Pages of a document as text: {@code page 4}, {@code pages 1-3, 7}. Keeps the first {@value #LIMIT} ranges. */
public final class PageRanges {
    static final int LIMIT = 20;

    private record Range(int first, int last) {
        @Override
        public String toString() {
            return first == last ? Integer.toString(first) : first + "-" + last;
        }
    }

    private final List<Range> ranges = new ArrayList<>();
    private int last;
    private int count;
    private int unlisted;

    /** @param page greater than every page before it */
    public void add(int page) {
        boolean continues = count > 0 && page == last + 1;
        count++;
        last = page;
        if (unlisted > 0 || !continues && ranges.size() == LIMIT) {
            unlisted++;
        } else if (continues) {
            ranges.add(new Range(ranges.remove(ranges.size() - 1).first(), page));
        } else {
            ranges.add(new Range(page, page));
        }
    }

    public int count() {
        return count;
    }

    @Override
    public String toString() {
        String listed = String.join(", ", ranges.stream().map(Range::toString).toList());
        return (count == 1 ? "page " : "pages ") + listed + (unlisted == 0 ? "" : " and " + unlisted + " more");
    }
}
