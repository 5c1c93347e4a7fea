package dev.streamingsaga.extraction;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;

/**
 * The protocol between a worker and its parent process: a byte that says what follows, then fields. Every length is
 * limited. A frame that exceeds a limit ends the worker, since a document may have taken control of it.
 */
final class Frames {
    /** To the worker, once: its settings. */
    static final int SETTINGS = 1;
    /** To the worker: a document to read, its type and size. */
    static final int DOCUMENT = 2;
    /** To the worker: the answer to {@link #READ}. */
    static final int BYTES = 3;

    /** From the worker: it begins to read the document. */
    static final int BEGUN = 10;
    /** From the worker: it needs bytes of the document. */
    static final int READ = 11;

    /** From the worker: the following pages belong to a file inside the document. */
    static final int PART = 18;

    static final int PAGES = 12;
    static final int TEXT = 13;
    static final int END_PAGE = 14;
    static final int ABOUT = 15;
    static final int WARNING = 16;
    /** From the worker: the document has been read; whether the worker can read another one. */
    static final int END = 17;

    /** From the worker: this host cannot read the document for now; why. */
    static final int UNAVAILABLE = 19;

    static final int MAX_READ_BYTES = 256 * 1024;
    static final int MAX_TEXT_CHARS = 32 * 1024;
    static final int MAX_LINE_CHARS = 4000;
    static final int MAX_SETTINGS = 1000;

    private Frames() {}

    /** Writes UTF-16: extracted text may have unpaired surrogates. */
    static void writeText(DataOutputStream out, CharSequence text, int from, int to) throws IOException {
        out.writeInt(to - from);
        for (int i = from; i < to; i++) {
            out.writeChar(text.charAt(i));
        }
    }

    /** Cuts a longer text. */
    static void writeLine(DataOutputStream out, String text) throws IOException {
        writeText(out, text, 0, Math.min(text.length(), MAX_LINE_CHARS));
    }

    static String readText(DataInputStream in, int maxChars) throws IOException {
        byte[] bytes = new byte[2 * length(in, maxChars)];
        in.readFully(bytes);
        char[] chars = new char[bytes.length / 2];
        for (int i = 0; i < chars.length; i++) {
            chars[i] = (char) ((bytes[2 * i] & 0xff) << 8 | bytes[2 * i + 1] & 0xff);
        }
        return new String(chars);
    }

    static int length(DataInputStream in, int max) throws IOException {
        int length = in.readInt();
        if (length < 0 || length > max) {
            throw new BrokenFrameException("a length of " + length + ", at most " + max + " is allowed");
        }
        return length;
    }

    /** The other side does not keep to the protocol. */
    static final class BrokenFrameException extends IOException {
        BrokenFrameException(String message) {
            super(message);
        }
    }
}
