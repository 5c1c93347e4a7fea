package dev.streamingsaga.mail;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Splits a mailbox at its lines that begin with {@code From } after an empty line: the stream ends after each message,
 * and {@link #next} goes on to the next one. Such a line inside a message has a {@code >} before it, which is removed.
 */
final class MboxMessages extends InputStream {
    private static final byte[] SEPARATOR = "From ".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] QUOTED = ">From ".getBytes(StandardCharsets.US_ASCII);
    private static final int BUFFER_BYTES = 64 * 1024;

    private final BufferedInputStream mailbox;
    private boolean lineStart = true;
    private boolean emptyLineBefore = true;
    private boolean lineEmpty = true;
    private boolean atSeparator;

    MboxMessages(InputStream mailbox) {
        this.mailbox = new BufferedInputStream(mailbox, BUFFER_BYTES);
    }

    /** Skips the rest of the current message; false if there is no further one. */
    boolean next() throws IOException {
        while (!atSeparator) {
            if (read() < 0 && !atSeparator) {
                return false;
            }
        }
        atSeparator = false;
        lineStart = false;
        int b = read();
        while (b >= 0 && b != '\n') {
            b = read();
        }
        return b >= 0;
    }

    @Override
    public int read() throws IOException {
        if (lineStart && !atSeparator) {
            atSeparator = emptyLineBefore && startsWith(SEPARATOR);
            if (!atSeparator && startsWith(QUOTED)) {
                mailbox.read();
            }
        }
        if (atSeparator) {
            return -1;
        }
        int b = mailbox.read();
        lineStart = b == '\n';
        if (lineStart) {
            emptyLineBefore = lineEmpty;
        }
        lineEmpty = lineStart || lineEmpty && b == '\r';
        return b;
    }

    @Override
    public int read(byte[] target, int offset, int count) throws IOException {
        int done = 0;
        for (int b = 0; done < count && b >= 0; ) {
            b = read();
            if (b >= 0) {
                target[offset + done++] = (byte) b;
            }
        }
        return done == 0 && count > 0 ? -1 : done;
    }

    private boolean startsWith(byte[] expected) throws IOException {
        mailbox.mark(expected.length);
        byte[] found = mailbox.readNBytes(expected.length);
        mailbox.reset();
        return Arrays.equals(found, expected);
    }
}
