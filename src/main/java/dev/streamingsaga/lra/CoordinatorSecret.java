package dev.streamingsaga.lra;

import dev.streamingsaga.datadir.PrivateFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The bearer token that a caller of the coordinator must present: a caller with access can cancel every saga. The
 * secret occurs in no URL, and so in no LRA id, log line, trace or error. Thread-safe.
 */
public final class CoordinatorSecret {
    /** Header of a request that carries the secret. */
    public static final String HEADER = "Authorization";

    private static final Pattern FORM = Pattern.compile("[\\x21-\\x7e]{16,}");
    private static final int BYTES = 32;

    private final String header;

    private CoordinatorSecret(String secret) {
        header = "Bearer " + secret;
    }

    /** @param configured 16 or more printable ASCII characters without blanks, validated at start; empty: no secret */
    public static Optional<CoordinatorSecret> of(String configured) {
        return configured.isEmpty() ? Optional.empty() : Optional.of(new CoordinatorSecret(configured));
    }

    /**
     * Uses the secret in a file, which is generated on first use and readable only by its owner.
     *
     * @throws IOException if the file cannot be read or written, or does not hold a secret
     */
    public static CoordinatorSecret kept(Path file) throws IOException {
        if (!Files.exists(file)) {
            byte[] random = new byte[BYTES];
            new SecureRandom().nextBytes(random);
            String text = Base64.getUrlEncoder().withoutPadding().encodeToString(random);
            PrivateFile.write(file, (text + "\n").getBytes(StandardCharsets.US_ASCII));
        }
        String secret = Files.readString(file, StandardCharsets.ISO_8859_1).strip();
        if (!FORM.matcher(secret).matches()) {
            throw new IOException(file + " must hold one line of 16 or more printable ASCII characters without blanks;"
                    + " delete it to generate a new one");
        }
        return new CoordinatorSecret(secret);
    }

    /** Value of {@link #HEADER}; for requests to the coordinator only. */
    public String header() {
        return header;
    }

    /**
     * Compares in constant time.
     *
     * @param value of {@link #HEADER} as received
     */
    public boolean matches(String value) {
        return MessageDigest.isEqual(
                header.getBytes(StandardCharsets.ISO_8859_1), value.getBytes(StandardCharsets.ISO_8859_1));
    }

    @Override
    public String toString() {
        return "CoordinatorSecret[hidden]";
    }
}
