package dev.streamingsaga.content;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.apache.pdfbox.cos.COSName;
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
import org.apache.pdfbox.pdmodel.interactive.annotation.PDAnnotationText;
import org.apache.pdfbox.pdmodel.interactive.form.PDAcroForm;
import org.apache.pdfbox.pdmodel.interactive.form.PDTextField;
import org.apache.pdfbox.pdmodel.interactive.form.PDXFAResource;
import org.apache.poi.hssf.usermodel.HSSFWorkbook;
import org.apache.poi.openxml4j.opc.PackagePart;
import org.apache.poi.openxml4j.opc.PackagingURIHelper;
import org.apache.poi.openxml4j.opc.TargetMode;
import org.apache.poi.poifs.crypt.EncryptionInfo;
import org.apache.poi.poifs.crypt.EncryptionMode;
import org.apache.poi.poifs.crypt.Encryptor;
import org.apache.poi.poifs.filesystem.POIFSFileSystem;
import org.apache.poi.ss.usermodel.Workbook;
import org.apache.poi.xslf.usermodel.XMLSlideShow;
import org.apache.poi.xssf.usermodel.XSSFWorkbook;
import org.apache.poi.xwpf.usermodel.XWPFDocument;

/** One small file of each kind; {@link #SENTENCE} stands wherever a reader should find text. */
final class KindsOfFile {
    static final String SENTENCE = "Der Wärter zählt größere Möwen.";

    /** The files with the password {@value} are opened by it. */
    static final String KNOWN_PASSWORD = "right";

    private final Map<String, Sample> samples = new LinkedHashMap<>();

    /** @param name with the suffix that such files have */
    record Sample(String name, byte[] bytes) {}

    /** By kind, in the order of the documentation. */
    static Map<String, Sample> all() throws Exception {
        KindsOfFile kinds = new KindsOfFile();
        kinds.texts();
        kinds.office();
        kinds.mails();
        kinds.pdfs();
        kinds.damagedPdfs();
        kinds.others();
        return kinds.samples;
    }

    private void add(String kind, String name, byte[] bytes) {
        samples.put(kind, new Sample(name, bytes));
    }

    private void add(String kind, String name, String text) {
        add(kind, name, text.getBytes(StandardCharsets.UTF_8));
    }

    private void texts() {
        add("text in UTF-8", "a.txt", SENTENCE);
        add("text in Windows-1252", "b.txt", (SENTENCE + "\n").repeat(5).getBytes(Charset.forName("windows-1252")));
        add("text in UTF-16 without a BOM", "d.txt", SENTENCE.repeat(5).getBytes(StandardCharsets.UTF_16LE));
        add("text in code page 850", "e.txt", (SENTENCE + "\n").repeat(20).getBytes(Charset.forName("IBM850")));
        add("comma-separated values (CSV)", "a.csv", "number,text\n1," + SENTENCE + "\n");
        add(
                "HTML page",
                "a.html",
                "<!DOCTYPE html><html><head><meta charset='utf-8'></head><body><p>" + SENTENCE + "</p></body></html>");
        add(
                "HTML page in Windows-1252 that does not name its charset",
                "b.html",
                ("<html><body><p>" + (SENTENCE + "\n").repeat(5) + "</p></body></html>")
                        .getBytes(Charset.forName("windows-1252")));
        add("XML", "a.xml", "<?xml version='1.0' encoding='UTF-8'?><a><b>" + SENTENCE + "</b></a>");
        add("text that mentions %PDF-1.7", "c.txt", "Each file begins with %PDF-1.7. " + SENTENCE);
    }

