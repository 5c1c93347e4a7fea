package dev.streamingsaga.extractor;

import dev.streamingsaga.extractor.TextExtractor.TextSink;
import dev.streamingsaga.extractor.TextExtractor.TextSinkClosed;
import dev.streamingsaga.journal.WarningCode;
import dev.streamingsaga.outage.HostUnavailableException;
import java.io.EOFException;
import java.io.InterruptedIOException;
import java.util.zip.ZipException;
import org.apache.pdfbox.pdmodel.encryption.InvalidPasswordException;
import org.apache.tika.exception.EncryptedDocumentException;
import org.jspecify.annotations.Nullable;
import org.xml.sax.SAXException;

/** Turns failures of parsers into warnings. */
public final class ReadingFailures {
    private ReadingFailures() {}

    /** Without the exception message, in which parsers may quote the content. */
    public static void warn(TextSink text, Throwable thrown) {
        Throwable failure = thrown instanceof ParsingException parsing ? parsing.failure() : thrown;
        if (failure instanceof ReadingStopped stopped) {
            text.warn(stopped.code(), stopped.place(), stopped.message());
        } else if (failure instanceof InvalidPasswordException || failure instanceof EncryptedDocumentException) {
            text.warn(WarningCode.LOCKED, "", "a password is needed to read it; its text is not searchable");
        } else {
            text.warn(
                    WarningCode.DAMAGED,
                    "",
                    "it is damaged or incomplete%s; text after the damage is not searchable"
                            .formatted(reason(failure)));
        }
    }

    /** In words, if the kind of failure says more than that there is one. */
    private static String reason(Throwable failure) {
        for (@Nullable Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof StackOverflowError) {
                return " (it is nested too deeply)";
            }
            if (cause instanceof EOFException) {
                return " (it ends too early)";
            }
            if (cause instanceof ZipException) {
                return " (it cannot be unpacked)";
            }
            if (cause instanceof SAXException) {
                return " (its XML is not well-formed)";
            }
        }
        return "";
    }

    /**
     * Rethrows what ends the reading of the whole document and is not its fault; parsers may wrap what the sink throws.
     *
     * @throws HostUnavailableException if there is no space for temporary files, or this process is stopping
     */
    public static void rethrowIfClosed(Throwable failure) {
        for (@Nullable Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof TextSinkClosed closed) {
                throw closed;
            }
            if (cause instanceof ReadingStopped stopped) {
                throw stopped;
            }
            if (cause instanceof HostUnavailableException unavailable) {
                throw unavailable;
            }
            if (cause instanceof InterruptedIOException) {
                throw new HostUnavailableException("reading was interrupted: " + cause.getMessage(), failure);
            }
        }
        if (TemporarySpace.isMissing(failure)) {
            throw TemporarySpace.unavailable(failure);
        }
    }
}
