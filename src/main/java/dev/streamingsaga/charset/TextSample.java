package dev.streamingsaga.charset;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.channels.SeekableByteChannel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * The beginning, the middle and the end of a text file, {@value #PART_BYTES} bytes of each; all of it if it is shorter.
 */
public final class TextSample {
    /** A multiple of the longest code unit. */
    static final int PART_BYTES = 64 * 1024;

    private static final int TELLING_BYTES = 16 * 1024;

    private final List<byte[]> parts;

    private TextSample(List<byte[]> parts) {
        this.parts = List.copyOf(parts);
    }

    /** Moves the position of the channel. */
    public static TextSample of(SeekableByteChannel file) throws IOException {
        long size = file.size();
        if (size <= 3 * PART_BYTES) {
            return of(read(file, 0, (int) size));
        }
        List<byte[]> parts = new ArrayList<>();
        parts.add(read(file, 0, PART_BYTES));
        parts.add(read(file, size / 2, PART_BYTES));
        parts.add(read(file, size - PART_BYTES, PART_BYTES));
        return new TextSample(parts);
    }

    public static TextSample of(byte[] wholeText) {
        return new TextSample(List.of(wholeText.clone()));
    }

    private static byte[] read(SeekableByteChannel file, long position, int bytes) throws IOException {
        return Channels.newInputStream(file.position(position)).readNBytes(bytes);
    }

    byte[] beginning() {
        return parts.get(0);
    }

    /** All bytes; a later part begins with a line, unless it has none. */
    byte[] lines() {
        return join(part -> part);
    }

    /** Lines that are not ASCII, at most {@value #TELLING_BYTES} bytes of each part. */
    byte[] telling() {
        return join(TextSample::telling);
    }

    private byte[] join(UnaryOperator<byte[]> choice) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (int i = 0; i < parts.size(); i++) {
            byte[] part = parts.get(i);
            int start = i == 0 ? 0 : lineEnd(part, 0);
            all.writeBytes(choice.apply(start < part.length ? Arrays.copyOfRange(part, start, part.length) : part));
        }
        return all.toByteArray();
    }

    private static byte[] telling(byte[] part) {
        ByteArrayOutputStream lines = new ByteArrayOutputStream();
        for (int start = 0; start < part.length && lines.size() < TELLING_BYTES; ) {
            int end = lineEnd(part, start);
            if (!isAscii(part, start, end)) {
                lines.write(part, start, Math.min(end - start, TELLING_BYTES - lines.size()));
            }
            start = end;
        }
        return lines.toByteArray();
    }

    /** After the line feed of the line that begins there. */
    private static int lineEnd(byte[] part, int start) {
        int end = start;
        while (end < part.length && part[end] != '\n') {
            end++;
        }
        return Math.min(part.length, end + 1);
    }

    private static boolean isAscii(byte[] part, int start, int end) {
        for (int i = start; i < end; i++) {
            if (part[i] < 0) {
                return false;
            }
        }
        return true;
    }
}
