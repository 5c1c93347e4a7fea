package dev.streamingsaga.extractor;

import dev.streamingsaga.extractor.TextExtractor.TextSink;
import dev.streamingsaga.journal.WarningCode;
import dev.streamingsaga.outage.HostUnavailableException;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A parser whose failures say whose fault they are: {@link ParsingException} of the document,
 * {@link HostUnavailableException} of this host, anything else of the sink or ours.
 */
public final class CheckedParser implements TextExtractor {
    private static final Set<WarningCode> MISSING_TEXT =
            EnumSet.of(WarningCode.DAMAGED, WarningCode.ATTACHMENTS_NOT_READ, WarningCode.NO_TEXT_LAYER);

    private final TextExtractor parser;
    private final Path temporary;

    /** @param temporary folder in which the parser writes temporary files */
    public CheckedParser(TextExtractor parser, Path temporary) {
        this.parser = parser;
        this.temporary = temporary;
    }

    @Override
    public void extract(SeekableByteChannel bytes, TextSink text) throws Exception {
        CheckedSink sink = new CheckedSink(text);
        try {
            parser.extract(bytes, sink);
        } catch (Exception | LinkageError | StackOverflowError e) {
            ReadingFailures.rethrowIfClosed(e);
            if (sink.failure != null) {
                throw sink.failure; // parsers may wrap it
            }
            TemporarySpace.requireWritable(temporary);
            throw new ParsingException(e);
        }
        if (sink.textIsMissing) {
            TemporarySpace.requireWritable(temporary); // parsers may swallow the failure of a write
        }
    }

    @Override
    public boolean isRisky() {
        return parser.isRisky();
    }

    private static final class CheckedSink implements TextSink {
        private final TextSink text;
        private volatile @Nullable RuntimeException failure;
        private volatile boolean textIsMissing;

        CheckedSink(TextSink text) {
            this.text = text;
        }

        private void check(Runnable call) {
            try {
                call.run();
            } catch (TextSinkClosed e) {
                throw e;
            } catch (RuntimeException e) {
                failure = e;
                throw e;
            }
        }

        @Override
        public void pages(int total) {
            check(() -> text.pages(total));
        }

        @Override
        public void part(String path) {
            check(() -> text.part(path));
        }

        @Override
        public void text(CharSequence part) {
            check(() -> text.text(part));
        }

        @Override
        public void endPage() {
            check(text::endPage);
        }

        @Override
        public void about(String title, String author) {
            check(() -> text.about(title, author));
        }

        @Override
        public void warn(WarningCode code, String place, String message) {
            textIsMissing |= MISSING_TEXT.contains(code);
            check(() -> text.warn(code, place, message));
        }
    }
}
