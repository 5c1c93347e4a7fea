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

/** The embedded server's key pair, made once for a data directory. */
record S3Credentials(String accessKey, String secretKey) {
    private static final Set<PosixFilePermission> OWNER_ONLY =
            Set.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE);

    static S3Credentials in(Path dataDir) throws IOException {
        Path file = dataDir.resolve("s3.credentials");
        if (!Files.exists(file)) {
            write(file, new S3Credentials("saga" + random(8), random(32)));
        }
        List<String> lines = Files.readAllLines(file);
        if (lines.size() < 2 || lines.get(0).isBlank() || lines.get(1).isBlank()) {
            throw new IOException(file + " does not hold an access key and a secret key; delete it to have new ones made");
        }
        return new S3Credentials(lines.get(0).strip(), lines.get(1).strip());
    }

    private static void write(Path file, S3Credentials made) throws IOException {
        Path temporary = Files.createTempFile(file.toAbsolutePath().getParent(), "s3", ".tmp");
        try {
            // createTempFile makes it 600 where the file system knows permissions; say so all the same before the secret is in.
            if (Files.getFileStore(temporary).supportsFileAttributeView("posix")) {
                Files.setPosixFilePermissions(temporary, OWNER_ONLY);
            }
            Files.writeString(
                    temporary, made.accessKey + "\n" + made.secretKey + "\n", StandardOpenOption.WRITE, StandardOpenOption.SYNC);
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(temporary);
        }
    }

    private static String random(int bytes) {
        byte[] value = new byte[bytes];
        new SecureRandom().nextBytes(value);
        return HexFormat.of().formatHex(value);
    }

    @Override
    public String toString() {
        return "S3Credentials[" + accessKey + "]";
    }
}
