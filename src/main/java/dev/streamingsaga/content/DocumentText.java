package dev.streamingsaga.content;

import dev.streamingsaga.content.EmbeddingPipeline.PipelineLimits;
import dev.streamingsaga.embedding.Segment;
import dev.streamingsaga.embedding.Segmenter;
import dev.streamingsaga.extractor.TextExtractor.TextSink;
import dev.streamingsaga.extractor.TextExtractor.TextSinkClosed;
import dev.streamingsaga.journal.WarningCode;
import dev.streamingsaga.text.NotLanguage;
import dev.streamingsaga.text.TextCleaner;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Turns the text of an extractor into numbered segments, without base64 and the like. Works block by block: even of an
 * endless page it holds only {@value #BLOCK_CHARS} characters. Where a block ends depends only on the text, not on the
 * size of the parts in which it arrives. Not thread-safe.
 */
final class DocumentText implements TextSink {
    private static final Logger log = LoggerFactory.getLogger(DocumentText.class);

    static final int BLOCK_CHARS = 32 * 1024;
    private static final int METADATA_CHARS = 300;
    private static final int PART_CHARS = 500;

    private final Segmenter segmenter;
    private final Consumer<Segment> segments;
    private final PipelineLimits limits;
    private final Resumption resumption;
    private final StringBuilder block = new StringBuilder();
    private final List<Integer> segmentsPerPage = new ArrayList<>();
    private final NotLanguage language = new NotLanguage();
    private final Warnings warnings = new Warnings();
    private long chars;
    private int ordinal;
    private int segmentsOnPage;
    private boolean truncated;
    private boolean atKnownEnd;
    private boolean cut;
    private volatile int pagesTotal;
    private String part = "";
    private int pagesBeforePart;
    private String title = "";
    private String author = "";

    DocumentText(Segmenter segmenter, PipelineLimits limits, Resumption resumption, Consumer<Segment> segments) {
        this.segmenter = segmenter;
        this.limits = limits;
        this.resumption = resumption;
        this.segments = segments;
    }

    @Override
    public void pages(int total) {
        pagesTotal = pagesBeforePart + total;
    }

    @Override
    public void part(String path) {
        endOpenPage();
        part = TextCleaner.line(path, PART_CHARS);
        pagesBeforePart = segmentsPerPage.size();
    }

    int pagesTotal() {
        return pagesTotal;
    }

    @Override
    public void about(String newTitle, String newAuthor) {
        title = TextCleaner.line(newTitle, METADATA_CHARS);
        author = TextCleaner.line(newAuthor, METADATA_CHARS);
    }

    @Override
    public void warn(WarningCode code, String place, String message) {
        warnings.add(code, place, message);
    }

    @Override
    public void text(CharSequence part) {
        if (Thread.currentThread().isInterrupted()) {
            throw new TextSinkClosed("stopped");
        }
        if (!part.isEmpty()) {
            requirePageWithinLimit();
        }
        long max = Math.min(limits.maxTextChars(), resumption.lastChar());
        int accepted = (int) Math.min(part.length(), max - chars);
        for (int from = 0; from < accepted; ) {
            int to = Math.min(accepted, from + BLOCK_CHARS - block.length());
            block.append(part, from, to);
            from = to;
            if (block.length() == BLOCK_CHARS) {
                emitBlock();
            }
        }
        chars += accepted;
        if (accepted < part.length()) {
            if (resumption.lastChar() < limits.maxTextChars()) {
                atKnownEnd = true;
                throw new TextSinkClosed("an earlier reading ended after " + max + " characters");
            }
            truncate();
        }
    }

    /** Further pages are counted, but have no text. */
    private void truncate() {
        if (!truncated) {
            truncated = true;
            warn(
                    WarningCode.TEXT_TRUNCATED,
                    "",
                    "the text exceeds saga.content.max-text-chars; text beyond the limit is not searchable");
        }
        if (segmentsPerPage.size() + 1 >= pagesTotal) {
            endPage();
            throw new TextSinkClosed("limit of " + limits.maxTextChars() + " characters reached");
        }
    }

    private void emitBlock() {
        int end = blockEnd();
        String complete = block.substring(0, end);
        block.delete(0, end);
        emit(language.keep(complete));
    }

    /**
     * Ends after the last paragraph, sentence or word in the second half of the block, in that order; else the whole
     * block.
     */
    private int blockEnd() {
        int half = BLOCK_CHARS / 2;
        int sentence = 0;
        int word = 0;
        for (int i = BLOCK_CHARS - 1; i > half; i--) {
            char c = block.charAt(i);
            char before = block.charAt(i - 1);
            if (c == '\n' && before == '\n') {
                return i + 1;
            }
            if (Character.isWhitespace(c)) {
                sentence = sentence == 0 && ".!?".indexOf(before) >= 0 ? i + 1 : sentence;
                // not inside a hyphenated word
                word = word == 0 && Character.isLetterOrDigit(before) ? i + 1 : word;
            }
        }
        int end = sentence > 0 ? sentence : word;
        return end > 0 ? end : BLOCK_CHARS - (Character.isHighSurrogate(block.charAt(BLOCK_CHARS - 1)) ? 1 : 0);
    }

    private void emit(String text) {
        emit(text, segments);
    }

    private void emit(String text, Consumer<Segment> target) {
        for (String segment : segmenter.segments(TextCleaner.clean(text))) {
            int page = segmentsPerPage.size() + 1;
            target.accept(new Segment(page, ordinal++, segment, part, page - pagesBeforePart));
            segmentsOnPage++;
        }
    }

    @Override
    public void endPage() {
        requirePageWithinLimit();
        emit(language.keep(block.toString()) + language.end());
        block.setLength(0);
        segmentsPerPage.add(segmentsOnPage);
        segmentsOnPage = 0;
    }

    private void requirePageWithinLimit() {
        if (segmentsPerPage.size() == limits.maxPages()) {
            truncated = true;
            warn(
                    WarningCode.TEXT_TRUNCATED,
                    "",
                    "it has more pages than saga.content.max-pages; text beyond the limit is not searchable");
            throw new TextSinkClosed("limit of " + limits.maxPages() + " pages reached");
        }
    }

    /** Whether a limit of characters or pages was reached; the text after it is missing. */
    boolean isTruncated() {
        return truncated;
    }

    private void endOpenPage() {
        if (!block.isEmpty() || segmentsOnPage > 0 || language.isInDoubt()) {
            endPage();
        }
    }

    /** Whether the text ends where an earlier reading was stopped. */
    boolean isAtKnownEnd() {
        return atKnownEnd;
    }

    /** Reading was stopped from outside: another one may come to another end. */
    void cut() {
        cut = true;
    }

    /**
     * The end of the text.
     *
     * @param segments the last segments, which have not been passed on
     */
    record End(Outline outline, List<Segment> segments) {}

    /**
     * Ends an open page. Of a text that was cut, the rest is left out if an earlier reading got further: it has split
     * the same text differently.
     */
    End finish() {
        boolean isBehind = cut && resumption.firstOrdinal() > ordinal && resumption.firstOrdinal() < Integer.MAX_VALUE;
        if (isBehind) {
            chars -= block.length();
            block.setLength(0);
        }
        String last = isBehind ? "" : language.keep(block.toString()) + language.end();
        List<Segment> rest = new ArrayList<>();
        if (segmentsOnPage > 0 || !block.isEmpty() || !last.isEmpty()) {
            emit(last, rest::add);
            segmentsPerPage.add(segmentsOnPage);
        }
        if (language.leftOut() > 0) {
            log.debug("{} characters such as base64 are left out of the segments", language.leftOut());
        }
        OptionalLong cutAfter = cut
                ? OptionalLong.of(chars)
                : atKnownEnd ? OptionalLong.of(resumption.lastChar()) : OptionalLong.empty();
        return new End(
                new Outline(
                        segmentsPerPage.size(), List.copyOf(segmentsPerPage), title, author, warnings.all(), cutAfter),
                rest);
    }
}
