package dev.streamingsaga.extractor;

import dev.streamingsaga.config.ConfigException;
import dev.streamingsaga.datadir.Permissions;
import dev.streamingsaga.digest.Sha256;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.apache.pdfbox.pdmodel.encryption.InvalidPasswordException;
import org.apache.tika.exception.EncryptedDocumentException;
import org.jspecify.annotations.Nullable;

/** Passwords that are tried on locked documents. Never logged. */
public final class Passwords {
    public static final Passwords NONE = new Passwords(List.of());

    private final List<String> all;

    private Passwords(List<String> all) {
        this.all = all;
    }

    /**
     * Reads a file with one password a line.
     *
     * @throws ConfigException if it cannot be read, or others than its owner have access to it
     */
    public static Passwords read(Path file) {
        try {
            if (Permissions.isShared(file)) {
                throw ConfigException.of("saga.content.passwords: " + file
                        + " contains passwords, and not only its owner has access to it; run chmod 600 on it");
            }
            return new Passwords(Files.readAllLines(file).stream()
                    .filter(line -> !line.isEmpty())
                    .toList());
        } catch (IOException e) {
            throw ConfigException.of("saga.content.passwords: " + file + " cannot be read ("
                    + e.getClass().getSimpleName() + "); it must be a text file in UTF-8 with one password a line");
        }
    }

    /** Shows that the passwords have changed: 16 bits, too few to find one. */
    public String mark() {
        return Sha256.of(String.join("\n", all)).substring(0, 4);
    }

    /** Reads a document without a password, then with each, until one opens it. */
    public void tryEach(Attempt attempt) throws Exception {
        @Nullable Exception locked;
        try {
            attempt.read(Optional.empty());
            return;
        } catch (InvalidPasswordException | EncryptedDocumentException e) {
            locked = e;
        }
        for (String password : all) {
            try {
                attempt.read(Optional.of(password));
                return;
            } catch (InvalidPasswordException | EncryptedDocumentException e) {
                locked = e;
            }
        }
        throw locked;
    }

    /** Fails with one of the exceptions for locked documents if the password is wrong. */
    public interface Attempt {
        void read(Optional<String> password) throws Exception;
    }
}
