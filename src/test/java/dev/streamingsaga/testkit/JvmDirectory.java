package dev.streamingsaga.testkit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.extension.AnnotatedElementContext;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.io.TempDirFactory;

/**
 * Always the same temporary folder in a JVM, for classes that start the coordinator of a data directory in their own
 * JVM. A failed class is run again in the same JVM, where no coordinator can start on another folder.
 */
public final class JvmDirectory implements TempDirFactory {
    private static Path folder;

    @Override
    public Path createTempDirectory(AnnotatedElementContext element, ExtensionContext extension) throws IOException {
        synchronized (JvmDirectory.class) {
            if (folder == null) {
                folder = Files.createTempDirectory("jvm");
            }
            return Files.createDirectories(folder);
        }
    }
}
