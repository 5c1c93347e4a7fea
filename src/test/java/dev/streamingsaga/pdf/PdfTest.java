package dev.streamingsaga.pdf;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamingsaga.content.ExtractedText;
import dev.streamingsaga.journal.Warning;
import dev.streamingsaga.journal.WarningCode;
import dev.streamingsaga.testkit.SamplePdf;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.pdfbox.cos.COSStream;
import org.apache.pdfbox.pdfwriter.compress.CompressParameters;
import org.apache.pdfbox.pdmodel.PDDocument;
import org.apache.pdfbox.pdmodel.PDDocumentNameDictionary;
import org.apache.pdfbox.pdmodel.PDEmbeddedFilesNameTreeNode;
import org.apache.pdfbox.pdmodel.PDPage;
import org.apache.pdfbox.pdmodel.PDPageContentStream;
import org.apache.pdfbox.pdmodel.common.filespecification.PDComplexFileSpecification;
import org.apache.pdfbox.pdmodel.common.filespecification.PDEmbeddedFile;
import org.apache.pdfbox.pdmodel.encryption.AccessPermission;
import org.apache.pdfbox.pdmodel.encryption.StandardProtectionPolicy;
import org.apache.pdfbox.pdmodel.font.PDType1Font;
import org.apache.pdfbox.pdmodel.font.Standard14Fonts;
import org.apache.pdfbox.pdmodel.interactive.annotation.PDAnnotationFileAttachment;
import org.apache.pdfbox.pdmodel.interactive.annotation.PDAnnotationText;
import org.apache.pdfbox.pdmodel.interactive.form.PDAcroForm;
import org.apache.pdfbox.pdmodel.interactive.form.PDTextField;
import org.apache.pdfbox.pdmodel.interactive.form.PDXFAResource;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("unit")
class PdfTest {
    @TempDir
    Path dir;

    /** A page with a line of text. */
    private static PDPage page(PDDocument document, String line) throws IOException {
        PDPage page = new PDPage();
        document.addPage(page);
        try (PDPageContentStream content = new PDPageContentStream(document, page)) {
            content.beginText();
            content.setFont(new PDType1Font(Standard14Fonts.FontName.HELVETICA), 12);
            content.newLineAtOffset(72, 700);
            content.showText(line);
            content.endText();
        }
        return page;
    }

    private Path save(PDDocument document, String name) throws IOException {
        document.save(dir.resolve(name).toFile());
        return dir.resolve(name);
    }

    private static PDComplexFileSpecification file(PDDocument document, String name, byte[] bytes) throws IOException {
        PDComplexFileSpecification file = new PDComplexFileSpecification();
        file.setFile(name);
        file.setFileUnicode(name);
        PDEmbeddedFile embedded = new PDEmbeddedFile(document, new ByteArrayInputStream(bytes));
        file.setEmbeddedFile(embedded);
        return file;
    }

    @Test
    void reads_attachments_and_documents_of_a_portfolio() throws IOException {
        Path inner = dir.resolve("inner.pdf");
        SamplePdf.write(inner, 2, 0);
        try (PDDocument document = new PDDocument()) {
            PDPage page = page(document, "Cover sheet");
            PDAnnotationFileAttachment pin = new PDAnnotationFileAttachment();
            pin.setFile(file(document, "pinned.txt", "Pinned.".getBytes()));
            page.setAnnotations(List.of(pin));
            PDEmbeddedFilesNameTreeNode leaf = new PDEmbeddedFilesNameTreeNode();
            leaf.setNames(Map.of(
                    "a", file(document, "offer.pdf", Files.readAllBytes(inner)),
                    "b", file(document, "note.txt", "A note.".getBytes())));
            PDEmbeddedFilesNameTreeNode root = new PDEmbeddedFilesNameTreeNode();
            root.setKids(List.of(leaf));
            PDDocumentNameDictionary names = new PDDocumentNameDictionary(document.getDocumentCatalog());
            names.setEmbeddedFiles(root);
            document.getDocumentCatalog().setNames(names);
            ExtractedText text = ExtractedText.of(save(document, "portfolio.pdf"));

            assertThat(text.own()).isEqualTo("Cover sheet");
            assertThat(text.ofPart("pinned.txt")).isEqualTo("Pinned.");
            assertThat(text.ofPart("note.txt")).isEqualTo("A note.");
            assertThat(text.ofPart("offer.pdf")).contains(SamplePdf.english(2));
            assertThat(text.pages()).hasSize(5);
            assertThat(text.warnings()).isEmpty();
        }
    }

    @Test
    void reads_form_fields_and_annotations_with_their_page() throws IOException {
        try (PDDocument document = new PDDocument()) {
            page(document, "First");
            PDPage second = new PDPage(); // without content
            document.addPage(second);
            PDAcroForm form = new PDAcroForm(document);
            document.getDocumentCatalog().setAcroForm(form);
            form.setDefaultResources(new org.apache.pdfbox.pdmodel.PDResources());
            PDTextField name = new PDTextField(form);
            name.setPartialName("name");
            name.getCOSObject().setString(org.apache.pdfbox.cos.COSName.V, "Käthe Möwe");
            PDTextField secret = new PDTextField(form);
            secret.setPartialName("secret");
            secret.setPassword(true);
            secret.getCOSObject().setString(org.apache.pdfbox.cos.COSName.V, "hidden");
            form.setFields(List.of(name, secret));
            PDAnnotationText note = new PDAnnotationText();
            note.setContents("Count them again");
            second.setAnnotations(
                    List.of(name.getWidgets().get(0), secret.getWidgets().get(0), note));
            ExtractedText text = ExtractedText.of(save(document, "form.pdf"));

            assertThat(text.pages())
                    .extracting(ExtractedText.Page::text)
                    .containsExactly("First", "Käthe Möwe\nCount them again");
            assertThat(text.warnings()).isEmpty();
        }
    }

