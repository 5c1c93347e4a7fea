package dev.streamingsaga.content;

import static dev.streamingsaga.content.ContentFixture.read;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.streamingsaga.config.DocumentConfig;
import dev.streamingsaga.content.ContentFixture.Read;
import dev.streamingsaga.extractor.Attachments;
import dev.streamingsaga.extractor.Passwords;
import dev.streamingsaga.extractor.TextExtractor;
import dev.streamingsaga.filetype.ContentTypes;
import dev.streamingsaga.journal.Warning;
import dev.streamingsaga.journal.WarningCode;
import dev.streamingsaga.ocr.Tesseract;
import dev.streamingsaga.pdf.PdfLoader;
import dev.streamingsaga.pdf.PdfTextExtractor;
import dev.streamingsaga.text.TextCleaner;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageOutputStream;
import org.apache.pdfbox.pdmodel.PDDocument;
import org.apache.pdfbox.pdmodel.PDPage;
import org.apache.pdfbox.pdmodel.PDPageContentStream;
import org.apache.pdfbox.pdmodel.common.PDRectangle;
import org.apache.pdfbox.pdmodel.font.PDType1Font;
import org.apache.pdfbox.pdmodel.font.Standard14Fonts;
import org.apache.pdfbox.pdmodel.graphics.image.LosslessFactory;
import org.apache.pdfbox.rendering.ImageType;
import org.apache.pdfbox.rendering.PDFRenderer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Scanned pages and images, read by the tesseract of this host. */
@Tag("unit")
class RecognitionTest {
    private static final List<String> LANGUAGES = List.of("eng", "deu");
    private static final String ENGLISH = "The keeper counts gulls at dawn.";
    private static final String GERMAN = "Der W\u00E4rter z\u00E4hlt die M\u00F6wen.";

    @TempDir
    Path dir;

    @BeforeAll
    static void requireTesseract() {
        Optional<Tesseract> tesseract = Tesseract.find(LANGUAGES, Duration.ofSeconds(60));
        assumeThat(tesseract.map(Tesseract::languages))
                .as("tesseract with eng and deu is installed (packages tesseract-ocr, tesseract-ocr-deu)")
                .contains(LANGUAGES);
    }

    private static BufferedImage image(String text) throws IOException {
        try (PDDocument document = new PDDocument()) {
            addText(document, text);
            return new PDFRenderer(document).renderImageWithDPI(0, 200, ImageType.GRAY);
        }
    }

    private static void addText(PDDocument document, String text) throws IOException {
        PDPage page = new PDPage(new PDRectangle(400, 120));
        document.addPage(page);
        try (PDPageContentStream content = new PDPageContentStream(document, page)) {
            content.beginText();
            content.setFont(new PDType1Font(Standard14Fonts.FontName.HELVETICA), 18);
            content.newLineAtOffset(30, 60);
            content.showText(text);
            content.endText();
        }
    }

    private static void addScan(PDDocument document, String text, PDRectangle box) throws IOException {
        PDPage page = new PDPage(box);
        document.addPage(page);
        try (PDPageContentStream content = new PDPageContentStream(document, page)) {
            content.drawImage(
                    LosslessFactory.createFromImage(document, image(text)), 0, 0, box.getWidth(), box.getHeight());
        }
    }

    private Path scan() throws IOException {
        Path file = dir.resolve("scan.pdf");
        try (PDDocument document = new PDDocument()) {
            addText(document, "This page has text.");
            addScan(document, ENGLISH, new PDRectangle(400, 120));
            addScan(document, GERMAN, new PDRectangle(400, 120));
            document.addPage(new PDPage());
            document.save(file.toFile());
        }
        return file;
    }

    private TextContent content(String ocr) {
        return ContentFixture.content(dir.resolve("spool"), "saga.content.ocr", ocr);
    }

    @Test
    void reads_scanned_pages_and_says_so() throws IOException {
        Path file = scan();
        try (TextContent content = content("auto")) {
            Read read = read(content, file);
            assertThat(read.page(1)).isEqualTo("This page has text.");
            assertThat(read.page(2)).isEqualTo(ENGLISH);
            assertThat(read.page(3)).isEqualTo(GERMAN);
            assertThat(read.page(4)).isEmpty();
            assertThat(read.outline().warnings())
                    .extracting(Warning::code, Warning::place)
                    .containsExactly(tuple(WarningCode.TEXT_RECOGNISED, "pages 2-3"));
            assertThat(read(content, file).texts()).isEqualTo(read.texts());
        }
        try (TextContent content = content("off")) {
            assertThat(read(content, file).texts()).containsExactly("This page has text.");
        }
    }

