package dev.streamingsaga.dropfolder;

import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.journal.SourceIdentity;
import dev.streamingsaga.source.SourceFile;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.EnumSet;
import java.util.Optional;
import java.util.function.BiConsumer;

/** One scan of the folder: finds every regular file that may be a document. Skips ignored names, follows no links. */
final class DropScan extends SimpleFileVisitor<Path> {
    private static final int MAX_DEPTH = 32;

    private final Path root;
    private final Rules rules;
    private final DoneFileMarker marker;
    private final DeduplicatedWarnings warnings;
    private final BiConsumer<Path, SourceIdentity> found;

    /** @param recursive whether sub-folders are scanned too */
    record Rules(boolean recursive, IgnoredNames ignored) {}

    /** @param root a real path */
    DropScan(
            Path root,
            Rules rules,
            DoneFileMarker marker,
            DeduplicatedWarnings warnings,
            BiConsumer<Path, SourceIdentity> found) {
        this.root = root;
        this.rules = rules;
        this.marker = marker;
        this.warnings = warnings;
        this.found = found;
    }

    void run() throws IOException {
        int depth = rules.recursive() ? MAX_DEPTH : 1;
        Files.walkFileTree(root, EnumSet.noneOf(java.nio.file.FileVisitOption.class), depth, this);
    }

    @Override
    public FileVisitResult preVisitDirectory(Path dir, BasicFileAttributes attributes) {
        boolean visited = dir.equals(root) || !rules.ignored().matches(name(dir));
        return visited ? FileVisitResult.CONTINUE : FileVisitResult.SKIP_SUBTREE;
    }

    @Override
    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
        // At the maximum depth walkFileTree passes directories to this method too.
        if (attributes.isDirectory() || rules.ignored().matches(name(file)) || marker.isMarker(name(file))) {
            return FileVisitResult.CONTINUE;
        }
        if (attributes.isSymbolicLink()) {
            warnings.warn(file, "is a symbolic link and is ignored; put the file itself into the folder");
        } else if (!attributes.isRegularFile()) {
            warnings.warn(file, "is a device, a pipe or a socket and is ignored");
        } else if (!isRepresentable(file)) {
            warnings.warn(
                    file,
                    "has a name that this process's encoding cannot represent;"
                            + " rename it, or start with a UTF-8 locale");
        } else {
            identity(file).ifPresent(identity -> found.accept(file, identity));
        }
        return FileVisitResult.CONTINUE;
    }

    private Optional<SourceIdentity> identity(Path file) {
        try {
            return SourceFile.regularFile(file);
        } catch (SagaException e) {
            return Optional.empty(); // removed since it was listed, or not readable: the next scan decides
        }
    }

    @Override
    public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
        if (file.equals(root)) {
            throw e;
        }
        if (Files.exists(file, java.nio.file.LinkOption.NOFOLLOW_LINKS)) {
            warnings.warn(file, "cannot be read (" + e + ") and is ignored; check its permissions");
        }
        return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult postVisitDirectory(Path dir, java.io.IOException e) {
        if (e != null) {
            warnings.warn(dir, "could not be listed completely (" + e + "); the next scan retries");
        }
        return FileVisitResult.CONTINUE;
    }

    /** The journal stores paths as text, so a path must survive the conversion. */
    private static boolean isRepresentable(Path file) {
        try {
            return Path.of(file.toString()).equals(file);
        } catch (InvalidPathException e) {
            return false;
        }
    }

    private static String name(Path path) {
        return String.valueOf(path.getFileName());
    }
}
