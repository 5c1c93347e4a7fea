package dev.streamingsaga.dropfolder;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** Moves a file inside its file system without ever replacing another one. */
final class FileMove {
    private static final int NAMES = 1000;

    private FileMove() {}

    /**
     * Back to where it was dropped; under a name with the saga's id if there is another file of that name by now. If
     * the file is gone, somebody else has done it.
     */
    static void back(Path file, Path source, String sagaId) throws IOException {
        OutcomeNames names = new OutcomeNames(source.getFileName().toString(), sagaId);
        for (int attempt = 0; attempt < NAMES; attempt++) {
            try {
                replacingNothing(file, source.resolveSibling(names.candidate(attempt)));
                return;
            } catch (FileAlreadyExistsException e) {
                // the next name
            } catch (NoSuchFileException e) {
                if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
                    throw e;
                }
                return;
            }
        }
        throw new IOException("there are " + NAMES + " files named like " + source + " already");
    }

    /**
     * May be cut short and done again.
     *
     * @throws FileAlreadyExistsException if another file has the name
     */
    static void replacingNothing(Path file, Path target) throws IOException {
        try {
            // A rename would replace what appeared in the last moment.
            Files.createLink(target, file);
        } catch (FileAlreadyExistsException e) {
            if (!Files.isSameFile(file, target) || Files.isSymbolicLink(target)) {
                throw e;
            }
        } catch (UnsupportedOperationException | IOException e) {
            if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
                throw e;
            }
            // No links here, or none to files of other users: the look for a file of that name is the best there is.
            Files.move(file, target);
            return;
        }
        Files.delete(file);
    }
}
