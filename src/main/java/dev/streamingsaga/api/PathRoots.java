package dev.streamingsaga.api;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;

/** Folders of this machine that clients may name files in. What lies elsewhere is refused alike, whether it exists or not. */
final class PathRoots {
    private final List<Path> roots;

    PathRoots(List<Path> roots) {
        this.roots = roots;
    }

    /**
     * @return the real path, free of links
     * @throws Problem 403 outside the roots, also behind a link; 404 if there is no such file inside; 400 if it is no regular file
     */
    Path resolve(String wanted) throws IOException {
        Path path = path(wanted);
        if (roots.stream().noneMatch(path::startsWith)) {
            throw outside(wanted);
        }
        try {
            Path real = path.toRealPath();
            for (Path root : roots) {
                if (Files.exists(root) && real.startsWith(root.toRealPath())) {
                    if (!Files.isRegularFile(real, LinkOption.NOFOLLOW_LINKS)) {
                        throw new Problem(400, "no-file", Texts.shown(wanted) + " is a directory, a device or a pipe; name a regular file");
                    }
                    return real;
                }
            }
            throw outside(wanted);
        } catch (NoSuchFileException e) {
            throw new Problem(404, "no-file", "there is no file " + Texts.shown(wanted), e);
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
        throw new Problem(400, "bad-path", "path must be absolute, was " + Texts.shown(wanted));
    }

    private static Problem outside(String wanted) {
        return new Problem(403, "outside-roots", Texts.shown(wanted) + " is not inside saga.http.roots; nothing was read");
    }
}