    private void office() throws Exception {
        byte[] word = word();
        add("Word (.docx)", "a.docx", word);
        add("Excel (.xlsx)", "a.xlsx", sheet(new XSSFWorkbook()));
        add("Excel 97 (.xls)", "a.xls", sheet(new HSSFWorkbook()));
        add("PowerPoint (.pptx)", "a.pptx", slides());
        add("OpenDocument (.odt)", "a.odt", openDocument());
        add("RTF", "a.rtf", "{\\rtf1\\ansi Der W\\'e4rter z\\'e4hlt gr\\'f6\\'dfere M\\'f6wen.\\par}");
        add("Word with an embedded Excel sheet", "b.docx", wordAround(sheet(new XSSFWorkbook())));
        add("Word with a password", "c.docx", locked(word, "unknown"));
        add("Word with a password listed in the password file", "d.docx", locked(word, KNOWN_PASSWORD));
        add("Word, truncated", "e.docx", Arrays.copyOf(word, word.length - 100));
    }

    private static byte[] word() throws IOException {
        try (XWPFDocument word = new XWPFDocument()) {
            word.createParagraph().createRun().setText(SENTENCE);
            return bytes(word::write);
        }
    }

    private static byte[] wordAround(byte[] sheet) throws Exception {
        try (XWPFDocument word = new XWPFDocument()) {
            word.createParagraph().createRun().setText(SENTENCE);
            PackagePart part = word.getPackage()
                    .createPart(
                            PackagingURIHelper.createPartName("/word/embeddings/Sheet1.xlsx"),
                            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet");
            try (OutputStream out = part.getOutputStream()) {
                out.write(sheet);
            }
            word.getPackagePart()
                    .addRelationship(
                            part.getPartName(),
                            TargetMode.INTERNAL,
                            "http://schemas.openxmlformats.org/officeDocument/2006/relationships/package");
            return bytes(word::write);
        }
    }

    private static byte[] sheet(Workbook workbook) throws IOException {
        try (workbook) {
            workbook.createSheet("Gulls").createRow(0).createCell(0).setCellValue(SENTENCE);
            return bytes(workbook::write);
        }
    }

    private static byte[] slides() throws IOException {
        try (XMLSlideShow show = new XMLSlideShow()) {
            show.createSlide().createTextBox().setText(SENTENCE);
            return bytes(show::write);
        }
    }

    private static byte[] openDocument() throws IOException {
        byte[] type = "application/vnd.oasis.opendocument.text".getBytes(StandardCharsets.US_ASCII);
        return bytes(out -> {
            ZipOutputStream zip = new ZipOutputStream(out);
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
            zip.finish();
        });
    }

    private static byte[] locked(byte[] word, String password) throws Exception {
        try (POIFSFileSystem file = new POIFSFileSystem()) {
            Encryptor encryptor = new EncryptionInfo(EncryptionMode.standard).getEncryptor();
            encryptor.confirmPassword(password);
            try (OutputStream out = encryptor.getDataStream(file)) {
                out.write(word);
            }
            return bytes(file::writeFilesystem);
        }
    }

    private void mails() throws Exception {
        String simple = mail("text/plain; charset=UTF-8\nContent-Transfer-Encoding: 8bit", SENTENCE);
        String forwarded =
                mixed("text/plain; charset=UTF-8", SENTENCE, "a.eml", simple.getBytes(StandardCharsets.UTF_8));
        String deep = mixed("text/plain", "Outer.", "b.eml", forwarded.getBytes(StandardCharsets.UTF_8));
        String deeper = mixed("text/plain", "Outermost.", "c.eml", deep.getBytes(StandardCharsets.UTF_8));
        add("mail", "a.eml", simple);
        add(
                "mail with quoted-printable text and encoded headers",
                "b.eml",
                mail(
                        "text/plain; charset=ISO-8859-1\nContent-Transfer-Encoding: quoted-printable",
                        "Der W=E4rter z=E4hlt gr=\n=F6=DFere M=F6wen."));
        add("mail in HTML", "c.eml", mail("text/html; charset=UTF-8", "<html><body>" + SENTENCE + "</body></html>"));
        add(
                "mail with a PDF",
                "d.eml",
                mixed("text/plain; charset=UTF-8", SENTENCE, "offer.pdf", pdf(KindsOfFile::page)));
        add(
                "mail with an unreadable attachment",
                "e.eml",
                mixed("text/plain; charset=UTF-8", SENTENCE, "data.bin", new byte[100]));
        add("mail with nested mails, one beyond the limit of 2", "f.eml", deeper);
        add(
                "mail, encrypted",
                "g.eml",
                mail(
                        "application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m",
                        "MIAGCSqGSIb3DQEHA6CAMIACAQAxgg=="));
        add(
                "mailbox (mbox)",
                "a.mbox",
                "From a@example.org Mon Nov 30 10:00:00 2026\n" + simple
                        + "\nFrom a@example.org Mon Nov 30 10:01:00 2026\n" + simple);
        add("Outlook message (.msg)", "a.msg", outlook());
    }

    private static String mail(String type, String body) {
        return "From: =?UTF-8?Q?K=C3=A4the?= <k@example.org>\nTo: all@example.org\nSubject: Gulls\n"
                + "Date: Mon, 30 Nov 2026 10:00:00 +0100\nMIME-Version: 1.0\nContent-Type: " + type + "\n\n" + body
                + "\n";
    }

    private static String mixed(String type, String body, String name, byte[] attachment) {
        String boundary = "b" + Math.abs(Arrays.hashCode(attachment));
        return mail("multipart/mixed; boundary=" + boundary, """
                --%1$s
                Content-Type: %2$s

                %3$s
                --%1$s
                Content-Type: application/octet-stream
                Content-Disposition: attachment; filename="%4$s"
                Content-Transfer-Encoding: base64

                %5$s
                --%1$s--""".formatted(
                        boundary, type, body, name, Base64.getMimeEncoder().encodeToString(attachment)));
    }

    private static byte[] outlook() throws IOException {
        try (POIFSFileSystem file = new POIFSFileSystem()) {
            for (String[] property : new String[][] {
                {"0037", "Gulls"}, {"1000", SENTENCE}, {"0C1A", "Käthe"}, {"0E04", "Keeper"}, {"001A", "IPM.Note"}
            }) {
                file.getRoot()
                        .createDocument(
                                "__substg1.0_" + property[0] + "001F",
                                new ByteArrayInputStream(property[1].getBytes(StandardCharsets.UTF_16LE)));
            }
            file.getRoot().createDocument("__properties_version1.0", new ByteArrayInputStream(new byte[32]));
            return bytes(file::writeFilesystem);
        }
    }

    private void pdfs() throws Exception {
        byte[] pdf = pdf(KindsOfFile::page);
        add("PDF", "a.pdf", pdf);
        add(
                "PDF preceded by HTTP headers",
                "b.pdf",
                join("HTTP/1.1 200 OK\r\nContent-Type: application/pdf\r\n\r\n", pdf));
        add("PDF with annotations", "c.pdf", pdf(document -> {
            PDAnnotationText note = new PDAnnotationText();
            note.setContents(SENTENCE);
            emptyPage(document).setAnnotations(List.of(note));
        }));
        add("PDF with a form", "d.pdf", pdf(document -> {
            PDAcroForm form = new PDAcroForm(document);
            document.getDocumentCatalog().setAcroForm(form);
            PDTextField field = new PDTextField(form);
            field.setPartialName("name");
            field.getCOSObject().setString(COSName.V, SENTENCE);
            form.setFields(List.of(field));
            emptyPage(document).setAnnotations(List.of(field.getWidgets().get(0)));
        }));
        add("PDF with an XFA form", "e.pdf", pdf(KindsOfFile::xfa));
        add("PDF with attachments, or a portfolio", "f.pdf", pdf(document -> {
            page(document);
            PDComplexFileSpecification file = new PDComplexFileSpecification();
            file.setFile("note.txt");
            file.setEmbeddedFile(
                    new PDEmbeddedFile(document, new ByteArrayInputStream(SENTENCE.getBytes(StandardCharsets.UTF_8))));
            PDEmbeddedFilesNameTreeNode files = new PDEmbeddedFilesNameTreeNode();
            files.setNames(Map.of("note", file));
            PDDocumentNameDictionary names = new PDDocumentNameDictionary(document.getDocumentCatalog());
            names.setEmbeddedFiles(files);
            document.getDocumentCatalog().setNames(names);
        }));
        add("PDF that is protected against changes", "g.pdf", pdf(document -> protect(document, "")));
        add("PDF with a password", "h.pdf", pdf(document -> protect(document, "unknown")));
        add(
                "PDF with a password listed in the password file",
                "i.pdf",
                pdf(document -> protect(document, KNOWN_PASSWORD)));
        add("PDF with an empty page", "j.pdf", pdf(KindsOfFile::emptyPage));
    }

    private void damagedPdfs() throws Exception {
        byte[] plain;
        try (PDDocument document = new PDDocument()) {
            for (int i = 0; i < 5; i++) {
                page(document);
            }
            plain = bytes(out -> document.save(out, CompressParameters.NO_COMPRESSION));
        }
        byte[] pdf = pdf(KindsOfFile::page);
        add("PDF, truncated", "k.pdf", Arrays.copyOf(plain, plain.length / 2));
        add("PDF, truncated before its compressed objects", "l.pdf", Arrays.copyOf(pdf, pdf.length / 3));
        add("PDF without a page", "m.pdf", "%PDF-1.7\n1 0 obj <</Type /Catalog /Pages 7 0 R>>\nstream");
    }

    private void others() throws IOException {
        add("image", "a.png", new byte[] {(byte) 0x89, 'P', 'N', 'G', 13, 10, 26, 10, 0, 0, 0, 13});
        add("archive (.zip)", "a.zip", bytes(out -> {
            ZipOutputStream zip = new ZipOutputStream(out);
            zip.putNextEntry(new ZipEntry("a.txt"));
            zip.write(SENTENCE.getBytes(StandardCharsets.UTF_8));
            zip.finish();
        }));
        add("unknown bytes", "a.bin", new byte[500]);
        add("empty file", "empty.txt", new byte[0]);
    }

    private static void protect(PDDocument document, String password) throws IOException {
        page(document);
        document.protect(new StandardProtectionPolicy("owner", password, new AccessPermission()));
    }

    private static void xfa(PDDocument document) throws IOException {
        emptyPage(document);
        PDAcroForm form = new PDAcroForm(document);
        document.getDocumentCatalog().setAcroForm(form);
        COSStream xfa = document.getDocument().createCOSStream();
        try (OutputStream out = xfa.createOutputStream()) {
            out.write("""
                    <xdp:xdp xmlns:xdp="http://ns.adobe.com/xdp/">
                    <xfa:datasets xmlns:xfa="http://www.xfa.org/schema/xfa-data/1.0/"><xfa:data>
                    <form><name>%s</name></form></xfa:data></xfa:datasets></xdp:xdp>""".formatted(SENTENCE).getBytes(StandardCharsets.UTF_8));
        }
        form.setXFA(new PDXFAResource(xfa));
    }

    private static void page(PDDocument document) throws IOException {
        PDPage page = emptyPage(document);
        try (PDPageContentStream content = new PDPageContentStream(document, page)) {
            content.beginText();
            content.setFont(new PDType1Font(Standard14Fonts.FontName.HELVETICA), 12);
            content.newLineAtOffset(72, 700);
            content.showText(SENTENCE);
            content.endText();
        }
    }

    private static PDPage emptyPage(PDDocument document) {
        PDPage page = new PDPage();
        document.addPage(page);
        return page;
    }

    private static byte[] pdf(Filling filling) throws IOException {
        try (PDDocument document = new PDDocument()) {
            filling.fill(document);
            return bytes(document::save);
        }
    }

    private interface Filling {
        void fill(PDDocument document) throws IOException;
    }

    private interface Writing {
        void writeTo(OutputStream out) throws IOException;
    }

    private static byte[] bytes(Writing writing) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        writing.writeTo(bytes);
        return bytes.toByteArray();
    }

    private static byte[] join(String before, byte[] bytes) {
        byte[] start = before.getBytes(StandardCharsets.US_ASCII);
        byte[] all = Arrays.copyOf(start, start.length + bytes.length);
        System.arraycopy(bytes, 0, all, start.length, bytes.length);
        return all;
    }
}
