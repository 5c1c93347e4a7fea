package dev.streamingsaga.mail;

import dev.streamingsaga.extractor.ExtractorLookup;
import dev.streamingsaga.extractor.ReadingFailures;
import dev.streamingsaga.extractor.TemporaryFile;
import dev.streamingsaga.extractor.TextExtractor.TextSink;
import dev.streamingsaga.journal.WarningCode;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.channels.Channels;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.Charset;
import java.nio.charset.IllegalCharsetNameException;
import java.nio.charset.StandardCharsets;
import java.nio.charset.UnsupportedCharsetException;
import java.nio.file.Path;
import java.util.Optional;
import org.apache.james.mime4j.message.MaximalBodyDescriptor;
import org.jspecify.annotations.Nullable;

/** Reads the bodies of a mail as text, in the declared charset or else in the detected one. */
public final class MailBodies {
    private static final String PLAIN = "text/plain";
    private static final String HTML = "text/html";
    private static final int BUFFER_CHARS = 16 * 1024;

    private final ExtractorLookup extractors;
    private final Path temporary;

    /** @param temporary folder for temporary files */
    public MailBodies(ExtractorLookup extractors, Path temporary) {
        this.extractors = extractors;
        this.temporary = temporary;
    }

    /** For bodies that are all read. */
    Choice all() {
        return new Choice(false);
    }

    /** For bodies with the same content, of which one is read. */
    Choice oneOf() {
        return new Choice(true);
    }

    /** Bodies of one multipart. */
    final class Choice implements AutoCloseable {
        private final boolean exclusive;
        private @Nullable Body best;

        private Choice(boolean exclusive) {
            this.exclusive = exclusive;
        }

        boolean isExclusive() {
            return exclusive;
        }

        void add(MaximalBodyDescriptor type, InputStream bytes, TextSink text) throws IOException {
            Body body = Body.copy(type, bytes, temporary);
            if (!exclusive) {
                try (body) {
                    body.write(extractors, text);
                }
            } else if (best == null || best.preference() < body.preference()) {
                close();
                best = body;
            } else {
                body.close();
            }
        }

        /** Writes the body that was chosen, if any. */
        void write(TextSink text) throws IOException {
            if (best != null) {
                try (this) {
                    best.write(extractors, text);
                }
            }
        }

        @Override
        public void close() throws IOException {
            if (best != null) {
                best.close();
                best = null;
            }
        }
    }

    private record Body(String type, Optional<Charset> charset, boolean empty, TemporaryFile file)
            implements AutoCloseable {
        static Body copy(MaximalBodyDescriptor type, InputStream bytes, Path temporary) throws IOException {
            TemporaryFile file = TemporaryFile.create(temporary);
            try {
                long size = file.copy(bytes, Long.MAX_VALUE);
                return new Body(
                        type.getMimeType(),
                        charset(type.getContentTypeParameters().get("charset")),
                        size <= 2,
                        file);
            } catch (IOException | RuntimeException e) {
                file.close();
                throw e;
            }
        }

        /** ASCII is declared for anything. */
        private static Optional<Charset> charset(@Nullable String name) {
            try {
                return Optional.ofNullable(name)
                        .map(Charset::forName)
                        .filter(charset -> !charset.equals(StandardCharsets.US_ASCII));
            } catch (IllegalCharsetNameException | UnsupportedCharsetException e) {
                return Optional.empty();
            }
        }

        int preference() {
            if (empty) {
                return 0;
            }
            return type.equals(PLAIN) ? 3 : type.equals(HTML) ? 2 : 1;
        }

        void write(ExtractorLookup extractors, TextSink text) {
            try {
                read(extractors, new SamePage(text));
            } catch (Exception | LinkageError | StackOverflowError e) {
                ReadingFailures.rethrowIfClosed(e);
                ReadingFailures.warn(text, e); // damage of one body does not concern the others
            }
            text.text("\n\n");
        }

        private void read(ExtractorLookup extractors, TextSink page) throws Exception {
            try (SeekableByteChannel bytes = file.open()) {
                if (type.equals(HTML)) {
                    String withCharset = charset.map(found -> HTML + "; charset=" + found.name())
                            .orElse(HTML);
                    extractors.of(withCharset).orElseThrow().extract(bytes, page);
                } else if (charset.isPresent()) {
                    decode(new InputStreamReader(Channels.newInputStream(bytes), charset.get()), page);
                } else {
                    extractors.of(PLAIN).orElseThrow().extract(bytes, page);
                }
            }
        }

        private static void decode(Reader chars, TextSink text) throws IOException {
            char[] buffer = new char[BUFFER_CHARS];
            for (int n = chars.read(buffer); n >= 0; n = chars.read(buffer)) {
                text.text(new String(buffer, 0, n));
            }
        }

        @Override
        public void close() throws IOException {
            file.close();
        }
    }

    /** Adds text to the page that is open. */
    private record SamePage(TextSink text) implements TextSink {
        @Override
        public void text(CharSequence part) {
            text.text(part);
        }

        @Override
        public void warn(WarningCode code, String place, String message) {
            text.warn(code, place, message);
        }

        @Override
        public void pages(int total) {}

        @Override
        public void part(String path) {}

        @Override
        public void endPage() {}

        @Override
        public void about(String title, String author) {}
    }
}
