package dev.streamingsaga.content;

import dev.streamingsaga.extractor.ReadingFailures;
import dev.streamingsaga.extractor.TextExtractor;
import dev.streamingsaga.extractor.TextExtractor.TextSink;
import dev.streamingsaga.filetype.ContentTypes;
import dev.streamingsaga.journal.Warning;
import dev.streamingsaga.journal.WarningCode;
import dev.streamingsaga.text.TextCleaner;
import java.io.IOException;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** What the extractors deliver of a file, without segments and model. */
public final class ExtractedText implements TextSink {
    private final List<Page> pages = new ArrayList<>();
    private final List<Warning> warnings = new ArrayList<>();
    private final StringBuilder page = new StringBuilder();
    private String part = "";
    private String title = "";

    /** @param text cleaned as for segments */
    public record Page(String part, String text) {}

    /** Detects the type of a file and reads it; its own folder must be empty of temporary files afterwards. */
    public static ExtractedText of(Path file, String... settings) throws IOException {
        Path temporary = Files.createDirectories(file.resolveSibling("temporary"));
        ContentTypes types = new ContentTypes();
        TextExtractors extractors = new TextExtractors(
                types, ContentFixture.config(settings).documents().content(), temporary);
        ExtractedText text = new ExtractedText();
        try (SeekableByteChannel bytes = Files.newByteChannel(file)) {
            String type = types.detect(
                            ContentTypes.prefix(bytes), file.getFileName().toString())
                    .toString();
            Optional<TextExtractor> extractor = extractors.of(type);
            if (extractor.isPresent()) {
                text.read(extractor.get(), bytes);
            }
        }
        try (Stream<Path> left = Files.list(temporary)) {
            if (left.findAny().isPresent()) {
                throw new AssertionError("temporary files are left of " + file);
            }
        }
        return text;
    }

    private void read(TextExtractor extractor, SeekableByteChannel bytes) {
        try {
            extractor.extract(bytes, this);
        } catch (Exception e) {
            if (!page.isEmpty()) {
                endPage();
            }
            ReadingFailures.warn(this, e);
        }
    }

    public List<Page> pages() {
        return pages;
    }

    /** Text of all pages of the document itself. */
    public String own() {
        return ofPart("");
    }

    public String ofPart(String name) {
        return String.join(
                "\n",
                pages.stream()
                        .filter(each -> each.part().equals(name))
                        .map(Page::text)
                        .toList());
    }

    public List<Warning> warnings() {
        return warnings;
    }

    public List<WarningCode> codes() {
        return warnings.stream().map(Warning::code).toList();
    }

    public String title() {
        return title;
    }

    @Override
    public void pages(int total) {}

    @Override
    public void part(String path) {
        if (!page.isEmpty()) {
            endPage();
        }
        part = path;
    }

    @Override
    public void text(CharSequence characters) {
        page.append(characters);
    }

    @Override
    public void endPage() {
        pages.add(new Page(part, TextCleaner.clean(page.toString())));
        page.setLength(0);
    }

    @Override
    public void about(String newTitle, String author) {
        title = newTitle;
    }

    @Override
    public void warn(WarningCode code, String place, String message) {
        warnings.add(new Warning(code, place, message));
    }
}
