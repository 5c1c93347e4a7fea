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

/** One look at the folder: every regular file that may be a document, links not followed, ignored names left out. */
final class DropScan extends SimpleFileVisitor<Path> {
    private static final int MAX_DEPTH = 32;

    private final Path root;
    private final Rules rules;
    private final DoneFileMarker marker;
    private final DeduplicatedWarnings complaints;
    private final BiConsumer<Path, SourceIdentity> found;

    /** @param recursive sub-folders too */
    record Rules(boolean recursive, IgnoredNames ignored) {}

    /** @param root a real path */
    DropScan(
            Path root,
            Rules rules,
            DoneFileMarker marker,
            DeduplicatedWarnings complaints,
            BiConsumer<Path, SourceIdentity> found) {
        this.root = root;
        this.rules = rules;
        this.marker = marker;
        this.complaints = complaints;
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
        // At the greatest depth directories come here too.
        if (attributes.isDirectory() || rules.ignored().matches(name(file)) || marker.isMarker(name(file))) {
            return FileVisitResult.CONTINUE;
        }
        if (attributes.isSymbolicLink()) {
            complaints.about(file, "is a symbolic link; links are not followed, it stays where it is");
        } else if (!attributes.isRegularFile()) {
            complaints.about(file, "is a device, a pipe or a socket; it stays where it is");
        } else if (!canBeWritten(file)) {
            complaints.about(
                    file,
                    "has a name that cannot be written in this process's encoding; rename it, or start with a UTF-8 locale");
        } else {
            look(file).ifPresent(identity -> found.accept(file, identity));
        }
        return FileVisitResult.CONTINUE;
    }

    private Optional<SourceIdentity> look(Path file) {
        try {
            return SourceFile.regularFile(file);
        } catch (SagaException e) {
            return Optional.empty(); // gone since it was listed, or hidden from us: the next look tells
        }
    }

    @Override
    public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
        if (file.equals(root)) {
            throw e;
        }
        if (Files.exists(file, java.nio.file.LinkOption.NOFOLLOW_LINKS)) {
            complaints.about(file, "cannot be looked at (" + e + "); it stays where it is");
        }
        return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult postVisitDirectory(Path dir, java.io.IOException e) {
        if (e != null) {
            complaints.about(dir, "could not be listed to its end (" + e + ")");
        }
        return FileVisitResult.CONTINUE;
    }

    /** The journal keeps paths as text. */
    private static boolean canBeWritten(Path file) {
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
