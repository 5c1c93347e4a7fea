package dev.streamingsaga.api;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** The request headers of tus 1.0. */
final class TusHeaders {
    static final String VERSION = "1.0.0";
    static final String RESUMABLE = "Tus-Resumable";
    static final String OFFSET = "Upload-Offset";
    static final String LENGTH = "Upload-Length";
    static final String METADATA = "Upload-Metadata";
    static final String EXPIRES = "Upload-Expires";
    static final String CHECKSUM = "Upload-Checksum";
    static final String BODY_TYPE = "application/offset+octet-stream";
    /** Name in the header, name in Java. */
    static final Map<String, String> CHECKSUMS = Map.of("sha256", "SHA-256", "sha1", "SHA-1");

    private static final int MAX_METADATA_CHARS = 4096;

    private TusHeaders() {}

    /** @throws Problem 412 if the request is for another version */
    static void requireVersion(HttpCall call) {
        if (!call.header(RESUMABLE).filter(VERSION::equals).isPresent()) {
            throw new Problem(412, "tus-version", "the header Tus-Resumable must be " + VERSION + "; nothing was done")
                    .header("Tus-Version", VERSION);
        }
    }

    /** @throws Problem 400 if the header is missing or no number of bytes */
    static long bytes(HttpCall call, String name) {
        String value = call.header(name).orElse("");
        if (!value.matches("\\d{1,18}")) {
            throw new Problem(
                    400,
                    "bad-upload",
                    "the header " + name + " must be a number of bytes, was " + RequestText.shown(value)
                            + "; nothing was done");
        }
        return Long.parseLong(value);
    }

    /** @throws Problem 415 if the body has another type */
    static void requireBodyType(HttpCall call) {
        if (!call.header("Content-Type").filter(BODY_TYPE::equalsIgnoreCase).isPresent()) {
            throw new Problem(415, "bad-type", "Content-Type must be " + BODY_TYPE + "; nothing was read");
        }
    }

    /**
     * The decoded metadata.
     *
     * @throws Problem 400 if it is malformed or has more than 4096 characters
     */
    static Map<String, String> metadata(HttpCall call) {
        String header = call.header(METADATA).orElse("");
        if (header.length() > MAX_METADATA_CHARS) {
            throw badMetadata("it has more than " + MAX_METADATA_CHARS + " characters");
        }
        Map<String, String> values = new HashMap<>();
        for (String pair : header.isBlank() ? new String[0] : header.split(",", -1)) {
            String[] parts = pair.strip().split(" ", -1);
            if (parts.length > 2 || parts[0].isEmpty()) {
                throw badMetadata("it must be pairs of a key and a Base64 value, separated by commas");
            }
            if (values.put(parts[0], parts.length == 1 ? "" : decoded(parts[1])) != null) {
                throw badMetadata("the key " + RequestText.shown(parts[0]) + " is there twice");
            }
        }
        return values;
    }

    private static String decoded(String base64) {
        try {
            return new String(Base64.getDecoder().decode(base64), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw badMetadata("a value is no Base64");
        }
    }

    private static Problem badMetadata(String why) {
        return new Problem(400, "bad-metadata", METADATA + ": " + why + "; nothing was done");
    }

    /** @param algorithm as Java names it */
    record Checksum(String algorithm, byte[] value) {}

    /** @throws Problem 400 if the checksum is malformed or its algorithm is not supported */
    static Optional<Checksum> checksum(HttpCall call) {
        return call.header(CHECKSUM).map(header -> {
            String[] parts = header.strip().split(" ", -1);
            String algorithm = CHECKSUMS.get(parts[0].toLowerCase(Locale.ROOT));
            if (parts.length != 2 || algorithm == null) {
                List<String> names = new ArrayList<>(CHECKSUMS.keySet());
                names.sort(null);
                throw new Problem(
                        400,
                        "bad-checksum",
                        CHECKSUM + " must be one of " + String.join(", ", names)
                                + ", a space and the checksum in Base64; nothing was read");
            }
            try {
                return new Checksum(algorithm, Base64.getDecoder().decode(parts[1]));
            } catch (IllegalArgumentException e) {
                throw new Problem(400, "bad-checksum", CHECKSUM + " is no Base64; nothing was read", e);
            }
        });
    }
}
