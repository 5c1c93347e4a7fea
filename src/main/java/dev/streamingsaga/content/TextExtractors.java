package dev.streamingsaga.content;

import dev.streamingsaga.config.DocumentConfig;
import dev.streamingsaga.digest.Sha256;
import dev.streamingsaga.extractor.Attachments;
import dev.streamingsaga.extractor.CheckedParser;
import dev.streamingsaga.extractor.ExtractorLookup;
import dev.streamingsaga.extractor.Passwords;
import dev.streamingsaga.extractor.PlainTextExtractor;
import dev.streamingsaga.extractor.TextExtractor;
import dev.streamingsaga.filetype.ContentTypes;
import dev.streamingsaga.mail.MailBodies;
import dev.streamingsaga.mail.MailExtractor;
import dev.streamingsaga.mail.MboxExtractor;
import dev.streamingsaga.ocr.ImageTextExtractor;
import dev.streamingsaga.ocr.Tesseract;
import dev.streamingsaga.office.MarkupTextExtractor;
import dev.streamingsaga.pdf.PdfLoader;
import dev.streamingsaga.pdf.PdfTextExtractor;
import java.nio.charset.Charset;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.apache.tika.mime.MediaType;

/** Chooses the extractor of a type. Thread-safe. */
public final class TextExtractors implements ExtractorLookup {
    /** Raise it if the same file gives other text or other segments than before. */
    private static final int VERSION = 1;

    private static final MediaType PDF = MediaType.application("pdf");
    private static final MediaType MBOX = MediaType.application("mbox");
    private static final MediaType MAIL = MediaType.parse("message/rfc822");

    private final ContentTypes types;
    private final DocumentConfig.Attachments limits;
    private final Charset charset;
    private final Path temporary;
    private final Passwords passwords;
    private final Optional<Tesseract> tesseract;

    /** @param temporary folder for temporary files */
    TextExtractors(ContentTypes types, DocumentConfig.Content config, Path temporary) {
        this.types = types;
        this.limits = config.attachments();
        this.charset = config.charset();
        this.temporary = temporary;
        this.tesseract = tesseract(config.recognition());
        this.passwords = config.passwords().map(Passwords::read).orElse(Passwords.NONE);
    }

    /**
     * Extractors of a process that only reads documents.
     *
     * @param temporary folder for temporary files
     */
    public static TextExtractors create(DocumentConfig.Content config, Path temporary) {
        return new TextExtractors(new ContentTypes(), config, temporary);
    }

    /** Logs which program was found, or what is missing. */
    static Optional<Tesseract> tesseract(DocumentConfig.Recognition recognition) {
        return recognition.mode() == DocumentConfig.OcrMode.OFF
                ? Optional.empty()
                : Tesseract.find(recognition.languages(), recognition.pageCpu());
    }

    /** A fingerprint of what decides which text is read, and of what else decides how it is split. */
    String segmentation(List<Object> splitting) {
        List<Object> all = new ArrayList<>(splitting);
        all.addAll(List.of(
                VERSION, Runtime.version().feature(), PdfLoader.libraryVersion(), charset, limits, passwords.mark()));
        all.add(MarkupTextExtractor.libraryVersions());
        all.add(tesseract.map(Tesseract::version).orElse(""));
        return Sha256.of(all.stream().map(String::valueOf).collect(Collectors.joining("\n")));
    }

    @Override
    public Optional<TextExtractor> of(String contentType) {
        return of(contentType, Attachments.of(this, types, limits, temporary))
                .map(parser -> new CheckedParser(parser, temporary));
    }

    @Override
    public Optional<TextExtractor> of(String contentType, Attachments attachments) {
        if (types.isA(contentType, PDF)) {
            return Optional.of(new PdfTextExtractor(new PdfLoader(temporary, passwords), attachments, tesseract));
        }
        if (types.isA(contentType, MBOX)) {
            return Optional.of(new MboxExtractor(new MailBodies(this, temporary), attachments));
        }
        if (types.isA(contentType, MAIL)) {
            return Optional.of(new MailExtractor(new MailBodies(this, temporary), attachments));
        }
        if (tesseract.isPresent() && ImageTextExtractor.TYPES.contains(contentType)) {
            return Optional.of(new ImageTextExtractor(tesseract.get(), temporary));
        }
        Optional<TextExtractor> markup = MarkupTextExtractor.of(
                contentType, types, new MarkupTextExtractor.Surroundings(temporary, attachments, passwords, charset));
        if (markup.isPresent()) {
            return markup;
        }
        return types.isA(contentType, MediaType.TEXT_PLAIN)
                ? Optional.of(new PlainTextExtractor(charset))
                : Optional.empty();
    }
}