    @Test
    void reads_the_labels_and_values_of_an_xfa_form() throws IOException {
        try (PDDocument document = new PDDocument()) {
            page(document, "Please wait...");
            PDAcroForm form = new PDAcroForm(document);
            document.getDocumentCatalog().setAcroForm(form);
            COSStream xfa = document.getDocument().createCOSStream();
            try (var out = xfa.createOutputStream()) {
                out.write("""
                        <xdp:xdp xmlns:xdp="http://ns.adobe.com/xdp/">
                        <template xmlns="http://www.xfa.org/schema/xfa-template/3.3/"><subform name="no label">
                        <draw><value><text>About you</text></value></draw>
                        <field><caption><value><text>First name</text></value></caption>
                        <event><script>no.label()</script></event><draw><script>no.label()</script></draw></field>
                        </subform></template>
                        <xfa:datasets xmlns:xfa="http://www.xfa.org/schema/xfa-data/1.0/"><xfa:data>
                        <form><name>Käthe</name><bird>Möwe</bird></form></xfa:data></xfa:datasets></xdp:xdp>""".getBytes(StandardCharsets.UTF_8));
            }
            form.setXFA(new PDXFAResource(xfa));
            ExtractedText text = ExtractedText.of(save(document, "xfa.pdf"));

            assertThat(text.own()).isEqualTo("About you\nFirst name\nKäthe\nMöwe\nPlease wait...");
            assertThat(text.codes()).containsExactly(WarningCode.XFA_PLACEHOLDER);
        }
    }

    @Test
    void reads_a_pdf_behind_the_headers_of_an_answer() throws IOException {
        Path pdf = dir.resolve("a.pdf");
        SamplePdf.write(pdf, 3, 0);
        for (String before : List.of(
                "HTTP/1.1 200 OK\r\nContent-Type: application/pdf\r\n\r\n", "\u0000\u0001\u0002\n".repeat(5_000))) {
            Path behind = Files.writeString(
                    dir.resolve("behind"),
                    before + Files.readString(pdf, StandardCharsets.ISO_8859_1),
                    StandardCharsets.ISO_8859_1);
            ExtractedText text = ExtractedText.of(behind);
            assertThat(text.pages()).hasSize(3);
            assertThat(text.pages().get(2).text()).contains(SamplePdf.english(3));
            assertThat(text.warnings()).isEmpty();
        }
    }

    @Test
    void reads_what_is_left_of_a_cut_pdf() throws IOException {
        Path whole = dir.resolve("whole.pdf");
        try (PDDocument document = new PDDocument()) {
            for (int page = 1; page <= 20; page++) {
                page(document, "Page number " + page);
            }
            document.save(whole.toFile(), CompressParameters.NO_COMPRESSION);
        }
        byte[] bytes = Files.readAllBytes(whole);
        for (int percent : new int[] {99, 90, 50}) {
            Path cut = Files.write(dir.resolve("cut.pdf"), Arrays.copyOf(bytes, bytes.length * percent / 100));
            ExtractedText text = ExtractedText.of(cut);
            assertThat(text.own()).as("%d %%", percent).contains("Page number 1\nPage number 2", "Page number 5");
            assertThat(text.codes()).containsExactly(WarningCode.DAMAGED);
        }
    }

    @Test
    void collects_pages_whose_tree_is_lost() throws IOException {
        Path cut = Files.writeString(
                dir.resolve("cut.pdf"), """
                %%PDF-1.4
                9 0 obj <</Type /Font /Subtype /Type1 /BaseFont /Helvetica>> endobj
                %s5 0 obj <</Type /Page /Resources <<""".formatted(pageObjects(2, "First") + pageObjects(4, "Second")));
        ExtractedText text = ExtractedText.of(cut);
        assertThat(text.own()).isEqualTo("First\nSecond");
        assertThat(text.codes()).containsExactly(WarningCode.DAMAGED);
    }

    private static String pageObjects(int number, String line) {
        String content = "BT /F 12 Tf 72 700 Td (%s) Tj ET".formatted(line);
        return """
                %d 0 obj <</Type /Page /Resources <</Font <</F 9 0 R>>>> /MediaBox [0 0 612 792] /Contents %d 0 R>> endobj
                %d 0 obj <</Length %d>> stream
                %s
                endstream endobj
                """.formatted(number, number + 10, number + 10, content.length(), content);
    }

    private Path locked(String user, String owner) throws IOException {
        try (PDDocument document = new PDDocument()) {
            page(document, "Locked text");
            AccessPermission nothing = new AccessPermission();
            nothing.setCanExtractContent(false);
            document.protect(new StandardProtectionPolicy(owner, user, nothing));
            return save(document, "locked.pdf");
        }
    }

    @Test
    void reads_a_pdf_that_only_its_owner_may_change() throws IOException {
        ExtractedText text = ExtractedText.of(locked("", "owner"));
        assertThat(text.own()).isEqualTo("Locked text");
        assertThat(text.warnings()).isEmpty();
    }

    @Test
    void tries_the_passwords_of_a_file() throws IOException {
        Path passwords = Files.createFile(
                dir.resolve("passwords"),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(passwords, "wrong\nrïght\n");
        Path pdf = locked("rïght", "owner");

        assertThat(ExtractedText.of(pdf).warnings()).extracting(Warning::code).containsExactly(WarningCode.LOCKED);
        assertThat(ExtractedText.of(pdf, "saga.content.passwords", passwords.toString())
                        .own())
                .isEqualTo("Locked text");
    }
}
