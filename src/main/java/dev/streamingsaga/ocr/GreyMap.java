package dev.streamingsaga.ocr;

import java.awt.image.BufferedImage;
import java.awt.image.Raster;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/** Writes an image in the simplest format that image programs read: PGM. */
final class GreyMap {
    private static final String HEADER = "P5\n%d %d\n255\n";

    private GreyMap() {}

    static void write(BufferedImage image, OutputStream out) throws IOException {
        int width = image.getWidth();
        out.write(HEADER.formatted(width, image.getHeight()).getBytes(StandardCharsets.US_ASCII));
        Raster raster = image.getRaster();
        int[] samples = new int[width];
        byte[] row = new byte[width];
        for (int y = 0; y < image.getHeight(); y++) {
            raster.getSamples(0, y, width, 1, 0, samples);
            for (int x = 0; x < width; x++) {
                row[x] = (byte) samples[x];
            }
            out.write(row);
        }
    }
}
