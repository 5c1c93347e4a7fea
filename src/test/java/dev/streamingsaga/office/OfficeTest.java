package dev.streamingsaga.office;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamingsaga.config.ConfigException;
import dev.streamingsaga.content.ExtractedText;
import dev.streamingsaga.extractor.Passwords;
import dev.streamingsaga.journal.WarningCode;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.apache.poi.hssf.usermodel.HSSFWorkbook;
import org.apache.poi.openxml4j.opc.PackagePart;
import org.apache.poi.openxml4j.opc.PackagingURIHelper;
import org.apache.poi.openxml4j.opc.TargetMode;
import org.apache.poi.poifs.crypt.EncryptionInfo;
import org.apache.poi.poifs.crypt.EncryptionMode;
import org.apache.poi.poifs.crypt.Encryptor;
import org.apache.poi.poifs.filesystem.DirectoryEntry;
import org.apache.poi.poifs.filesystem.POIFSFileSystem;
import org.apache.poi.ss.usermodel.Sheet;
import org.apache.poi.ss.usermodel.Workbook;
import org.apache.poi.xssf.usermodel.XSSFWorkbook;
import org.apache.poi.xwpf.usermodel.XWPFDocument;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("unit")
class OfficeTest {
    private static final String PACKAGE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/package";

    @TempDir
    Path dir;

    private static byte[] word(String text) throws IOException {
        try (XWPFDocument word = new XWPFDocument()) {
            word.createParagraph().createRun().setText(text);
            return bytes(word);
        }
    }

