package dev.streamingsaga.extractor;

import dev.streamingsaga.config.DocumentConfig;
import dev.streamingsaga.extractor.TextExtractor.TextSink;
import dev.streamingsaga.filetype.ContentTypes;
import dev.streamingsaga.journal.WarningCode;
import dev.streamingsaga.text.TextCleaner;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The files inside a document, or inside a file of it. Keeps them as temporary files while the text around them is
 * read, then reads each as a part of the document. Warns of files that exceed the limits. Not thread-safe.
 */
public final class Attachments implements AutoCloseable {
    /** Between the names of a path. */
    private static final int NAME_CHARS = 200;

    private static final int MOST_WARNINGS = 10;

    private final Document document;
    private final int depth;
    private final List<Spooled> spooled = new ArrayList<>();
    private final List<Skipped> skipped = new ArrayList<>();

    private record Spooled(String name, TemporaryFile file) {}

    private record Skipped(String name, String reason) {}

    /** State that all files inside one document share. */
    private static final class Document {
        private final ExtractorLookup extractors;
        private final ContentTypes types;
        private final DocumentConfig.Attachments limits;
        private final Path temporary;
        private int count;
        private long bytes;
        private int warnings;
        private int furtherSkipped;

        Document(ExtractorLookup extractors, ContentTypes types, DocumentConfig.Attachments limits, Path temporary) {
            this.extractors = extractors;
            this.types = types;
            this.limits = limits;
            this.temporary = temporary;
        }
    }

    private Attachments(Document document, int depth) {
        this.document = document;
        this.depth = depth;
    }

    /** @param temporary folder for temporary files */
    public static Attachments of(
            ExtractorLookup extractors, ContentTypes types, DocumentConfig.Attachments limits, Path temporary) {
        return new Attachments(new Document(extractors, types, limits, temporary), 0);
    }

    /** For a message of a mailbox: its attachments count as deep as those of a mail. */
    public Attachments ofMessage() {
        return new Attachments(document, depth);
    }

    /** @param name untrusted; empty if unknown */
    public void add(String name, InputStream bytes) throws IOException {
        DocumentConfig.Attachments limits = document.limits;
        String clean = name(name);
        if (depth >= limits.depth()) {
            skip(clean, "it is nested deeper than saga.content.attachments.depth=" + limits.depth());
        } else if (document.count >= limits.max()) {
            skip(clean, "the document contains more files than saga.content.attachments.max=" + limits.max());
        } else {
            document.count++;
            spool(clean, bytes);
        }
    }

    private String name(String raw) {
        String name = TextCleaner.line(raw, NAME_CHARS);
        return name.isEmpty() ? "attachment " + (spooled.size() + skipped.size() + 1) : name;
    }

    /**
     * Warns of a file that is not read.
     *
     * @param name untrusted; empty if unknown
     */
    public void skip(String name, String reason) {
        if (skipped.size() < MOST_WARNINGS) {
            skipped.add(new Skipped(name(name), reason));
        } else {
            document.furtherSkipped++;
        }
    }

    private void spool(String name, InputStream bytes) throws IOException {
        Spooled copy = new Spooled(name, TemporaryFile.create(document.temporary));
        spooled.add(copy);
        long left = document.limits.maxBytes() - document.bytes;
        long copied = copy.file().copy(bytes, left);
        document.bytes += Math.min(copied, left);
        if (copied > left) {
            spooled.remove(copy);
            copy.file().close();
            skip(name, "the files inside the document exceed saga.content.attachments.max-size");
        }
    }

    /**
     * Reads the text around the files, which {@link #add adds} them, then the files, even if the text around them is
     * damaged. A failure of one file only ends the text of that file.
     *
     * @throws Exception the failure of {@code around}
     */
    public void readAfter(Around around, TextSink text) throws Exception {
        try (this) {
            @Nullable Exception damage = null;
            try {
                around.read();
            } catch (Exception e) {
                ReadingFailures.rethrowIfClosed(e);
                damage = e;
            } catch (LinkageError | StackOverflowError e) {
                damage = new IOException(e.getClass().getSimpleName(), e);
            }
            for (Spooled each : spooled) {
                read(each, text);
            }
            warnOfSkipped(text);
            if (damage != null) {
                throw damage;
            }
        }
    }

    /** Reads the text around files. */
    public interface Around {
        void read() throws Exception;
    }

    private void read(Spooled each, TextSink text) throws Exception {
        try (TemporaryFile file = each.file();
                SeekableByteChannel bytes = file.open()) {
            String type = document.types
                    .detect(ContentTypes.prefix(bytes), each.name())
                    .toString();
            Optional<TextExtractor> extractor = document.extractors.of(type, new Attachments(document, depth + 1));
            if (extractor.isPresent()) {
                PartSink.read(extractor.get(), bytes, text, each.name());
            } else if (!isIllustration(type)) {
                skip(each.name(), "text cannot be read from files of type %s".formatted(type));
            }
        }
    }

    /** Logos and pictures, which most mails and office files contain. */
    private static boolean isIllustration(String type) {
        String lower = type.toLowerCase(Locale.ROOT);
        return lower.startsWith("image/") || lower.startsWith("audio/") || lower.startsWith("video/");
    }

    private void warnOfSkipped(TextSink text) {
        for (Skipped each : skipped) {
            if (document.warnings < MOST_WARNINGS) {
                document.warnings++;
                text.warn(WarningCode.ATTACHMENTS_NOT_READ, each.name(), "it was not read: " + each.reason());
            } else {
                document.furtherSkipped++;
            }
        }
        if (depth == 0 && document.furtherSkipped > 0) {
            text.warn(
                    WarningCode.ATTACHMENTS_NOT_READ,
                    "",
                    "%d more files inside it were not read".formatted(document.furtherSkipped));
        }
    }

    /** Deletes files that were not read. */
    @Override
    public void close() throws IOException {
        for (Spooled each : spooled) {
            each.file().close();
        }
        spooled.clear();
    }
}
