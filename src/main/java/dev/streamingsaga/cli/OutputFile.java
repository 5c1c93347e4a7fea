package dev.streamingsaga.cli;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Writes a small file that a user asked for. */
final class OutputFile {
    private OutputFile() {}

    /**
     * @param force replaces an existing file
     * @throws UsageException if it exists
     */
    static void write(Path file, byte[] content, boolean force) throws IOException {
        try {
            if (force) {
                Files.write(file, content);
            } else {
                Files.write(file, content, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
            }
        } catch (FileAlreadyExistsException e) {
            throw new UsageException(file + " exists; choose another -o, or overwrite it with --force");
        }
    }
}
