package dev.streamingsaga.pdf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.streamingsaga.content.ExtractedText;
import dev.streamingsaga.journal.Warning;
import dev.streamingsaga.journal.WarningCode;
import dev.streamingsaga.ocr.PageRanges;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.apache.pdfbox.pdmodel.PDDocument;
import org.apache.pdfbox.pdmodel.PDFormContentStream;
import org.apache.pdfbox.pdmodel.PDPage;
import org.apache.pdfbox.pdmodel.PDPageContentStream;
import org.apache.pdfbox.pdmodel.PDResources;
import org.apache.pdfbox.pdmodel.common.PDRectangle;
import org.apache.pdfbox.pdmodel.font.PDType1Font;
import org.apache.pdfbox.pdmodel.font.Standard14Fonts;
import org.apache.pdfbox.pdmodel.graphics.form.PDFormXObject;
import org.apache.pdfbox.pdmodel.graphics.image.LosslessFactory;
import org.apache.pdfbox.pdmodel.graphics.image.PDImageXObject;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which pages of a PDF count as pages that show something without text. */
@Tag("unit")
class NoTextLayerTest {
    @TempDir
    Path directory;

    private interface Drawing {
        void on(PDPageContentStream page) throws IOException;
    }

    private static final Drawing NOTHING = page -> {};
    private static final Drawing TEXT = page -> {
        page.beginText();
        page.setFont(new PDType1Font(Standard14Fonts.FontName.HELVETICA), 9);
        page.showText("The lighthouse keeper counted his gulls.");
        page.endText();
    };
    private static final Drawing LINES = page -> {
        page.moveTo(0, 0);
        page.lineTo(100, 100);
        page.stroke();
    };

    private static Drawing image(PDDocument document) {
        return page -> page.drawImage(pixels(document), 0, 0);
    }

    private static PDImageXObject pixels(PDDocument document) throws IOException {
        return LosslessFactory.createFromImage(document, new BufferedImage(8, 8, BufferedImage.TYPE_INT_RGB));
    }

    /** A form, as scanners write it, that contains the image. */
    private static Drawing form(PDDocument document) {
        return page -> {
            PDFormXObject form = new PDFormXObject(document);
            form.setBBox(PDRectangle.A4);
            form.setResources(new PDResources());
            try (PDFormContentStream inner = new PDFormContentStream(form)) {
                inner.drawImage(pixels(document), 0, 0);
            }
            page.drawForm(form);
        };
    }

    @Test
    void names_the_pages_that_show_something_but_have_no_text() throws Exception {
        Path file = directory.resolve("scan.pdf");
        try (PDDocument document = new PDDocument()) {
            for (Drawing drawing : List.of(TEXT, NOTHING, image(document), form(document), LINES, TEXT, LINES)) {
                PDPage page = new PDPage();
                document.addPage(page);
                try (PDPageContentStream content = new PDPageContentStream(document, page)) {
                    drawing.on(content);
                }
            }
            PDPage both = new PDPage();
            document.addPage(both);
            try (PDPageContentStream content = new PDPageContentStream(document, both)) {
                image(document).on(content);
                TEXT.on(content);
            }
            document.save(file.toFile());
        }

        assertThat(warnings(file))
                .extracting(Warning::code, Warning::place, Warning::message)
                .containsExactly(tuple(
                        WarningCode.NO_TEXT_LAYER,
                        "pages 3-5, 7",
                        "4 of 8 pages have no text, only images or drawings, like a scan; they are not searchable"));
    }

    private List<Warning> warnings(Path file) throws IOException {
        return ExtractedText.of(file).warnings();
    }

    @Test
    void ranges_of_pages_are_compact_and_limited() {
        PageRanges one = new PageRanges();
        one.add(4);
        assertThat(one).hasToString("page 4");
        one.add(5);
        one.add(6);
        one.add(9);
        assertThat(one).hasToString("pages 4-6, 9");

        PageRanges every = new PageRanges();
        for (int page = 1; page <= 200_000; page++) {
            every.add(page);
        }
        assertThat(every).hasToString("pages 1-200000");
        PageRanges odd = new PageRanges();
        for (int page = 1; page <= 201; page += 2) {
            odd.add(page);
        }
        assertThat(odd.count()).isEqualTo(101);
        assertThat(odd.toString()).startsWith("pages 1, 3, 5,").endsWith(", 37, 39 and 81 more");
    }
}
