package dev.streamingsaga.intake;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;

/**
 * The folders of this machine in which clients may name files. A path elsewhere is rejected in the same way whether it
 * exists or not.
 */
public final class PathRoots {
    private final String key;
    private final List<Path> roots;

    /** @param key the setting that names the roots */
    public PathRoots(String key, List<Path> roots) {
        this.key = key;
        this.roots = roots;
    }

    /**
     * @return the real path, free of links
     * @throws DocumentRefusedException OUTSIDE if the path leaves the roots, also through a link; NOT_FOUND if there is
     *     no such file inside; MALFORMED if it is not the absolute path of a regular file, or cannot be resolved
     */
    public Path resolve(String requested) throws IOException {
        Path path = path(requested);
        if (roots.stream().noneMatch(path::startsWith)) {
            throw outside(requested);
        }
        Path real = real(path, requested);
        for (Path root : roots) {
            if (Files.exists(root) && real.startsWith(root.toRealPath())) {
                if (!Files.isRegularFile(real, LinkOption.NOFOLLOW_LINKS)) {
                    throw new DocumentRefusedException(
                            DocumentRefusedException.Kind.MALFORMED,
                            "no-file",
                            PrintableText.text(requested)
                                    + " is a directory, a device or a pipe; nothing was read, name a regular file");
                }
                return real;
            }
        }
        throw outside(requested);
    }

    /**
     * MALFORMED for every other error, since it is permanent: a loop of links, a name that is too long, a file in the
     * middle of the path.
     */
    private static Path real(Path path, String requested) {
        try {
            return path.toRealPath();
        } catch (NoSuchFileException e) {
            throw new DocumentRefusedException(
                    DocumentRefusedException.Kind.NOT_FOUND,
                    "no-file",
                    "there is no file " + PrintableText.text(requested) + "; nothing was read, check its name",
                    e);
        } catch (IOException e) {
            String reason = e instanceof FileSystemException failure && failure.getReason() != null
                    ? failure.getReason()
                    : "access denied";
            throw new DocumentRefusedException(
                    DocumentRefusedException.Kind.MALFORMED,
                    "no-file",
                    PrintableText.text(requested) + " cannot be reached: " + reason
                            + "; nothing was read, name a regular file",
                    e);
        }
    }

    private static Path path(String requested) {
        try {
            Path path = Path.of(requested);
            if (path.isAbsolute()) {
                return path.normalize();
            }
        } catch (InvalidPathException e) {
            // reported below, together with relative paths
        }
        throw new DocumentRefusedException(
                DocumentRefusedException.Kind.MALFORMED,
                "bad-path",
                "path must be absolute, was " + PrintableText.text(requested) + "; nothing was read");
    }

    private DocumentRefusedException outside(String requested) {
        return new DocumentRefusedException(
                DocumentRefusedException.Kind.OUTSIDE,
                "outside-roots",
                PrintableText.text(requested) + " is not inside " + key
                        + "; nothing was read, name a file there or send the content");
    }
}
