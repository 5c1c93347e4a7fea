package dev.streamingsaga.office;

import static dev.streamingsaga.content.ContentFixture.read;
import static org.assertj.core.api.Assertions.assertThat;

import dev.streamingsaga.content.ContentFixture;
import dev.streamingsaga.content.ContentFixture.Read;
import dev.streamingsaga.content.Outline;
import dev.streamingsaga.content.TextContent;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.apache.poi.hssf.usermodel.HSSFWorkbook;
import org.apache.poi.ss.usermodel.Workbook;
import org.apache.poi.xslf.usermodel.XMLSlideShow;
import org.apache.poi.xssf.usermodel.XSSFWorkbook;
import org.apache.poi.xwpf.usermodel.XWPFDocument;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("unit")
class MarkupTextTest {
    private static final String SENTENCE = "Größere Möwen zählt der Wärter.";

    @TempDir
    static Path dir;

    private static TextContent content;

    @BeforeAll
    static void open() {
        content = ContentFixture.content(dir.resolve("spool"));
    }

    @AfterAll
    static void close() {
        content.close();
    }

    private static String text(Path file) {
        Read read = read(content, file);
        assertThat(read.outline().pages()).isEqualTo(1);
        return String.join(" ", read.texts());
    }

    @Test
    void reads_html_without_scripts() throws IOException {
        Path file = Files.writeString(dir.resolve("a.html"), """
                <!DOCTYPE html><html><head><meta charset="utf-8"><title>Der Turm</title><style>p {color: red}</style></head>
                <body><script>var secret = 1;</script><h1>Turm</h1><p>Größere <b>Möwen</b> zählt der W&auml;rter.</p></body></html>""");
        assertThat(text(file)).isEqualTo("Turm " + SENTENCE);
        assertThat(read(content, file).outline().title()).isEqualTo("Der Turm");
    }

    @Test
    void reads_xml_without_external_entities() throws IOException {
        Path secret = Files.writeString(dir.resolve("secret.txt"), "TOPSECRET");
        Path file = Files.writeString(dir.resolve("a.xml"), """
                <?xml version="1.0" encoding="UTF-8"?>
                <!DOCTYPE a [<!ENTITY e SYSTEM "%s">]>
                <a><b>%s</b><c>&e;</c></a>""".formatted(secret.toUri(), SENTENCE));
        assertThat(text(file)).contains(SENTENCE).doesNotContain("TOPSECRET");
    }

    @Test
    void reads_word_documents_and_their_metadata() throws IOException {
        Path file = dir.resolve("a.docx");
        try (XWPFDocument word = new XWPFDocument();
                OutputStream out = Files.newOutputStream(file)) {
            word.getProperties().getCoreProperties().setTitle("Bericht");
            word.getProperties().getCoreProperties().setCreator("Käthe");
            word.createParagraph().createRun().setText(SENTENCE);
            word.write(out);
        }
        assertThat(text(file)).isEqualTo(SENTENCE);
        assertThat(read(content, file).outline())
                .extracting(Outline::title, Outline::author)
                .containsExactly("Bericht", "Käthe");
    }

    @Test
    void reads_sheets_and_slides() throws IOException {
        Path slides = dir.resolve("a.pptx");
        try (XMLSlideShow show = new XMLSlideShow();
                OutputStream out = Files.newOutputStream(slides)) {
            show.createSlide().createTextBox().setText(SENTENCE);
            show.write(out);
        }
        assertThat(text(slides)).contains(SENTENCE);
        assertThat(text(sheet("a.xlsx", new XSSFWorkbook()))).contains(SENTENCE);
        assertThat(text(sheet("a.xls", new HSSFWorkbook()))).contains(SENTENCE);
    }

    private static Path sheet(String name, Workbook workbook) throws IOException {
        try (workbook;
                OutputStream out = Files.newOutputStream(dir.resolve(name))) {
            workbook.createSheet("Blatt").createRow(0).createCell(0).setCellValue(SENTENCE);
            workbook.write(out);
        }
        return dir.resolve(name);
    }

    @Test
    void reads_open_document_and_rich_text() throws IOException {
        Path odt = dir.resolve("a.odt");
        byte[] type = "application/vnd.oasis.opendocument.text".getBytes(StandardCharsets.US_ASCII);
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(odt))) {
            ZipEntry mimetype = new ZipEntry("mimetype");
            mimetype.setMethod(ZipEntry.STORED);
            mimetype.setSize(type.length);
            CRC32 crc = new CRC32();
            crc.update(type);
            mimetype.setCrc(crc.getValue());
            zip.putNextEntry(mimetype);
            zip.write(type);
            zip.putNextEntry(new ZipEntry("content.xml"));
            zip.write("""
                    <?xml version="1.0" encoding="UTF-8"?>
                    <office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
                      xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:text>
                      <text:p>%s</text:p></office:text></office:body></office:document-content>""".formatted(SENTENCE).getBytes(StandardCharsets.UTF_8));
        }
        assertThat(text(odt)).isEqualTo(SENTENCE);
        Path rtf = Files.writeString(
                dir.resolve("a.rtf"), "{\\rtf1\\ansi Gr\\'f6\\'dfere M\\'f6wen z\\'e4hlt der W\\'e4rter.\\par}");
        assertThat(text(rtf)).isEqualTo(SENTENCE);
    }

    @Test
    void keeps_the_text_before_the_damage_of_a_document() throws IOException {
        Path file = Files.writeString(
                dir.resolve("broken.xml"), "<?xml version=\"1.0\"?><a><b>%s</b><c".formatted(SENTENCE));
        assertThat(text(file)).isEqualTo(SENTENCE);
    }
}
