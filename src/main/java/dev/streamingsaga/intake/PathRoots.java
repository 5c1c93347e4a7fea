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
 * Folders of this machine that clients may name files in. What lies elsewhere is refused alike, whether it exists or
 * not.
 */
public final class PathRoots {
    private final String key;
    private final List<Path> roots;

    /** @param key the setting that names them */
    public PathRoots(String key, List<Path> roots) {
        this.key = key;
        this.roots = roots;
    }

    /**
     * @return the real path, free of links
     * @throws DocumentRefusedException OUTSIDE the roots, also behind a link; NOT_FOUND inside; MALFORMED if it is no
     *     absolute path of a regular file, or cannot be followed
     */
    public Path resolve(String wanted) throws IOException {
        Path path = path(wanted);
        if (roots.stream().noneMatch(path::startsWith)) {
            throw outside(wanted);
        }
        Path real = real(path, wanted);
        for (Path root : roots) {
            if (Files.exists(root) && real.startsWith(root.toRealPath())) {
                if (!Files.isRegularFile(real, LinkOption.NOFOLLOW_LINKS)) {
                    throw new DocumentRefusedException(
                            DocumentRefusedException.Kind.MALFORMED,
                            "no-file",
                            PrintableText.text(wanted)
                                    + " is a directory, a device or a pipe; nothing was read, name a regular file");
                }
                return real;
            }
        }
        throw outside(wanted);
    }

    /**
     * Whatever keeps a path from being followed does so the next time too: a loop of links, a name too long, a file in
     * the place of a folder.
     */
    private static Path real(Path path, String wanted) {
        try {
            return path.toRealPath();
        } catch (NoSuchFileException e) {
            throw new DocumentRefusedException(
                    DocumentRefusedException.Kind.NOT_FOUND,
                    "no-file",
                    "there is no file " + PrintableText.text(wanted) + "; nothing was read, check its name",
                    e);
        } catch (IOException e) {
            String why = e instanceof FileSystemException told && told.getReason() != null
                    ? told.getReason()
                    : "access denied";
            throw new DocumentRefusedException(
                    DocumentRefusedException.Kind.MALFORMED,
                    "no-file",
                    PrintableText.text(wanted) + " cannot be reached: " + why
                            + "; nothing was read, name a regular file",
                    e);
        }
    }

    private static Path path(String wanted) {
        try {
            Path path = Path.of(wanted);
            if (path.isAbsolute()) {
                return path.normalize();
            }
        } catch (InvalidPathException e) {
            // told below, like a path that is only not absolute
        }
        throw new DocumentRefusedException(
                DocumentRefusedException.Kind.MALFORMED,
                "bad-path",
                "path must be absolute, was " + PrintableText.text(wanted) + "; nothing was read");
    }

    private DocumentRefusedException outside(String wanted) {
        return new DocumentRefusedException(
                DocumentRefusedException.Kind.OUTSIDE,
                "outside-roots",
                PrintableText.text(wanted) + " is not inside " + key
                        + "; nothing was read, name a file there or send the content");
    }
}