    private static byte[] bytes(XWPFDocument word) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        word.write(bytes);
        return bytes.toByteArray();
    }

    private ExtractedText read(String name, byte[] bytes, String... settings) throws IOException {
        return ExtractedText.of(Files.write(dir.resolve(name), bytes), settings);
    }

    @Test
    void reads_a_sheet_inside_a_document() throws Exception {
        ByteArrayOutputStream sheet = new ByteArrayOutputStream();
        try (XSSFWorkbook workbook = new XSSFWorkbook()) {
            workbook.createSheet("Gulls").createRow(0).createCell(0).setCellValue("Counted");
            workbook.write(sheet);
        }
        byte[] document;
        try (XWPFDocument word = new XWPFDocument()) {
            word.createParagraph().createRun().setText("Around the sheet");
            PackagePart part = word.getPackage()
                    .createPart(
                            PackagingURIHelper.createPartName("/word/embeddings/Sheet1.xlsx"),
                            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet");
            try (OutputStream out = part.getOutputStream()) {
                out.write(sheet.toByteArray());
            }
            word.getPackagePart().addRelationship(part.getPartName(), TargetMode.INTERNAL, PACKAGE);
            document = bytes(word);
        }
        ExtractedText text = read("a.docx", document);

        assertThat(text.own()).isEqualTo("Around the sheet");
        assertThat(text.pages()).extracting(ExtractedText.Page::part).containsExactly("", "Sheet1.xlsx");
        assertThat(text.ofPart("Sheet1.xlsx")).contains("Gulls", "Counted");
        assertThat(text.warnings()).isEmpty();
        assertThat(read("b.docx", document, "saga.content.attachments.depth", "0")
                        .warnings())
                .extracting(dev.streamingsaga.journal.Warning::place)
                .containsExactly("Sheet1.xlsx");
    }

    @Test
    void reads_files_inside_sheets_of_both_formats() throws IOException {
        for (Workbook workbook : new Workbook[] {new XSSFWorkbook(), new HSSFWorkbook()}) {
            try (workbook) {
                Sheet sheet = workbook.createSheet("Around");
                int file = workbook.addOlePackage("A note.".getBytes(), "note.txt", "note.txt", "note.txt");
                int picture = workbook.addPicture(new byte[] {(byte) 0x89, 'P', 'N', 'G'}, Workbook.PICTURE_TYPE_PNG);
                var anchor = workbook.getCreationHelper().createClientAnchor();
                anchor.setCol2(2);
                anchor.setRow2(2);
                sheet.createDrawingPatriarch().createObjectData(anchor, file, picture);
                ByteArrayOutputStream bytes = new ByteArrayOutputStream();
                workbook.write(bytes);
                ExtractedText text = read("sheet", bytes.toByteArray());

                assertThat(text.own()).as(workbook.toString()).contains("Around");
                assertThat(text.ofPart("note.txt")).isEqualTo("A note.");
                assertThat(text.warnings()).isEmpty();
            }
        }
    }

    /** The parts of a message of Outlook that this reads, in UTF-16. */
    private static void message(DirectoryEntry folder, String subject, String body) throws IOException {
        for (String[] property : new String[][] {
            {"0037", subject}, {"1000", body}, {"0C1A", "Käthe Möwe"}, {"0E04", "Keeper"}, {"001A", "IPM.Note"}
        }) {
            folder.createDocument(
                    "__substg1.0_" + property[0] + "001F",
                    new ByteArrayInputStream(property[1].getBytes(StandardCharsets.UTF_16LE)));
        }
        folder.createDocument("__properties_version1.0", new ByteArrayInputStream(new byte[32]));
    }

    private static void attachment(DirectoryEntry folder, String name, byte[] bytes) throws IOException {
        DirectoryEntry attachment = folder.createDirectory("__attach_version1.0_#00000000");
        attachment.createDocument(
                "__substg1.0_3707001F", new ByteArrayInputStream(name.getBytes(StandardCharsets.UTF_16LE)));
        attachment.createDocument("__substg1.0_37010102", new ByteArrayInputStream(bytes));
        ByteBuffer properties = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
        attachment.createDocument("__properties_version1.0", new ByteArrayInputStream(properties.array()));
    }

    @Test
    void reads_a_message_of_outlook_with_its_attachment() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (POIFSFileSystem file = new POIFSFileSystem()) {
            message(file.getRoot(), "Größere Möwen", "Der Wärter zählt.");
            attachment(file.getRoot(), "offer.docx", word("The offer."));
            file.writeFilesystem(bytes);
        }
        for (String name : new String[] {"mail.msg", "mail"}) {
            ExtractedText text = read(name, bytes.toByteArray());
            assertThat(text.own()).contains("Größere Möwen", "Käthe Möwe", "Keeper", "Der Wärter zählt.");
            assertThat(text.ofPart("offer.docx")).isEqualTo("The offer.");
            assertThat(text.title()).isEqualTo("Größere Möwen");
            assertThat(text.warnings()).isEmpty();
        }
    }

    @Test
    void reads_a_locked_document_with_one_of_the_passwords() throws Exception {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (POIFSFileSystem file = new POIFSFileSystem()) {
            Encryptor encryptor = new EncryptionInfo(EncryptionMode.agile).getEncryptor();
            encryptor.confirmPassword("right");
            try (OutputStream out = encryptor.getDataStream(file)) {
                out.write(word("Locked text"));
            }
            file.writeFilesystem(bytes);
        }
        Path passwords = Files.writeString(dir.resolve("passwords"), "wrong\nright\n");
        Files.setPosixFilePermissions(passwords, PosixFilePermissions.fromString("rw-------"));

        assertThat(read("locked.docx", bytes.toByteArray()).codes()).containsExactly(WarningCode.LOCKED);
        ExtractedText text = read("locked.docx", bytes.toByteArray(), "saga.content.passwords", passwords.toString());
        assertThat(text.warnings()).isEmpty();
        assertThat(text.own()).isEqualTo("Locked text");
    }

    @Test
    void refuses_a_file_of_passwords_that_others_may_read() throws IOException {
        Path passwords = Files.writeString(dir.resolve("passwords"), "secret\n");
        Files.setPosixFilePermissions(passwords, PosixFilePermissions.fromString("rw-r-----"));
        assertThatThrownBy(() -> Passwords.read(passwords))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("chmod 600")
                .hasMessageNotContaining("secret");
    }
}
