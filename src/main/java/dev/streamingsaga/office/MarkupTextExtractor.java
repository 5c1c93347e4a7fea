package dev.streamingsaga.office;

import dev.streamingsaga.extractor.Attachments;
import dev.streamingsaga.extractor.FileTail;
import dev.streamingsaga.extractor.Passwords;
import dev.streamingsaga.extractor.TextExtractor;
import dev.streamingsaga.filetype.ContentTypes;
import dev.streamingsaga.journal.WarningCode;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.Charset;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.poi.POIDocument;
import org.apache.tika.detect.EncodingDetector;
import org.apache.tika.extractor.EmbeddedDocumentExtractor;
import org.apache.tika.io.TemporaryResources;
import org.apache.tika.io.TikaInputStream;
import org.apache.tika.metadata.Metadata;
import org.apache.tika.metadata.TikaCoreProperties;
import org.apache.tika.mime.MediaType;
import org.apache.tika.parser.ParseContext;
import org.apache.tika.parser.Parser;
import org.apache.tika.parser.PasswordProvider;
import org.apache.tika.parser.epub.EpubParser;
import org.apache.tika.parser.html.JSoupParser;
import org.apache.tika.parser.microsoft.OfficeParser;
import org.apache.tika.parser.microsoft.OfficeParserConfig;
import org.apache.tika.parser.microsoft.TNEFParser;
import org.apache.tika.parser.microsoft.ooxml.OOXMLParser;
import org.apache.tika.parser.microsoft.rtf.RTFParser;
import org.apache.tika.parser.odf.OpenDocumentParser;
import org.apache.tika.parser.xml.DcXMLParser;
import org.apache.tika.sax.BodyContentHandler;
import org.apache.tika.sax.SecureContentHandler;
import org.xml.sax.ContentHandler;
import org.xml.sax.helpers.DefaultHandler;

/**
 * Extracts text of HTML, XML and office documents, Outlook messages among them, with Tika, as one page, then the files
 * inside them. Macros are not read and external entities not resolved; Tika's protection against zip bombs and deep
 * nesting is on.
 */
public final class MarkupTextExtractor implements TextExtractor {
    /** These parsers hold parts of the document in memory, so larger files are stored without text. */
    static final long MAX_BYTES = 128L * 1024 * 1024;

    /** The HTML parser holds several copies of the document in memory. */
    static final long MAX_HTML_BYTES = 16L * 1024 * 1024;

    private static final List<SupportedTypes> PARSERS = Stream.<Supplier<Parser>>of(
                    OOXMLParser::new,
                    OpenDocumentParser::new,
                    EpubParser::new,
                    OfficeParser::new,
                    RTFParser::new,
                    TNEFParser::new,
                    JSoupParser::new)
            .map(SupportedTypes::of)
            .toList();

    private final Parser parser;
    private final String contentType;

    private final Surroundings surroundings;
    private Optional<Charset> charset = Optional.empty();

    /**
     * @param temporary folder for a copy of the document, since most parsers need a file
     * @param attachments gets the files inside office documents
     * @param charset of HTML that names none, if several fit
     */
    public record Surroundings(Path temporary, Attachments attachments, Passwords passwords, Charset charset) {}

    /** The types of a parser, asked once: the constructor of some parsers looks for services in all jars. */
    private record SupportedTypes(Supplier<Parser> parser, Set<MediaType> types) {
        static SupportedTypes of(Supplier<Parser> parser) {
            return new SupportedTypes(parser, parser.get().getSupportedTypes(new ParseContext()));
        }
    }

    private MarkupTextExtractor(Parser parser, String contentType, Surroundings surroundings) {
        this.parser = parser;
        this.contentType = contentType;
        this.surroundings = surroundings;
    }

    /**
     * Empty if no parser supports the type.
     *
     * @param contentType with the parameter {@code charset} if the charset of HTML is known from elsewhere
     */
    public static Optional<TextExtractor> of(String contentType, ContentTypes types, Surroundings surroundings) {
        MediaType type = MediaType.parse(contentType);
        if (type == null) {
            return Optional.empty();
        }
        for (SupportedTypes supported : PARSERS) {
            if (supported.types().contains(type.getBaseType())) {
                return Optional.of(new MarkupTextExtractor(supported.parser().get(), contentType, surroundings));
            }
        }
        boolean xml = types.isA(contentType, MediaType.APPLICATION_XML);
        return xml
                ? Optional.of(new MarkupTextExtractor(new DcXMLParser(), contentType, surroundings))
                : Optional.empty();
    }

    /** Other versions of the libraries may give other text. */
    public static String libraryVersions() {
        return Stream.of(MediaType.class, POIDocument.class)
                .map(library -> library.getPackage().getImplementationVersion())
                .map(String::valueOf)
                .collect(Collectors.joining(" "));
    }

