package dev.streamingsaga.testkit;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import org.apache.pdfbox.cos.COSName;
import org.apache.pdfbox.io.IOUtils;
import org.apache.pdfbox.pdmodel.PDDocument;
import org.apache.pdfbox.pdmodel.PDDocumentInformation;
import org.apache.pdfbox.pdmodel.PDPage;
import org.apache.pdfbox.pdmodel.PDPageContentStream;
import org.apache.pdfbox.pdmodel.common.PDRectangle;
import org.apache.pdfbox.pdmodel.common.PDStream;
import org.apache.pdfbox.pdmodel.encryption.AccessPermission;
import org.apache.pdfbox.pdmodel.encryption.StandardProtectionPolicy;
import org.apache.pdfbox.pdmodel.font.PDType1Font;
import org.apache.pdfbox.pdmodel.font.Standard14Fonts;
import org.apache.pdfbox.pdmodel.graphics.color.PDDeviceRGB;
import org.apache.pdfbox.pdmodel.graphics.image.PDImageXObject;

/**
 * Writes real PDFs of any size in bounded memory. Each page has its own English and German sentences, derived from its
 * number, and an image of noise that does not compress. The same arguments give the same text and images.
 */
public final class SamplePdf {
    public static final String TITLE = "Streaming Saga sample";
    public static final String AUTHOR = "Käthe Beispiel";

    private static final float FONT_SIZE = 9;
    private static final float LINE = 12;
    private static final float MARGIN = 50;
    private static final int LINE_CHARS = 95;
    private static final int IMAGE_WIDTH = 256;
    private static final int TEXT_BYTES = 2_600;

    private static final List<String> ENGLISH = List.of(
            "The warehouse in Rotterdam sorted %d parcels overnight and lost none of them.",
            "Volunteers restored the bridge of district %d after the flood had carried two arches away.",
            "Engineers replaced bearing %d because its vibration exceeded the tolerance.",
            "The choir of parish %d rehearsed a requiem that nobody had sung for a century.",
            "Auditors found that invoice %d had been paid twice and asked for the money back.",
            "A fisherman sold %d herrings to a hotel whose cook preferred mackerel.",
            "Telescope %d recorded a faint comet shortly before dawn.");
    private static final List<String> GERMAN = List.of(
            "Die Bäckerei in Straße %d verkaufte außergewöhnlich süße Brötchen.",
            "Im Archiv fanden Prüfer %d vergilbte Landkarten über die Küste.",
            "Der Förster zählte %d Rehe, bevor der Nebel sich über die Wälder legte.",
            "Für die Überprüfung der Anlage %d wurden größere Behälter benötigt.",
            "Das Orchester übte Stück %d, bis die Geräusche der Straßenbahn verstummten.");

    private SamplePdf() {}

    /** Arguments: path, pages, megabytes. */
    public static void main(String[] args) throws IOException {
        write(Path.of(args[0]), Integer.parseInt(args[1]), Long.parseLong(args[2]) * 1_000_000);
    }

    /** The English sentence that only this page has. */
    public static String english(int page) {
        return "The lighthouse keeper of page %d counted %d gulls before breakfast.".formatted(page, gulls(page));
    }

    /** The German sentence that only this page has. */
    public static String german(int page) {
        return "Der Leuchtturmwärter von Seite %d zählte vor dem Frühstück %d Möwen.".formatted(page, gulls(page));
    }

    /** A sentence with a word that the page hyphenates at a line end: {@code Datenverarbei-/tungsanlage}. */
    public static String hyphenated(int page) {
        return "Die Datenverarbeitungsanlage Nummer %d läuft.".formatted(page);
    }

    private static long gulls(int page) {
        return 1_000 + page * 7_919L % 9_000;
    }

    /** @param targetBytes target size of the file, within a few percent; less than the text needs: no images */
    public static void write(Path path, int pages, long targetBytes) throws IOException {
        int imageBytes = (int) Math.min(Integer.MAX_VALUE / 2, Math.max(0, targetBytes / pages - TEXT_BYTES));
        try (PDDocument document = new PDDocument(IOUtils.createTempFileOnlyStreamCache());
                OutputStream out = new BufferedOutputStream(Files.newOutputStream(path), 1 << 20)) {
            PDDocumentInformation about = new PDDocumentInformation();
            about.setTitle(TITLE);
            about.setAuthor(AUTHOR);
            document.setDocumentInformation(about);
            PDType1Font font = new PDType1Font(Standard14Fonts.FontName.HELVETICA);
            for (int page = 1; page <= pages; page++) {
                addPage(document, font, page, imageBytes);
            }
            document.save(out);
        }
    }

    /** Writes a PDF of one page that needs a password. */
    public static Path writeLocked(Path path) throws IOException {
        try (PDDocument document = new PDDocument()) {
            document.addPage(new PDPage());
            document.protect(new StandardProtectionPolicy("owner", "user", new AccessPermission()));
            document.save(path.toFile());
        }
        return path;
    }

    private static void addPage(PDDocument document, PDType1Font font, int number, int imageBytes) throws IOException {
        PDPage page = new PDPage(PDRectangle.A4);
        document.addPage(page);
        try (PDPageContentStream content = new PDPageContentStream(document, page)) {
            int height = imageBytes / (IMAGE_WIDTH * 3);
            if (height > 0) {
                content.drawImage(noise(document, number, height), MARGIN, MARGIN, 200, 150);
            }
            content.beginText();
            content.setFont(font, FONT_SIZE);
            content.setLeading(LINE);
            content.newLineAtOffset(MARGIN, PDRectangle.A4.getHeight() - MARGIN);
            for (String line : text(number).split("\n")) {
                content.showText(line);
                content.newLine();
            }
            content.endText();
        }
    }

    private static String text(int page) {
        StringBuilder text = new StringBuilder();
        text.append(wrap(english(page))).append('\n').append(wrap(german(page))).append('\n');
        text.append(hyphenated(page).replace("verarbeitung", "verarbei-\ntung")).append('\n');
        StringBuilder filler = new StringBuilder();
        for (int i = 0; i < 14; i++) {
            List<String> sentences = i % 2 == 0 ? ENGLISH : GERMAN;
            filler.append(sentences.get((page + i / 2) % sentences.size()).formatted(page * 100L + i))
                    .append(' ');
        }
        return text.append(wrap(filler.toString())).toString();
    }

    private static String wrap(String text) {
        StringBuilder wrapped = new StringBuilder();
        int column = 0;
        for (String word : text.split(" ")) {
            if (column + word.length() > LINE_CHARS) {
                wrapped.append('\n');
                column = 0;
            } else if (column > 0) {
                wrapped.append(' ');
            }
            wrapped.append(word);
            column += word.length() + 1;
        }
        return wrapped.toString();
    }

    private static PDImageXObject noise(PDDocument document, int seed, int height) throws IOException {
        PDStream raw = new PDStream(document);
        byte[] row = new byte[IMAGE_WIDTH * 3];
        SplittableRandom random = new SplittableRandom(seed);
        try (OutputStream pixels = raw.createOutputStream()) {
            for (int y = 0; y < height; y++) {
                random.nextBytes(row);
                pixels.write(row);
            }
        }
        raw.getCOSObject().setItem(COSName.TYPE, COSName.XOBJECT);
        raw.getCOSObject().setItem(COSName.SUBTYPE, COSName.IMAGE);
        PDImageXObject image = new PDImageXObject(raw, null);
        image.setWidth(IMAGE_WIDTH);
        image.setHeight(height);
        image.setBitsPerComponent(8);
        image.setColorSpace(PDDeviceRGB.INSTANCE);
        return image;
    }
}
