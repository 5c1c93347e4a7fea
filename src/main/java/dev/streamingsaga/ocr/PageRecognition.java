package dev.streamingsaga.ocr;

import dev.streamingsaga.extractor.ReadingFailures;
import dev.streamingsaga.extractor.TextExtractor.TextSink;
import dev.streamingsaga.journal.WarningCode;
import java.awt.image.BufferedImage;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Recognises the text of a document's images, and warns which pages it is from. A page that fails has no text. */
public final class PageRecognition {
    /** An A3 page at {@value #DPI} dpi; larger ones are read at less. */
    public static final long MAX_PIXELS = 25_000_000;

    public static final int DPI = 300;

    private static final Logger log = LoggerFactory.getLogger(PageRecognition.class);

    private final Tesseract tesseract;
    private final TextSink text;
    private final PageRanges recognised = new PageRanges();
    private final PageRanges failed = new PageRanges();
    private String firstFailure = "";

    public PageRecognition(Tesseract tesseract, TextSink text) {
        this.tesseract = tesseract;
        this.text = text;
    }

    /** A page as tesseract reads it: 8-bit grey. */
    public record PageImage(BufferedImage pixels, int dpi) {}

    /** Draws a page. */
    public interface Painter {
        PageImage paint() throws IOException;
    }

    /**
     * Returns the text of a page; blank if there is none.
     *
     * @param page counted from 1
     */
    public String read(int page, Painter painter) throws IOException {
        try {
            PageImage image = painter.paint();
            // empty text shows progress: a page may take minutes on a busy machine
            String found = tesseract.recognise(image.pixels(), image.dpi(), () -> text.text(""));
            if (!found.isBlank()) {
                recognised.add(page);
            }
            return found;
        } catch (IOException | RuntimeException | StackOverflowError e) {
            ReadingFailures.rethrowIfClosed(e);
            failed.add(page);
            String reason = e instanceof RecognitionException
                    ? String.valueOf(e.getMessage())
                    : "the image is damaged or too large";
            firstFailure = firstFailure.isEmpty() ? reason : firstFailure;
            log.debug("the image of page {} cannot be read: {}", page, reason);
            return "";
        }
    }

    /** How many pages could not be read so far. */
    public int failed() {
        return failed.count();
    }

    /** To be called after the last page. */
    public void warn() {
        if (recognised.count() > 0) {
            text.warn(
                    WarningCode.TEXT_RECOGNISED,
                    recognised.toString(),
                    "the text was recognised in images and may have wrong letters");
        }
        if (failed.count() > 0) {
            text.warn(
                    WarningCode.NO_TEXT_LAYER,
                    failed.toString(),
                    "their text could not be recognised (%s) and is not searchable".formatted(firstFailure));
        }
    }
}
