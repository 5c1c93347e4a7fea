package dev.streamingsaga.content;

import dev.streamingsaga.datadir.Permissions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * Where libraries put their files.
 *
 * @param temporary emptied at start
 * @param libraries native libraries and caches, kept
 */
record ContentDirectories(Path temporary, Path libraries) {
    static ContentDirectories open(Path dir) {
        ContentDirectories spool = new ContentDirectories(
                dir.resolve("content").toAbsolutePath(), dir.resolve("native").toAbsolutePath());
        try {
            Permissions.folder(spool.temporary);
            Permissions.folder(spool.libraries);
            spool.sweep();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot prepare %s for temporary files".formatted(dir), e);
        }
        spool.configureLibraries();
        return spool;
    }

    private void sweep() throws IOException {
        try (Stream<Path> files = Files.list(temporary)) {
            for (Path file : files.toList()) {
                Files.deleteIfExists(file);
            }
        }
    }

    /**
     * These libraries only listen to system properties; whoever has set one keeps it. Without them DJL asks the cloud's
     * metadata service who we are and may load a CUDA build over the network, and both it and PDFBox write to the home
     * directory.
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
