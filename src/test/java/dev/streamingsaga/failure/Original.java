package dev.streamingsaga.failure;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Arrays;

/** A source file as it was before the saga. */
record Original(Path path, byte[] bytes, String look) {
    static Original of(Path path) {
        try {
            return new Original(path, Files.readAllBytes(path), look(path));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Same bytes, inode and modification time. */
    void assertUntouched() {
        try {
            assertThat(look(path))
                    .as("inode, size and modification time of " + path)
                    .isEqualTo(look);
            assertThat(Arrays.equals(Files.readAllBytes(path), bytes))
                    .as("same bytes in " + path)
                    .isTrue();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String look(Path path) throws IOException {
        BasicFileAttributes found = Files.readAttributes(path, BasicFileAttributes.class);
        return found.fileKey() + " " + found.size() + " " + found.lastModifiedTime();
    }
}
