package dev.streamingsaga.content;

import dev.streamingsaga.extractor.ParsingException;
import dev.streamingsaga.extractor.ReadingFailures;
import dev.streamingsaga.extractor.ReadingStopped;
import dev.streamingsaga.extractor.TextExtractor;
import dev.streamingsaga.extractor.TextExtractor.TextSink;
import dev.streamingsaga.extractor.TextExtractor.TextSinkClosed;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.journal.Warning;
import dev.streamingsaga.journal.WarningCode;
import dev.streamingsaga.source.DocumentSource;
import dev.streamingsaga.text.TextCleaner;
import java.io.IOException;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.NoSuchFileException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs an extractor and classifies its failures. A file that is damaged, locked or too large for its parser has less
 * text or none; this only gives a warning, since the bytes are stored anyway. A failure of the source and a failure of
 * the sink are rethrown, even if the parser swallowed them; the sink gets no text after them.
 */
final class GuardedExtraction implements TextSink {
    private static final Logger log = LoggerFactory.getLogger(GuardedExtraction.class);
    private static final int NAME_CHARS = 200;

    private final DocumentSource source;
    private final DocumentText text;
    private @Nullable RuntimeException failure;

    GuardedExtraction(DocumentSource source, DocumentText text) {
        this.source = source;
        this.text = text;
    }

    /** The file name for messages; cleaned, since names are untrusted input. */
    static String name(DocumentSource source) {
        return name(source.fileName());
    }

    static String name(String fileName) {
        return TextCleaner.line(fileName, NAME_CHARS);
    }

    /** @throws TextSinkClosed if the thread was interrupted */
    DocumentText.End read(TextExtractor extractor) {
        try (SeekableByteChannel bytes = open()) {
            extractor.extract(new WatchedChannel(bytes, this::sourceFailed), this);
        } catch (Exception | LinkageError | StackOverflowError e) {
            classify(e);
        }
        if (failure != null) {
            throw failureOrStop(failure);
        }
        DocumentText.End end = text.finish();
        end.outline().warnings().forEach(this::log);
        return end;
    }

    /** Only now: a document may cause any number of warnings, and those of the outline are few and clean. */
    private void log(Warning warning) {
        String where = warning.place().isEmpty() ? "" : ", " + warning.place();
        log.warn("{}{}: {} ({})", name(source), where, warning.message(), warning.code());
    }

    private SeekableByteChannel open() {
        try {
            return source.open();
        } catch (IOException | RuntimeException e) {
            sourceFailed(e);
            throw failureOrStop(failure);
        }
    }

    private void sourceFailed(Exception e) {
        if (failure == null) {
            failure = e instanceof RuntimeException known ? known : unreadable((IOException) e);
        }
    }

    private SagaException unreadable(IOException e) {
        return e instanceof NoSuchFileException
                ? new SagaException(
                        Reason.FILE_NOT_FOUND, "%s was deleted while its text was read".formatted(name(source)), e)
                : new SagaException(
                        Reason.FILE_NOT_READABLE,
                        "%s became unreadable while its text was read".formatted(name(source)),
                        e);
    }

    /** An interrupt makes reads fail, too. */
    private static RuntimeException failureOrStop(@Nullable RuntimeException failure) {
        return failure == null || Thread.currentThread().isInterrupted() ? new TextSinkClosed("stopped") : failure;
    }

    private void classify(Throwable e) {
        if (failure != null || Thread.currentThread().isInterrupted()) {
            throw failureOrStop(failure);
        }
        boolean atEnd = text.isAtKnownEnd() || text.isTruncated();
        if (e instanceof TextSinkClosed && atEnd) {
            return;
        }
        if (e instanceof ReadingStopped && !text.isAtKnownEnd()) {
            text.cut();
        } else if (!(e instanceof ReadingStopped || e instanceof ParsingException)) {
            throw unexpected(e);
        }
        if (!atEnd) {
            ReadingFailures.warn(this, e);
        }
    }

    /** Nothing about the document. */
    private RuntimeException unexpected(Throwable e) {
        if (e instanceof Error error) {
            throw error;
        }
        return e instanceof RuntimeException known && !(known instanceof TextSinkClosed)
                ? known
                : new IllegalStateException("reading the text of %s failed".formatted(name(source)), e);
    }

    private void forward(Runnable call) {
        if (failure != null) {
            throw new TextSinkClosed("the source failed");
        }
        try {
            call.run();
        } catch (TextSinkClosed e) {
            throw e;
        } catch (RuntimeException e) {
            failure = e; // parsers may wrap or swallow exceptions of a handler
            throw e;
        }
    }

    @Override
    public void pages(int total) {
        forward(() -> text.pages(total));
    }

    @Override
    public void part(String path) {
        forward(() -> text.part(path));
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
        forward(() -> text.about(title, author));
    }

    @Override
    public void warn(WarningCode code, String place, String message) {
        forward(() -> text.warn(code, place, message));
    }
}
