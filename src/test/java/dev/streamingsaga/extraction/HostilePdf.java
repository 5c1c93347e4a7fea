package dev.streamingsaga.extraction;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;

/** Writes PDF files that claim more than they have, or have more than anybody needs. Each has one page with text. */
final class HostilePdf {
    static final String TEXT = "The only text of this document.";

    private static final String PAGE = "<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents %d 0 R"
            + "/Resources<</Font<</F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>>>";

    private final ByteArrayOutputStream file = new ByteArrayOutputStream();
    private final List<Integer> offsets = new ArrayList<>();

    private HostilePdf() {
        this("");
    }

    /** @param entries further ones of the catalog */
    private HostilePdf(String entries) {
        bytes("%PDF-1.7\n".getBytes(StandardCharsets.ISO_8859_1));
        object("<</Type/Catalog/Pages 2 0 R%s>>".formatted(entries));
    }

    private void bytes(byte[] bytes) {
        file.writeBytes(bytes);
    }

    private void object(String content) {
        offsets.add(file.size());
        bytes("%d 0 obj %s endobj\n".formatted(offsets.size(), content).getBytes(StandardCharsets.ISO_8859_1));
    }

    private void stream(String dictionary, byte[] content) {
        offsets.add(file.size());
        bytes("%d 0 obj <<%s/Length %d>> stream\n"
                .formatted(offsets.size(), dictionary, content.length)
                .getBytes(StandardCharsets.ISO_8859_1));
        bytes(content);
        bytes("\nendstream endobj\n".getBytes(StandardCharsets.ISO_8859_1));
    }

    private static byte[] text() {
        return "BT /F1 12 Tf 50 700 Td (%s) Tj ET\n".formatted(TEXT).getBytes(StandardCharsets.ISO_8859_1);
    }

    private Path write(Path target) throws IOException {
        int start = file.size();
        StringBuilder table = new StringBuilder("xref\n0 %d\n0000000000 65535 f \n".formatted(offsets.size() + 1));
        offsets.forEach(offset -> table.append("%010d 00000 n \n".formatted(offset)));
        table.append("trailer <</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n".formatted(offsets.size() + 1, start));
        bytes(table.toString().getBytes(StandardCharsets.ISO_8859_1));
        return Files.write(target, file.toByteArray());
    }

    /** One page, which claims to be one of many. */
    static Path claimedPages(Path target, int pages) throws IOException {
        HostilePdf pdf = new HostilePdf();
        pdf.object("<</Type/Pages/Count %d/Kids[3 0 R]>>".formatted(pages));
        pdf.object(PAGE.formatted(4));
        pdf.stream("", text());
        return pdf.write(target);
    }

    /** Each node of the tree has the next one as a child many times. */
    static Path repeatedPages(Path target) throws IOException {
        HostilePdf pdf = new HostilePdf();
        int levels = 8;
        for (int level = 0; level < levels; level++) {
            pdf.object("<</Type/Pages/Count 1000000000/Kids[%s]>>"
                    .formatted("%d 0 R ".formatted(level + 3).repeat(20)));
        }
        pdf.object(PAGE.formatted(levels + 3));
        pdf.stream("", text());
        return pdf.write(target);
    }

    /** A table of objects that all lie at the same place. */
    static Path objects(Path target, int objects) throws IOException {
        HostilePdf pdf = new HostilePdf();
        pdf.object("<</Type/Pages/Count 1/Kids[3 0 R]>>");
        pdf.object(PAGE.formatted(4));
        pdf.stream("", text());
        int last = pdf.offsets.get(3);
        int start = pdf.file.size();
        ByteArrayOutputStream table = new ByteArrayOutputStream();
        try (DeflaterOutputStream out = new DeflaterOutputStream(table)) {
            for (int i = 0; i < objects; i++) {
                int offset = i == 0 ? 0 : i <= 4 ? pdf.offsets.get(i - 1) : i == 5 ? start : last;
                out.write(new byte[] {
                    (byte) (i == 0 ? 0 : 1),
                    (byte) (offset >> 24),
                    (byte) (offset >> 16),
                    (byte) (offset >> 8),
                    (byte) offset,
                    0
                });
            }
        }
        pdf.stream("/Type/XRef/Size %d/W[1 4 1]/Root 1 0 R/Filter/FlateDecode".formatted(objects), table.toByteArray());
        pdf.bytes("startxref\n%d\n%%%%EOF\n".formatted(start).getBytes(StandardCharsets.ISO_8859_1));
        return Files.write(target, pdf.file.toByteArray());
    }

    /** The first page has text, the others have nothing. */
    static Path emptyPages(Path target, int pages) throws IOException {
        HostilePdf pdf = new HostilePdf();
        StringBuilder kids = new StringBuilder();
        for (int page = 0; page < pages; page++) {
            kids.append(page + 4 - (page == 0 ? 1 : 0)).append(" 0 R ");
        }
        pdf.object("<</Type/Pages/Count %d/Kids[%s]>>".formatted(pages, kids));
        pdf.object(PAGE.formatted(4));
        pdf.stream("", text());
        for (int page = 1; page < pages; page++) {
            pdf.object("<</Type/Page/Parent 2 0 R>>");
        }
        return pdf.write(target);
    }

    /** A page with text, then one of so many operators. */
    static Path operators(Path target, int operators) throws IOException {
        return packed(target, "1 0 0 1 0 0 cm\n".getBytes(StandardCharsets.ISO_8859_1), operators, "/FlateDecode");
    }

    /** A page with text, then one whose content is so many blanks, packed twice: 64 000 to 1. */
    static Path blanks(Path target, int blanks) throws IOException {
        byte[] runOf128 = {(byte) 129, ' '};
        return packed(target, runOf128, blanks / 128, "/FlateDecode/RunLengthDecode");
    }

    /** A page with text, and an attachment of so many blanks, packed twice. */
    static Path attachment(Path target, int blanks) throws IOException {
        byte[] runOf128 = {(byte) 129, ' '};
        HostilePdf pdf = new HostilePdf("/Names<</EmbeddedFiles<</Names[(a.txt) 5 0 R]>>>>");
        pdf.object("<</Type/Pages/Count 1/Kids[3 0 R]>>");
        pdf.object(PAGE.formatted(4));
        pdf.stream("", text());
        pdf.object("<</Type/Filespec/F(a.txt)/UF(a.txt)/EF<</F 6 0 R>>>>");
        pdf.stream("/Type/EmbeddedFile/Filter[/FlateDecode/RunLengthDecode]", deflated(runOf128, blanks / 128));
        return pdf.write(target);
    }

    private static Path packed(Path target, byte[] content, int times, String filters) throws IOException {
        HostilePdf pdf = new HostilePdf();
        pdf.object("<</Type/Pages/Count 2/Kids[3 0 R 5 0 R]>>");
        pdf.object(PAGE.formatted(4));
        pdf.stream("", text());
        pdf.object(PAGE.formatted(6));
        pdf.stream("/Filter[" + filters + "]", deflated(content, times));
        return pdf.write(target);
    }

    private static byte[] deflated(byte[] content, int times) throws IOException {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        ByteArrayOutputStream block = new ByteArrayOutputStream();
        for (int i = 0; i < 10_000; i++) {
            block.writeBytes(content);
        }
        try (OutputStream out = new DeflaterOutputStream(packed, new Deflater(Deflater.BEST_COMPRESSION))) {
            for (int i = 0; i < times / 10_000; i++) {
                out.write(block.toByteArray());
            }
        }
        return packed.toByteArray();
    }
}
