package dev.streamingsaga.content;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.journal.Warning;
import dev.streamingsaga.journal.WarningCode;
import dev.streamingsaga.source.DocumentSource;
import dev.streamingsaga.testkit.SamplePdf;
import java.io.IOException;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.apache.poi.xssf.usermodel.XSSFWorkbook;
import org.apache.poi.xwpf.usermodel.XWPFDocument;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("unit")
class ContentTypeTest {
    @TempDir
    Path dir;

    private TextContent content;

    @BeforeEach
    void open() {
        content = ContentFixture.content(dir.resolve("spool"));
    }

    private Path file(String name, String text) throws IOException {
        return Files.writeString(dir.resolve(name), text);
    }

    @Test
    void detects_the_type_by_bytes_and_not_by_name() throws IOException {
        Path pdf = dir.resolve("letter.txt");
        SamplePdf.write(pdf, 1, 0);

        assertThat(type(pdf)).isEqualTo("application/pdf");
        assertThat(type(file("fake.pdf", "no pdf at all"))).isEqualTo("text/plain");
        assertThat(type(file("fake.docx", "no office file"))).isEqualTo("text/plain");
        assertThat(type(file("page.bin", "<!DOCTYPE html><html><body>x</body></html>")))
                .isEqualTo("text/html");
        assertThat(type(file("data.bin", "<?xml version='1.0'?><a>x</a>"))).isEqualTo("application/xml");
    }

    @Test
    void selects_the_text_subtype_by_name() throws IOException {
        assertThat(type(file("table.csv", "a,b\n1,2\n"))).isEqualTo("text/csv");
        assertThat(type(file("readme", "Grüße"))).isEqualTo("text/plain");
    }

    @Test
    void distinguishes_text_in_an_eight_bit_charset_from_binary() throws IOException {
        byte[] russian =
                "Смотритель маяка считает чаек на берегу моря каждое утро до завтрака.".getBytes("windows-1251");
        Path text = Files.write(dir.resolve("a.txt"), russian);
        russian[40] = 3;
        Path bytes = Files.write(dir.resolve("b.txt"), russian);

        assertThat(type(text)).isEqualTo("text/plain");
        assertThat(type(bytes)).isEqualTo("application/octet-stream");
    }

    @Test
    void finds_a_pdf_behind_other_bytes() throws IOException {
        Path pdf = dir.resolve("a.pdf");
        SamplePdf.write(pdf, 1, 0);
        String bytes = Files.readString(pdf, StandardCharsets.ISO_8859_1);
        for (String before : List.of(
                "HTTP/1.1 200 OK\r\nContent-Type: application/pdf\r\nContent-Length: 1000\r\n\r\n",
                "junk\n",
                "\u0000\u0001\u0002".repeat(10_000))) {
            Path behind = dir.resolve("behind");
            Files.writeString(behind, before + bytes, StandardCharsets.ISO_8859_1);
            assertThat(type(behind)).isEqualTo("application/pdf");
        }
        assertThat(type(file("about", "Each file begins with %PDF-1.7, and %PDF-2.0 is newer.")))
                .isEqualTo("text/plain");
        assertThat(type(file("answer", "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nDate: today\r\n\r\nGulls")))
                .isEqualTo("text/plain");
    }

    @Test
    void looks_into_archives_for_office_documents() throws IOException {
        try (XWPFDocument word = new XWPFDocument();
                OutputStream out = Files.newOutputStream(dir.resolve("a.bin"))) {
            word.createParagraph().createRun().setText("text");
            word.write(out);
        }
        try (XSSFWorkbook sheet = new XSSFWorkbook();
                OutputStream out = Files.newOutputStream(dir.resolve("b.zip"))) {
            sheet.createSheet().createRow(0).createCell(0).setCellValue("cell");
            sheet.write(out);
        }
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(dir.resolve("c.docx")))) {
            zip.putNextEntry(new ZipEntry("word/document.txt"));
            zip.write("only a zip".getBytes(StandardCharsets.UTF_8));
        }
        assertThat(type(dir.resolve("a.bin")))
                .isEqualTo("application/vnd.openxmlformats-officedocument.wordprocessingml.document");
        assertThat(type(dir.resolve("b.zip")))
                .isEqualTo("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet");
        assertThat(type(dir.resolve("c.docx"))).isEqualTo("application/zip");
    }

    @Test
    void treats_five_gigabytes_of_zeros_as_binary_without_text() throws IOException {
        Path zeros = dir.resolve("zeros.txt");
        try (RandomAccessFile sparse = new RandomAccessFile(zeros.toFile(), "rw")) {
            sparse.setLength(5L << 30);
        }
        assertThat(type(zeros)).isEqualTo("application/octet-stream");
        assertThat(ContentFixture.read(content, zeros).outline().warnings())
                .containsExactly(new Warning(
                        WarningCode.TYPE_UNKNOWN,
                        "",
                        "its type is unknown, so no text can be read from it; it is not searchable"));
    }

    @Test
    void treats_an_empty_file_as_binary() throws IOException {
        Path empty = file("empty.pdf", "");
        assertThat(type(empty)).isEqualTo("application/octet-stream");
        assertThat(ContentFixture.read(content, empty).outline()).isEqualTo(Outline.EMPTY);
    }

    @Test
    void says_of_which_type_no_text_can_be_read() throws IOException {
        assertThat(content.outline(DocumentSource.of(file("a.png", "any")), "image/png")
                        .warnings())
                .containsExactly(new Warning(
                        WarningCode.TYPE_UNKNOWN,
                        "",
                        "no text can be read from files of type image/png; it is not searchable"));
    }

    @Test
    void reports_a_missing_file() {
        assertThatThrownBy(() -> type(dir.resolve("missing")))
                .isInstanceOfSatisfying(
                        SagaException.class, e -> assertThat(e.reason()).isEqualTo(Reason.FILE_NOT_FOUND));
    }

    private String type(Path file) {
        return content.contentType(DocumentSource.of(file));
    }
}
