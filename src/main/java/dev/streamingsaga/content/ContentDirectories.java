package dev.streamingsaga.content;

import dev.streamingsaga.datadir.Permissions;
import dev.streamingsaga.datadir.ProcessFolders;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;

/**
 * Directories in which libraries write files.
 *
 * @param temporary temporary files of this process, deleted at the end, or at a later start if it was killed
 * @param libraries native libraries and caches, kept
 */
record ContentDirectories(Path temporary, Path libraries) {
    static ContentDirectories open(Path dir) {
        Path parent = dir.resolve("content").toAbsolutePath();
        Path libraries = dir.resolve("native").toAbsolutePath();
        try {
            Permissions.folder(parent);
            ProcessFolders.sweep(parent);
            Permissions.folder(libraries);
            ContentDirectories directories = new ContentDirectories(ProcessFolders.create(parent), libraries);
            directories.configureLibraries();
            return directories;
        } catch (IOException e) {
            throw new UncheckedIOException("cannot prepare %s for temporary files".formatted(dir), e);
        }
    }

    void close() {
        ProcessFolders.delete(temporary);
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
