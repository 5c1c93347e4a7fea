package dev.streamingsaga.content;

import dev.streamingsaga.content.TextExtractor.TextSink;
import dev.streamingsaga.content.TextExtractor.TextSinkClosed;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.SagaException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs an extractor and classifies its failures. A file that is damaged, locked or too large for its parser has less
 * text or none; this only logs a warning, since the bytes are stored anyway. A source that has become unreadable and a
 * failure of the sink are rethrown.
 */
final class GuardedExtraction implements TextSink {
    private static final Logger log = LoggerFactory.getLogger(GuardedExtraction.class);
    private static final int NAME_CHARS = 200;

    private final Path file;
    private final DocumentText text;
    private final Runnable onActivity;
    private @Nullable RuntimeException failure;

    /** @param onActivity called whenever the extractor delivers text */
    GuardedExtraction(Path file, DocumentText text, Runnable onActivity) {
        this.file = file;
        this.text = text;
        this.onActivity = onActivity;
    }

    /** The file name for messages; cleaned, since names are untrusted input. */
    static String name(Path file) {
        return TextCleaner.line(String.valueOf(file.getFileName()), NAME_CHARS);
    }

    /** @throws TextSinkClosed if the thread was interrupted */
    Outline read(TextExtractor extractor) {
        try {
            extractor.extract(file, this);
        } catch (Exception | LinkageError | StackOverflowError e) {
            classify(e);
        }
        return text.finish();
    }

    private void classify(Throwable e) {
        if (failure != null) {
            throw failure;
        }
        if (Thread.currentThread().isInterrupted()) {
            throw new TextSinkClosed("stopped");
        }
        if (text.isTruncated()) {
            log.warn(
                    "the text of {} exceeds saga.content.max-text-chars; the whole file is stored,"
                            + " text beyond the limit is not searchable",
                    name(file));
            return;
        }
        checkSource();
        // Without the exception message, in which parsers may quote the content.
        log.warn(
                "the text of {} cannot be read to the end ({}); the whole file is stored,"
                        + " the missing text is not searchable",
                name(file),
                e.getClass().getSimpleName());
    }

    /** Reads both ends of the file to distinguish a damaged document from a failed disk or mount. */
    private void checkSource() {
        if (Files.notExists(file)) {
            throw new SagaException(
                    Reason.FILE_NOT_FOUND, "%s was deleted while its text was read".formatted(name(file)));
        }
        try (RandomAccessFile source = new RandomAccessFile(file.toFile(), "r")) {
            source.read();
            source.seek(Math.max(0, source.length() - 1));
            source.read();
        } catch (IOException e) {
            throw new SagaException(
                    Reason.FILE_NOT_READABLE, "%s became unreadable while its text was read".formatted(name(file)), e);
        }
    }

    private void forward(Runnable call) {
        onActivity.run();
        try {
            call.run();
        } catch (TextSinkClosed e) {
            throw e;
        } catch (RuntimeException e) {
            failure = e; // parsers may wrap or swallow exceptions of a handler
            throw e;
        } finally {
            onActivity.run();
        }
    }

    @Override
    public void pages(int total) {
        text.pages(total);
    }

    @Override
    public void text(CharSequence part) {
        forward(() -> text.text(part));
    }

    @Override
    public void endPage() {
        forward(text::endPage);
    }

    @Override
    public void about(String title, String author) {
        text.about(title, author);
    }
}