    @Test
    void reads_images() throws IOException {
        Path png = dir.resolve("a.png");
        ImageIO.write(image(ENGLISH), "png", png.toFile());
        Path tiff = dir.resolve("a.tif");
        ImageWriter writer = ImageIO.getImageWritersByFormatName("tiff").next();
        try (ImageOutputStream out = ImageIO.createImageOutputStream(tiff.toFile())) {
            writer.setOutput(out);
            writer.prepareWriteSequence(null);
            writer.writeToSequence(new IIOImage(image(ENGLISH), null, null), null);
            writer.writeToSequence(new IIOImage(image(GERMAN), null, null), null);
            writer.endWriteSequence();
        } finally {
            writer.dispose();
        }
        try (TextContent content = content("auto")) {
            assertThat(read(content, png).texts()).containsExactly(ENGLISH);
            assertThat(read(content, tiff).page(2)).isEqualTo(GERMAN);
            assertThat(content.hasText("image/jpeg")).isTrue();
        }
        try (TextContent content = content("off")) {
            assertThat(content.hasText("image/png")).isFalse();
            try (TextContent recognising = content("auto")) {
                assertThat(recognising.segmentation()).isNotEqualTo(content.segmentation());
            }
        }
    }

    @Test
    void limits_the_processor_time_of_a_page() throws Exception {
        Optional<Tesseract> impatient = Tesseract.find(LANGUAGES, Duration.ofMillis(1));
        Pages pages = new Pages();
        try (FileChannel file = FileChannel.open(scan())) {
            extractor(impatient).extract(file, pages);
        }
        assertThat(pages.texts).containsExactly("This page has text.", "", "", "");
        assertThat(pages.warnings).hasSize(1).allSatisfy(warning -> {
            assertThat(warning.code()).isEqualTo(WarningCode.NO_TEXT_LAYER);
            assertThat(warning.place()).isEqualTo("pages 2-3");
            assertThat(warning.message()).contains("processor time");
        });
    }

    @Test
    void trusts_no_size_that_a_page_claims() throws Exception {
        Path file = dir.resolve("large.pdf");
        try (PDDocument document = new PDDocument()) {
            addScan(document, ENGLISH, new PDRectangle(400_000, 120_000));
            addScan(document, ENGLISH, new PDRectangle(1e30f, 1e30f));
            addScan(document, ENGLISH, new PDRectangle(0, 0));
            document.save(file.toFile());
        }
        Pages pages = new Pages();
        try (FileChannel bytes = FileChannel.open(file)) {
            extractor(Tesseract.find(LANGUAGES, Duration.ofSeconds(60))).extract(bytes, pages);
        }
        assertThat(pages.texts).startsWith(ENGLISH).hasSize(3);
    }

    private PdfTextExtractor extractor(Optional<Tesseract> tesseract) {
        DocumentConfig.Content config = ContentFixture.config().documents().content();
        ContentTypes types = new ContentTypes();
        TextExtractors extractors = new TextExtractors(types, config, dir);
        return new PdfTextExtractor(
                new PdfLoader(dir, Passwords.NONE),
                Attachments.of(extractors, types, config.attachments(), dir),
                tesseract);
    }

    private static final class Pages implements TextExtractor.TextSink {
        private final StringBuilder page = new StringBuilder();
        private final List<String> texts = new ArrayList<>();
        private final List<Warning> warnings = new ArrayList<>();

        @Override
        public void pages(int total) {
            assertThat(total).isPositive();
        }

        @Override
        public void part(String path) {
            throw new AssertionError("a scan has no parts");
        }

        @Override
        public void text(CharSequence part) {
            page.append(part);
        }

        @Override
        public void endPage() {
            texts.add(TextCleaner.clean(page.toString()));
            page.setLength(0);
        }

        @Override
        public void about(String title, String author) {
            assertThat(Arrays.asList(title, author)).containsExactly("", "");
        }

        @Override
        public void warn(WarningCode code, String place, String message) {
            warnings.add(new Warning(code, place, message));
        }
    }
}
