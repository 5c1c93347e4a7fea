package dev.streamingsaga.datadir;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumSet;
import java.util.Set;

/**
 * Creates files and folders that only their owner can access, whatever the umask. Without effect on file systems
 * without POSIX permissions (Windows).
 */
public final class Permissions {
    private static final Set<PosixFilePermission> OWNER = EnumSet.of(
            PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE, PosixFilePermission.OWNER_EXECUTE);
    private static final int STICKY = 01000;
    private static final boolean POSIX =
            FileSystems.getDefault().supportedFileAttributeViews().contains("posix");

    private Permissions() {}

    /** Creates a folder and its missing parents with mode 700. Does not change an existing one. */
    public static Path folder(Path folder) throws IOException {
        return Files.createDirectories(folder, mode("rwx------"));
    }

    /**
     * Creates an empty file with mode 600, so that a library does not create it with the mode of the umask. Does not
     * change an existing one.
     */
    public static Path file(Path file) throws IOException {
        try {
            return Files.createFile(file, ofFile());
        } catch (FileAlreadyExistsException e) {
            return file;
        }
    }

    /** Mode 600, for code that creates a file. */
    public static FileAttribute<?>[] ofFile() {
        return mode("rw-------");
    }

    private static FileAttribute<?>[] mode(String mode) {
        return POSIX
                ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(mode))}
                : new FileAttribute<?>[0];
    }

    /** Revokes all permissions of group and others. Ignores missing files and symbolic links. */
    public static void tighten(Path path) throws IOException {
        PosixFileAttributeView view =
                Files.getFileAttributeView(path, PosixFileAttributeView.class, LinkOption.NOFOLLOW_LINKS);
        try {
            if (view == null || view.readAttributes().isSymbolicLink()) {
                return;
            }
            Set<PosixFilePermission> permissions = view.readAttributes().permissions();
            if (isOpen(permissions)) {
                Set<PosixFilePermission> owners = EnumSet.copyOf(OWNER);
                owners.retainAll(permissions);
                view.setPermissions(owners);
            }
        } catch (NoSuchFileException e) {
            // Removed meanwhile.
        }
    }

    /**
     * Gives a new file or folder the read permissions of {@code folder}, whatever the umask. Only its owner may change
     * it.
     */
    public static void shareAs(Path folder, Path created) throws IOException {
        if (!POSIX) {
            return;
        }
        Set<PosixFilePermission> permissions = EnumSet.copyOf(Files.getPosixFilePermissions(folder));
        permissions.removeAll(Set.of(PosixFilePermission.GROUP_WRITE, PosixFilePermission.OTHERS_WRITE));
        permissions.addAll(OWNER);
        if (!Files.isDirectory(created)) {
            permissions.removeAll(Set.of(
                    PosixFilePermission.OWNER_EXECUTE,
                    PosixFilePermission.GROUP_EXECUTE,
                    PosixFilePermission.OTHERS_EXECUTE));
        }
        Files.setPosixFilePermissions(created, permissions);
    }

    /** Whether group or others have any permission for a file; false on systems without such permissions. */
    public static boolean isShared(Path file) throws IOException {
        return POSIX && isOpen(Files.getPosixFilePermissions(file));
    }

    /**
     * Whether group or others may replace the files in a folder: they may write to it, and it is not sticky as
     * {@code /tmp} is. False on systems without such permissions.
     */
    public static boolean isReplaceableByOthers(Path folder) throws IOException {
        return POSIX
                && isWritable(Files.getPosixFilePermissions(folder))
                && ((int) Files.getAttribute(folder, "unix:mode") & STICKY) == 0;
    }

    /** Whether group or others may write. */
    static boolean isWritable(Set<PosixFilePermission> permissions) {
        return permissions.contains(PosixFilePermission.GROUP_WRITE)
                || permissions.contains(PosixFilePermission.OTHERS_WRITE);
    }

    /** Whether group or others have any permission. */
    static boolean isOpen(Set<PosixFilePermission> permissions) {
        return !OWNER.containsAll(permissions);
    }
}
