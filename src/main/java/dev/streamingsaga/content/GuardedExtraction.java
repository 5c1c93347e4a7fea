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
 * Runs an extractor and tells apart what may go wrong: a file that is damaged, locked or too large for its parser has
 * less text or none, which is a warning, since the bytes are stored whatever they mean; a source that can't be read any
 * more, and a failure behind the sink, are thrown on.
 */
final class GuardedExtraction implements TextSink {
    private static final Logger log = LoggerFactory.getLogger(GuardedExtraction.class);
    private static final int NAME_CHARS = 200;

    private final Path file;
    private final DocumentText text;
    private final Runnable moved;
    private @Nullable RuntimeException failure;

    /** @param moved called whenever the extractor has delivered something */
    GuardedExtraction(Path file, DocumentText text, Runnable moved) {
        this.file = file;
        this.text = text;
        this.moved = moved;
    }

    /** For messages: names come from outside. */
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
        if (text.full()) {
            log.warn(
                    "the text of {} goes on behind saga.content.max-text-chars; all of it is stored, the rest is not searchable",
                    name(file));
            return;
        }
        checkSource();
        // Not the message of the exception: parsers like to quote the content there.
        log.warn(
                "{} can't be read as text to its end ({}); all of it is stored, the missing text is not searchable",
                name(file),
                e.getClass().getSimpleName());
    }

    /** Looks at both ends of the file, to tell a damaged document from a disk or a mount that is gone. */
    private void checkSource() {
        if (Files.notExists(file)) {
            throw new SagaException(Reason.FILE_NOT_FOUND, "%s is gone while its text was read".formatted(name(file)));
        }
        try (RandomAccessFile source = new RandomAccessFile(file.toFile(), "r")) {
            source.read();
            source.seek(Math.max(0, source.length() - 1));
            source.read();
        } catch (IOException e) {
            throw new SagaException(
                    Reason.FILE_NOT_READABLE,
                    "%s can't be read any more while its text was read".formatted(name(file)),
                    e);
        }
    }

    private void forward(Runnable call) {
        moved.run();
        try {
            call.run();
        } catch (TextSinkClosed e) {
            throw e;
        } catch (RuntimeException e) {
            failure = e; // parsers wrap or swallow what a handler throws
            throw e;
        } finally {
            moved.run();
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
