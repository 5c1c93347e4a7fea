package dev.streamingsaga.dropfolder;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;

/** Moves a file inside its file system without ever replacing another one. */
final class FileMove {
    private FileMove() {}

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
