package dev.streamingsaga.embedded;

import dev.streamingsaga.datadir.PrivateFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.List;

/**
 * A name and a secret for an embedded server, generated once per data directory. The file has mode 600 and one line for
 * each.
 */
record Credentials(String name, String secret) {
    private static final int SECRET_BYTES = 32;

    /** Reads the file, or creates it with this name and a secret of 256 random bits. */
    static Credentials in(Path file, String name) throws IOException {
        if (!Files.exists(file)) {
            String content = name + "\n" + random(SECRET_BYTES) + "\n";
            PrivateFile.write(file, content.getBytes(StandardCharsets.UTF_8));
        }
        List<String> lines = Files.readAllLines(file);
        if (lines.size() < 2 || lines.get(0).isBlank() || lines.get(1).isBlank()) {
            throw new IOException(file + " must hold a name and a secret; delete it to generate new ones");
        }
        return new Credentials(lines.get(0).strip(), lines.get(1).strip());
    }

    /** Random bytes in hexadecimal. */
    static String random(int bytes) {
        byte[] value = new byte[bytes];
        new SecureRandom().nextBytes(value);
        return HexFormat.of().formatHex(value);
    }

    @Override
    public String toString() {
        return "Credentials[" + name + "]";
    }
}
