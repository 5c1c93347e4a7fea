package dev.streamingsaga.content;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamingsaga.source.DocumentSource;
import dev.streamingsaga.testkit.SamplePdf;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.apache.poi.xwpf.usermodel.XWPFDocument;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Content types that an instance detects without Tika. */
@Tag("unit")
class NoTextTest {
    private final TypeOnlyContent content = new TypeOnlyContent();

    @TempDir
    Path directory;

    @ParameterizedTest
    @CsvSource({
        "a.txt,text/plain",
        "A.TXT,text/plain",
        "readme,text/plain",
        "a.log,text/plain",
        "a.csv,text/csv",
        "a.json,application/json",
        "a.docx,text/plain",
        "a.pdf,text/plain",
        "a.b.md,text/markdown"
    })
    void selects_the_text_subtype_by_name(String name, String type) throws IOException {
        assertThat(type(name, "Gulls: 42, keepers: 1.\n".getBytes())).isEqualTo(type);
    }

    @ParameterizedTest
    @CsvSource({"UTF-8", "UTF-16", "ISO-8859-1", "windows-1251"})
    void detects_text_in_any_charset(String charset) throws IOException {
        String text = charset.endsWith("1251") ? "Смотритель маяка" : "Der Leuchtturmwärter zählte die Möwen.";
        assertThat(type("a.txt", text.getBytes(Charset.forName(charset)))).isEqualTo("text/plain");
    }

    @Test
    void detects_an_empty_file_by_its_name() throws IOException {
        assertThat(type("a.txt", new byte[0])).isEqualTo("text/plain");
        assertThat(type("a.bin", new byte[0])).isEqualTo("application/octet-stream");
    }

    @Test
    void detects_binary_whatever_the_name() throws IOException {
        byte[] bytes = new byte[2000];
        new Random(1).nextBytes(bytes);

        assertThat(type("a.txt", bytes)).isEqualTo("application/octet-stream");
        assertThat(type("a.docx", bytes)).isEqualTo("application/octet-stream");
    }

    @Test
    void detects_a_mail_by_its_headers_and_a_pdf_behind_others() throws IOException {
        String mail = "Return-Path: <a@b.c>\nReceived: from x by y\nFrom: a@b.c\nSubject: gulls\n\nText\n";
        String pdf = "HTTP/1.1 200 OK\r\nContent-Type: application/pdf\r\n\r\n%PDF-1.4\n1 0 obj\n";

        assertThat(type("mail", mail.getBytes())).isEqualTo("message/rfc822");
        assertThat(type("box", ("From a@b.c today\n" + mail).getBytes())).isEqualTo("application/mbox");
        assertThat(type("letter", "From: the keeper\n\nDear gulls".getBytes())).isEqualTo("text/plain");
        assertThat(type("page", pdf.getBytes())).isEqualTo("application/pdf");
        assertThat(type("text", "A file with %PDF-1.4 in it is a PDF.".getBytes()))
                .isEqualTo("text/plain");
    }

    @Test
    void detects_archives_and_documents_by_their_bytes() throws IOException {
        Path docx = directory.resolve("letter.docx");
        try (XWPFDocument document = new XWPFDocument();
                OutputStream out = Files.newOutputStream(docx)) {
            document.createParagraph().createRun().setText("Gulls");
            document.write(out);
        }
        Path zip = directory.resolve("a.zip");
        try (ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(zip))) {
            out.putNextEntry(new ZipEntry("a"));
        }
        Path gzip = directory.resolve("a.txt.gz");
        try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(gzip))) {
            out.write(1);
        }
        Path pdf = directory.resolve("letter.txt");
        SamplePdf.write(pdf, 1, 0);

        assertThat(type(docx)).isEqualTo("application/vnd.openxmlformats-officedocument.wordprocessingml.document");
        assertThat(type(zip)).isEqualTo("application/zip");
        assertThat(type(gzip)).isEqualTo("application/gzip");
        assertThat(type(pdf)).isEqualTo("application/pdf");
        assertThat(type("a.xml", "<?xml version='1.0'?><a/>".getBytes())).isEqualTo("application/xml");
    }

    private String type(String name, byte[] bytes) throws IOException {
        return type(Files.write(directory.resolve(name), bytes));
    }

    private String type(Path file) {
        return content.contentType(DocumentSource.of(file));
    }
}
