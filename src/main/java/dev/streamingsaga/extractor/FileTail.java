package dev.streamingsaga.extractor;

import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;

/** Looks for the end marker of a file format, to recognise truncated files. */
public final class FileTail {
    public static final String OF_PDF = "startxref";
    public static final String OF_ZIP = "PK\u0005\u0006";

    /** The end marker of a zip file may be followed by a comment of 64 KiB. */
    private static final int BYTES = 64 * 1024 + 100;

    private FileTail() {}

    public static boolean contains(SeekableByteChannel file, String mark) throws IOException {
        file.position(Math.max(0, file.size() - BYTES));
        byte[] tail = Channels.newInputStream(file).readNBytes(BYTES);
        return new String(tail, StandardCharsets.ISO_8859_1).contains(mark);
    }
}
