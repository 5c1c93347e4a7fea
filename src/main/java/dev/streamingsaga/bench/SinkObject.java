package dev.streamingsaga.bench;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * An object of the {@link S3Sink}.
 *
 * @param sha256 as the client sent it, in Base64
 * @param metadata with its prefix
 */
record SinkObject(byte[] bytes, String etag, Optional<String> sha256, Map<String, String> metadata) {
    private static final String DECODED_LENGTH = "x-amz-decoded-content-length";

    static SinkObject receive(HttpExchange call, String etag) throws IOException {
        Headers headers = call.getRequestHeaders();
        String decoded = headers.getFirst(DECODED_LENGTH);
        byte[] bytes = decoded == null
                ? call.getRequestBody().readAllBytes()
                : unchunked(new BufferedInputStream(call.getRequestBody(), 256 * 1024), Integer.parseInt(decoded));
        Map<String, String> metadata = new LinkedHashMap<>();
        headers.forEach((name, values) -> {
            if (name.toLowerCase(Locale.ROOT).startsWith(S3Sink.metadataPrefix())) {
                metadata.put(name, values.get(0));
            }
        });
        return new SinkObject(bytes, etag, Optional.ofNullable(headers.getFirst(S3Sink.sha256Header())), metadata);
    }

    /** The content coding {@code aws-chunked}; signatures and trailers are skipped. */
    private static byte[] unchunked(InputStream in, int length) throws IOException {
        byte[] bytes = new byte[length];
        int at = 0;
        for (int n = chunkLength(in); n > 0; n = chunkLength(in)) {
            if (in.readNBytes(bytes, at, n) < n) {
                throw new EOFException("a chunk is incomplete");
            }
            at += n;
            line(in);
        }
        in.transferTo(java.io.OutputStream.nullOutputStream());
        return bytes;
    }

    private static int chunkLength(InputStream in) throws IOException {
        return Integer.parseInt(line(in).replaceFirst(";.*", ""), 16);
    }

    private static String line(InputStream in) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int c = in.read(); c != '\n'; c = in.read()) {
            if (c < 0) {
                throw new EOFException("a line is incomplete");
            }
            if (c != '\r') {
                line.append((char) c);
            }
        }
        return line.toString();
    }
}
