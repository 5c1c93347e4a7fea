package dev.streamingsaga.ocr;

import dev.streamingsaga.extractor.TextExtractor;
import dev.streamingsaga.ocr.PageRecognition.PageImage;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.Set;
import javax.imageio.ImageIO;
import javax.imageio.ImageReadParam;
import javax.imageio.ImageReader;
import javax.imageio.stream.FileCacheImageInputStream;
import javax.imageio.stream.ImageInputStream;

/**
 * Recognises the text of image files. Each image of a TIFF file is a page. Large images are read at a lower resolution.
 */
public final class ImageTextExtractor implements TextExtractor {
    public static final Set<String> TYPES = Set.of("image/png", "image/jpeg", "image/tiff");

    /** Scans of whole books are PDFs. */
    private static final int MAX_IMAGES = 10_000;

    private final Tesseract tesseract;
    private final Path temporary;

    /** @param temporary folder for a copy of the file */
    public ImageTextExtractor(Tesseract tesseract, Path temporary) {
        this.tesseract = tesseract;
        this.temporary = temporary;
    }

    @Override
    public void extract(SeekableByteChannel bytes, TextSink text) throws Exception {
        try (ImageInputStream in =
                new FileCacheImageInputStream(Channels.newInputStream(bytes.position(0)), temporary.toFile())) {
            Iterator<ImageReader> readers = ImageIO.getImageReaders(in);
            if (!readers.hasNext()) {
                throw new IOException("no image that can be read");
            }
            ImageReader reader = readers.next();
            try {
                reader.setInput(in, false, true);
                read(reader, text);
            } finally {
                reader.dispose();
            }
        }
    }

    private void read(ImageReader reader, TextSink text) throws IOException {
        int images = Math.min(MAX_IMAGES, Math.max(1, reader.getNumImages(true)));
        text.pages(images);
        PageRecognition recognition = new PageRecognition(tesseract, text);
        for (int i = 0; i < images; i++) {
            int image = i;
            text.text(recognition.read(i + 1, () -> paint(reader, image)));
            text.endPage();
        }
        recognition.warn();
    }

    private static PageImage paint(ImageReader reader, int image) throws IOException {
        double pixels = (double) reader.getWidth(image) * reader.getHeight(image);
        int step = (int) Math.max(1, Math.ceil(Math.sqrt(pixels / PageRecognition.MAX_PIXELS)));
        ImageReadParam smaller = reader.getDefaultReadParam();
        smaller.setSourceSubsampling(step, step, 0, 0);
        BufferedImage read = reader.read(image, smaller);
        BufferedImage grey = new BufferedImage(read.getWidth(), read.getHeight(), BufferedImage.TYPE_BYTE_GRAY);
        Graphics2D canvas = grey.createGraphics();
        canvas.setColor(Color.WHITE);
        canvas.fillRect(0, 0, grey.getWidth(), grey.getHeight());
        canvas.drawImage(read, 0, 0, null);
        canvas.dispose();
        return new PageImage(grey, PageRecognition.DPI);
    }
}
