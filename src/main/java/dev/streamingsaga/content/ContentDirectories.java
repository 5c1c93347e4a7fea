package dev.streamingsaga.content;

import dev.streamingsaga.datadir.Permissions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * Directories in which libraries write files.
 *
 * @param temporary temporary files; emptied at start
 * @param libraries native libraries and caches, kept
 */
record ContentDirectories(Path temporary, Path libraries) {
    static ContentDirectories open(Path dir) {
        ContentDirectories directories = new ContentDirectories(
                dir.resolve("content").toAbsolutePath(), dir.resolve("native").toAbsolutePath());
        try {
            Permissions.folder(directories.temporary);
            Permissions.folder(directories.libraries);
            directories.deleteTemporaryFiles();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot prepare %s for temporary files".formatted(dir), e);
        }
        directories.configureLibraries();
        return directories;
    }

    private void deleteTemporaryFiles() throws IOException {
        try (Stream<Path> files = Files.list(temporary)) {
            for (Path file : files.toList()) {
                Files.deleteIfExists(file);
            }
        }
    }

    /**
     * These libraries can only be configured by system properties; properties that are already set are kept. Without
     * them DJL queries the metadata service of the cloud and may download a CUDA build, and both DJL and PDFBox write
     * to the home directory.
     */
    private void configureLibraries() {
        for (List<String> property : List.of(
                List.of("ai.djl.offline", "true"),
                List.of("ENGINE_CACHE_DIR", libraries.toString()),
                List.of("pdfbox.fontcache", libraries.toString()))) {
            System.getProperties().putIfAbsent(property.get(0), property.get(1));
        }
    }
}
