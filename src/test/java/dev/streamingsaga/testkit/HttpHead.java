package dev.streamingsaga.testkit;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** The start line and headers of an HTTP/1.1 request or reply, with their original bytes. */
record HttpHead(byte[] raw, String[] startLine, Map<String, String> headers) {
    private static final int MAX_LINE_BYTES = 16 * 1024;
    private static final int MAX_BYTES = 128 * 1024;

    /** Empty if the peer closed the connection before it sent anything. */
    static Optional<HttpHead> read(InputStream in) throws IOException {
        ByteArrayOutputStream raw = new ByteArrayOutputStream(1024);
        byte[] first = readLine(in);
        if (first.length == 0) {
            return Optional.empty();
        }
        raw.writeBytes(first);
        Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        for (String line = next(in, raw); !line.isEmpty(); line = next(in, raw)) {
            int colon = line.indexOf(':');
            if (colon < 1) {
                throw new IOException("header without a colon");
            }
            headers.merge(
                    line.substring(0, colon), line.substring(colon + 1).strip(), (one, other) -> one + "," + other);
        }
        String[] start = text(first).split(" ", 3);
        if (start.length < 2) {
            throw new IOException("not a start line: " + text(first));
        }
        return Optional.of(new HttpHead(raw.toByteArray(), start, headers));
    }

    private static String next(InputStream in, ByteArrayOutputStream raw) throws IOException {
        byte[] line = readLine(in);
        if (line.length == 0 || raw.size() + line.length > MAX_BYTES) {
            throw new EOFException("head ends early or is longer than " + MAX_BYTES + " bytes");
        }
        raw.writeBytes(line);
        return text(line);
    }

    /** Reads one line with its line end; empty at the end of the stream. */
    static byte[] readLine(InputStream in) throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream(128);
        for (int b = in.read(); b >= 0; b = in.read()) {
            line.write(b);
            if (b == '\n') {
                return line.toByteArray();
            }
            if (line.size() > MAX_LINE_BYTES) {
                throw new IOException("line longer than " + MAX_LINE_BYTES + " bytes");
            }
        }
        if (line.size() > 0) {
            throw new EOFException("connection ended within a line");
        }
        return new byte[0];
    }

    static String text(byte[] line) {
        return new String(line, StandardCharsets.ISO_8859_1).stripTrailing();
    }

    String method() {
        return startLine[0];
    }

    /** The decoded path; keeps plus signs, as S3 keys do. */
    String path() {
        return URLDecoder.decode(startLine[1].split("\\?", 2)[0].replace("+", "%2B"), StandardCharsets.UTF_8);
    }

    String query() {
        String[] parts = startLine[1].split("\\?", 2);
        return parts.length == 2 ? parts[1] : "";
    }

    /** The status code; for responses only. */
    int status() throws IOException {
        try {
            return Integer.parseInt(startLine[1]);
        } catch (NumberFormatException e) {
            throw new IOException("not a status line: " + String.join(" ", startLine), e);
        }
    }

    /** Whether a header lists a token, in any case: {@code Connection: close}, {@code Transfer-Encoding: chunked}. */
    boolean has(String header, String token) {
        for (String value : headers.getOrDefault(header, "").split(",")) {
            if (value.strip().equalsIgnoreCase(token)) {
                return true;
            }
        }
        return false;
    }

    /** Whether the sender of this head leaves the connection open for another request. */
    boolean keepsAlive() {
        String version = startLine[0].startsWith("HTTP/") ? startLine[0] : startLine[startLine.length - 1];
        return version.equals("HTTP/1.1") && !has("Connection", "close");
    }
}