    /** The largest file that is parsed; XML is streamed and has no limit. */
    private long maxBytes() {
        if (isStreamed()) {
            return Long.MAX_VALUE;
        }
        return parser instanceof JSoupParser ? MAX_HTML_BYTES : MAX_BYTES;
    }

    private boolean isStreamed() {
        return parser instanceof DcXMLParser;
    }

    @Override
    public void extract(SeekableByteChannel bytes, TextSink text) throws Exception {
        long size = bytes.size();
        if (size > maxBytes()) {
            text.warn(
                    WarningCode.DAMAGED,
                    "",
                    "it is larger than %d MiB, so its text was not read; it is not searchable"
                            .formatted(maxBytes() >> 20));
            return;
        }
        surroundings.attachments().readAfter(() -> parse(bytes, text), text);
    }

    private void parse(SeekableByteChannel bytes, TextSink text) throws Exception {
        text.pages(1);
        charset = declaredCharset();
        if (charset.isEmpty() && contentType.startsWith("text/html")) {
            charset = HtmlCharset.guess(bytes, surroundings.charset(), text);
        }
        surroundings.passwords().tryEach(password -> parse(bytes, text, password));
        if (isZip() && !FileTail.contains(bytes, FileTail.OF_ZIP)) {
            text.warn(WarningCode.DAMAGED, "", "the end of the file is missing; the text before it is searchable");
        }
        text.endPage();
    }

    private boolean isZip() {
        return parser instanceof OOXMLParser || parser instanceof OpenDocumentParser || parser instanceof EpubParser;
    }

    private void parse(SeekableByteChannel bytes, TextSink text, Optional<String> password) throws Exception {
        Metadata metadata = new Metadata();
        metadata.set(Metadata.CONTENT_TYPE, contentType);
        try (TikaInputStream in = open(bytes)) {
            SecureContentHandler handler =
                    new SecureContentHandler(new BodyContentHandler(new CharacterHandler(text)), in);
            parser.parse(in, handler, metadata, context(password));
        } finally {
            text.about(
                    Objects.requireNonNullElse(metadata.get(TikaCoreProperties.TITLE), ""),
                    Objects.requireNonNullElse(metadata.get(TikaCoreProperties.CREATOR), ""));
        }
    }

    private TikaInputStream open(SeekableByteChannel bytes) throws IOException {
        TemporaryResources resources = new TemporaryResources();
        resources.setTemporaryFileDirectory(surroundings.temporary());
        TikaInputStream in = TikaInputStream.get(new OpenInput(bytes), resources, new Metadata());
        if (!isStreamed()) {
            in.getPath(); // copies the document: without a file, some parsers read all of it into memory
        }
        return in;
    }

    private ParseContext context(Optional<String> password) {
        OfficeParserConfig office = new OfficeParserConfig();
        office.setUseSAXDocxExtractor(true);
        office.setUseSAXPptxExtractor(true);
        office.setExtractMacros(false);
        office.setWriteSelectHeadersInBody(true);
        ParseContext context = new ParseContext();
        context.set(OfficeParserConfig.class, office);
        context.set(
                EmbeddedDocumentExtractor.class,
                mayContainFiles() ? new OfficeAttachments(surroundings.attachments()) : new NoEmbeddedDocuments());
        password.ifPresent(known -> context.set(PasswordProvider.class, about -> known));
        charset.ifPresent(known -> context.set(EncodingDetector.class, (in, about) -> known));
        return context;
    }

    /** Pictures and styles of a page or a book are not attachments. */
    private boolean mayContainFiles() {
        return !(parser instanceof JSoupParser || parser instanceof EpubParser || isStreamed());
    }

    private Optional<Charset> declaredCharset() {
        return Optional.ofNullable(MediaType.parse(contentType))
                .map(type -> type.getParameters().get("charset"))
                .map(Charset::forName);
    }

    /** Stays open for the next password. */
    private static final class OpenInput extends FilterInputStream {
        OpenInput(SeekableByteChannel bytes) throws IOException {
            super(Channels.newInputStream(bytes.position(0)));
        }

        @Override
        public void close() {}
    }

    private static final class CharacterHandler extends DefaultHandler {
        private final TextExtractor.TextSink text;

        CharacterHandler(TextExtractor.TextSink text) {
            this.text = text;
        }

        @Override
        public void characters(char[] chars, int start, int length) {
            text.text(new String(chars, start, length));
        }

        @Override
        public void ignorableWhitespace(char[] chars, int start, int length) {
            characters(chars, start, length);
        }
    }

    private static final class NoEmbeddedDocuments implements EmbeddedDocumentExtractor {
        @Override
        public boolean shouldParseEmbedded(Metadata metadata) {
            return false;
        }

        @Override
        public void parseEmbedded(InputStream stream, ContentHandler handler, Metadata metadata, boolean outputHtml) {
            // never called, see above
        }
    }
}
