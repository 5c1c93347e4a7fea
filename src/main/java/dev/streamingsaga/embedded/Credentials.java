package dev.streamingsaga.embedded;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;

/** A name and a secret for an embedded server, generated once for a data directory. The file has mode 600: a line each. */
record Credentials(String name, String secret) {
    private static final int SECRET_BYTES = 32;
    private static final Set<PosixFilePermission> OWNER_ONLY =
            Set.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE);

    /** Reads the file, or makes it with this name and a secret of 256 random bits. */
    static Credentials in(Path file, String name) throws IOException {
        if (!Files.exists(file)) {
            write(file, new Credentials(name, random(SECRET_BYTES)));
        }
        List<String> lines = Files.readAllLines(file);
        if (lines.size() < 2 || lines.get(0).isBlank() || lines.get(1).isBlank()) {
            throw new IOException(file + " does not hold a name and a secret; delete it to have new ones made");
        }
        return new Credentials(lines.get(0).strip(), lines.get(1).strip());
    }

    private static void write(Path file, Credentials made) throws IOException {
        Path temporary = Files.createTempFile(file.toAbsolutePath().getParent(), "new", ".credentials.tmp");
        try {
            // createTempFile makes it 600 where the file system knows permissions; say so all the same before the secret is in.
            if (Files.getFileStore(temporary).supportsFileAttributeView("posix")) {
                Files.setPosixFilePermissions(temporary, OWNER_ONLY);
            }
            String text = made.name + "\n" + made.secret + "\n";
            Files.writeString(temporary, text, StandardOpenOption.WRITE, StandardOpenOption.SYNC);
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(temporary);
        }
    }

    /** So many random bytes, in hexadecimal. */
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
