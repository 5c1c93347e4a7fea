package dev.streamingsaga.pdf;

import dev.streamingsaga.extractor.ReadingFailures;
import dev.streamingsaga.ocr.PageRecognition;
import dev.streamingsaga.ocr.PageRecognition.PageImage;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.pdfbox.cos.COSDictionary;
import org.apache.pdfbox.cos.COSName;
import org.apache.pdfbox.pdmodel.PDDocument;
import org.apache.pdfbox.pdmodel.PDPage;
import org.apache.pdfbox.pdmodel.PDResources;
import org.apache.pdfbox.pdmodel.common.PDRectangle;
import org.apache.pdfbox.pdmodel.graphics.PDXObject;
import org.apache.pdfbox.pdmodel.graphics.form.PDFormXObject;
import org.apache.pdfbox.pdmodel.graphics.image.PDImageXObject;
import org.apache.pdfbox.rendering.ImageType;
import org.apache.pdfbox.rendering.PDFRenderer;

/** Draws pages of a PDF that consist of images. Sizes that the PDF claims are limited. */
final class PdfPageImages {
    /** An A0 page at 300 dpi. */
    private static final long MAX_IMAGE_PIXELS = 150_000_000;

    private static final int MAX_DEPTH = 4;
    private static final int MAX_XOBJECTS = 2000;
    private static final float POINTS_PER_INCH = 72;

    private PdfPageImages() {}

    /** Whether it has images, itself or in its forms. */
    static boolean exist(PDPage page) {
        return !images(page).isEmpty();
    }

    private static List<PDImageXObject> images(PDPage page) {
        List<PDImageXObject> images = new ArrayList<>();
        PDResources resources = page.getResources();
        if (resources != null) {
            collect(resources, images, new int[] {MAX_XOBJECTS}, 0);
        }
        return images;
    }

    private static void collect(PDResources resources, List<PDImageXObject> images, int[] left, int depth) {
        for (COSName name : resources.getXObjectNames()) {
            if (left[0]-- <= 0) {
                return;
            }
            try {
                PDXObject object = resources.getXObject(name);
                if (object instanceof PDImageXObject image) {
                    images.add(image);
                } else if (object instanceof PDFormXObject form && form.getResources() != null && depth < MAX_DEPTH) {
                    collect(form.getResources(), images, left, depth + 1);
                }
            } catch (IOException e) {
                ReadingFailures.rethrowIfClosed(e);
                left[0]--; // a damaged image shows nothing
            }
        }
    }

    /** Draws the page at 300 dpi, or less if it is large. */
    static PageImage paint(PDPage page) throws IOException {
        for (PDImageXObject image : images(page)) {
            if ((long) image.getWidth() * image.getHeight() > MAX_IMAGE_PIXELS) {
                throw new IOException("an image of %d x %d pixels".formatted(image.getWidth(), image.getHeight()));
            }
        }
        PDRectangle box = page.getCropBox();
        double width = box.getWidth() / POINTS_PER_INCH;
        double height = box.getHeight() / POINTS_PER_INCH;
        if (!(width > 0 && height > 0 && Double.isFinite(width * height))) {
            throw new IOException("a page without an area");
        }
        double dpi = Math.min(PageRecognition.DPI, Math.sqrt(PageRecognition.MAX_PIXELS / (width * height)));
        if (Math.max(width, height) * dpi > PageRecognition.MAX_PIXELS) {
            throw new IOException("a page that is a line");
        }
        try (PDDocument single = new PDDocument()) {
            single.addPage(copy(page));
            PDFRenderer renderer = new PDFRenderer(single);
            renderer.setSubsamplingAllowed(true);
            return new PageImage(renderer.renderImageWithDPI(0, (float) dpi, ImageType.GRAY), (int) Math.max(1, dpi));
        }
    }

    /** A page of another document: the renderer would walk the page tree of this one, which may claim anything. */
    private static PDPage copy(PDPage page) {
        COSDictionary entries = new COSDictionary(page.getCOSObject());
        entries.removeItem(COSName.PARENT);
        PDPage copy = new PDPage(entries);
        copy.setResources(page.getResources());
        copy.setMediaBox(page.getMediaBox());
        copy.setCropBox(page.getCropBox());
        copy.setRotation(page.getRotation());
        return copy;
    }
}
