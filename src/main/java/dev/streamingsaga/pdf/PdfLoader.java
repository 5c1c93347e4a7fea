package dev.streamingsaga.pdf;

import dev.streamingsaga.extractor.FileTail;
import dev.streamingsaga.extractor.Passwords;
import dev.streamingsaga.extractor.TextExtractor.TextSink;
import dev.streamingsaga.filetype.ContentTypes;
import dev.streamingsaga.filetype.PdfStart;
import dev.streamingsaga.journal.WarningCode;
import java.io.IOException;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Path;
import java.util.Optional;
import org.apache.pdfbox.io.MemoryUsageSetting;
import org.apache.pdfbox.pdmodel.PDDocument;
import org.jspecify.annotations.Nullable;

/** Opens a PDF, even if other bytes precede it, a password is needed, or the file is truncated. */
public final class PdfLoader {
    private final Path temporary;
    private final Passwords passwords;

    /** @param temporary folder for unpacked streams */
    public PdfLoader(Path temporary, Passwords passwords) {
        this.temporary = temporary;
        this.passwords = passwords;
    }

    /** Other versions of the library may give other text. */
    public static String libraryVersion() {
        return String.valueOf(PDDocument.class.getPackage().getImplementationVersion());
    }

    /** Warns if part of the file is missing. The caller closes the document before the channel. */
    PDDocument load(SeekableByteChannel file, TextSink text) throws Exception {
        long start = Math.max(0, PdfStart.find(ContentTypes.prefix(file)));
        Loading loading = new Loading(file, start);
        passwords.tryEach(loading);
        PDDocument document = loading.document();
        if (loading.pagesWereCollected || !FileTail.contains(file, FileTail.OF_PDF)) {
            text.warn(
                    WarningCode.DAMAGED,
                    "",
                    "part of the file is missing; the pages that could be recovered are searchable");
        }
        return document;
    }

    private final class Loading implements Passwords.Attempt {
        private final SeekableByteChannel file;
        private final long start;
        private @Nullable PDDocument document;
        private boolean pagesWereCollected;

        Loading(SeekableByteChannel file, long start) {
            this.file = file;
            this.start = start;
        }

        @Override
        public void read(Optional<String> password) throws IOException {
            var cache = MemoryUsageSetting.setupTempFileOnly().setTempDir(temporary.toFile()).streamCache;
            SurvivingPages parser = new SurvivingPages(new ChannelRead(file, start), password.orElse(""), cache);
            document = parser.parse();
            pagesWereCollected = parser.wereCollected();
        }

        PDDocument document() {
            if (document == null) {
                throw new IllegalStateException("not loaded");
            }
            return document;
        }
    }
}
