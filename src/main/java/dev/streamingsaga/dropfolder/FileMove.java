package dev.streamingsaga.dropfolder;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** Moves a file within its file system without ever replacing another file. */
final class FileMove {
    private static final int NAMES = 1000;

    private FileMove() {}

    /**
     * Moves a file back to where it was dropped. If another file has that name by now, adds the saga's id to the name.
     * Does nothing if the file is gone: another process has moved it.
     */
    static void back(Path file, Path source, String sagaId) throws IOException {
        OutcomeNames names = new OutcomeNames(source.getFileName().toString(), sagaId);
        for (int attempt = 0; attempt < NAMES; attempt++) {
            try {
                replacingNothing(file, source.resolveSibling(names.candidate(attempt)));
                return;
            } catch (FileAlreadyExistsException e) {
                // try the next name
            } catch (NoSuchFileException e) {
                if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
                    throw e;
                }
                return;
            }
        }
        throw new IOException("cannot move " + file + " back: " + NAMES + " names like " + source + " are taken");
    }

    /**
     * Can be interrupted and repeated.
     *
     * @throws FileAlreadyExistsException if another file has the name
     */
    static void replacingNothing(Path file, Path target) throws IOException {
        try {
            // A rename would replace a file that appears at the last moment.
            Files.createLink(target, file);
        } catch (FileAlreadyExistsException e) {
            if (!Files.isSameFile(file, target) || Files.isSymbolicLink(target)) {
                throw e;
            }
        } catch (UnsupportedOperationException | IOException e) {
            if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
                throw e;
            }
            // No hard links here, or none to other users' files: checking the name first is the best that can be done.
            Files.move(file, target);
            return;
        }
        Files.delete(file);
    }
}
