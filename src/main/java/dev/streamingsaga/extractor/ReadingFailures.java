package dev.streamingsaga.extractor;

import dev.streamingsaga.extractor.TextExtractor.TextSink;
import dev.streamingsaga.extractor.TextExtractor.TextSinkClosed;
import dev.streamingsaga.journal.WarningCode;
import org.apache.pdfbox.pdmodel.encryption.InvalidPasswordException;
import org.apache.tika.exception.EncryptedDocumentException;
import org.jspecify.annotations.Nullable;

/** Turns failures of parsers into warnings. */
public final class ReadingFailures {
    private ReadingFailures() {}

    /** Without the exception message, in which parsers may quote the content. */
    public static void warn(TextSink text, Throwable failure) {
        if (failure instanceof ReadingStopped stopped) {
            text.warn(stopped.code(), stopped.place(), stopped.message());
        } else if (failure instanceof InvalidPasswordException || failure instanceof EncryptedDocumentException) {
            text.warn(WarningCode.LOCKED, "", "a password is needed to read it; its text is not searchable");
        } else {
            text.warn(
                    WarningCode.DAMAGED,
                    "",
                    "it cannot be read to the end (%s); the missing text is not searchable"
                            .formatted(failure.getClass().getSimpleName()));
        }
    }

    /** Rethrows what ends the reading of the whole document; parsers may wrap what the sink throws. */
    public static void rethrowIfClosed(Throwable failure) {
        for (@Nullable Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof TextSinkClosed closed) {
                throw closed;
            }
            if (cause instanceof ReadingStopped stopped) {
                throw stopped;
            }
        }
    }
}
