package dev.streamingsaga.testkit;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

/** The framing of a body on its connection; copies the body with its framing in bounded memory. */
final class HttpBody {
    private static final int BLOCK_BYTES = 64 * 1024;
    private static final long CHUNKED = -1;
    private static final long TO_END_OF_STREAM = -2;

    private final long length;

    private HttpBody(long length) {
        this.length = length;
    }

    static HttpBody ofRequest(HttpHead head) throws IOException {
        return new HttpBody(framing(head, 0));
    }

    static HttpBody ofReply(HttpHead head, String method) throws IOException {
        boolean bodiless = method.equals("HEAD") || head.status() == 204 || head.status() == 304;
        return new HttpBody(bodiless ? 0 : framing(head, TO_END_OF_STREAM));
    }

    private static long framing(HttpHead head, long fallback) throws IOException {
        if (head.has("Transfer-Encoding", "chunked")) {
            return CHUNKED;
        }
        String length = head.headers().get("Content-Length");
        try {
            return length == null ? fallback : Long.parseUnsignedLong(length);
        } catch (NumberFormatException e) {
            throw new IOException("bad Content-Length: " + length, e);
        }
    }

    boolean isEmpty() {
        return length == 0;
    }

    boolean endsWithConnection() {
        return length == TO_END_OF_STREAM;
    }

    /** The number of payload bytes, at most {@code count}, that still leave the body incomplete. */
    long unfinished(long count) {
        return length > 0 ? Math.min(count, length - 1) : count;
    }

    /** Copies to the end of the body, or until {@code payload} admits no more bytes. */
    void copy(InputStream in, OutputStream out, Payload payload) throws IOException {
        if (length == CHUNKED) {
            copyChunks(in, out, payload);
        } else if (length == TO_END_OF_STREAM) {
            in.transferTo(out);
        } else {
            copyBytes(in, out, payload, length);
        }
        out.flush();
    }

    private static void copyChunks(InputStream in, OutputStream out, Payload payload) throws IOException {
        while (true) {
            byte[] line = HttpHead.readLine(in);
            long size = chunkSize(HttpHead.text(line));
            if (size == 0) {
                if (payload.admitsEnd()) {
                    out.write(line);
                    copyTrailers(in, out);
                }
                return;
            }
            out.write(line);
            if (!copyBytes(in, out, payload, size)) {
                return;
            }
            out.write(HttpHead.readLine(in));
        }
    }

    private static void copyTrailers(InputStream in, OutputStream out) throws IOException {
        byte[] line;
        do {
            line = HttpHead.readLine(in);
            out.write(line);
        } while (!HttpHead.text(line).isEmpty());
    }

    private static long chunkSize(String line) throws IOException {
        try {
            return Long.parseUnsignedLong(line.split(";", 2)[0].strip(), 16);
        } catch (NumberFormatException e) {
            throw new IOException("bad chunk size: " + line, e);
        }
    }

    private static boolean copyBytes(InputStream in, OutputStream out, Payload payload, long count) throws IOException {
        byte[] block = new byte[(int) Math.min(BLOCK_BYTES, count)];
        for (long left = count; left > 0; ) {
            int read = in.read(block, 0, (int) Math.min(block.length, left));
            if (read < 0) {
                throw new EOFException("body ended " + left + " bytes early");
            }
            int admitted = payload.admit(block, read);
            out.write(block, 0, admitted);
            out.flush();
            if (admitted < read) {
                return false;
            }
            left -= read;
        }
        return true;
    }

    /** Filters the bytes of a body, without the framing of chunks. */
    interface Payload {
        Payload UNALTERED = (block, length) -> length;

        /** May change the block; returns how many of its first {@code length} bytes are copied; fewer end the copy. */
        int admit(byte[] block, int length);

        default boolean admitsEnd() {
            return true;
        }
    }

    /** Admits the first bytes, but never the end of the body. */
    static final class Cut implements Payload {
        private long left;

        Cut(long bytes) {
            left = bytes;
        }

        @Override
        public int admit(byte[] block, int length) {
            int admitted = (int) Math.min(length, left);
            left -= admitted;
            return admitted;
        }

        @Override
        public boolean admitsEnd() {
            return false;
        }
    }

    /** Flips one bit of the first byte of content. */
    static final class Flip implements Payload {
        private boolean withinLine;
        private volatile boolean done;

        /**
         * The {@code aws-chunked} encoding starts with a line of its own; changing it would break the request, not the
         * content.
         */
        Flip(HttpHead head) {
            withinLine = head.has("Content-Encoding", "aws-chunked");
        }

        @Override
        public int admit(byte[] block, int length) {
            int at = 0;
            while (withinLine && at < length) {
                withinLine = block[at++] != '\n';
            }
            if (!done && at < length) {
                block[at] ^= 1;
                done = true;
            }
            return length;
        }

        boolean done() {
            return done;
        }
    }
}
