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
 * Files and folders for nobody but their owner, whatever the umask. Without effect where permissions are unknown
 * (Windows).
 */
public final class Permissions {
    private static final Set<PosixFilePermission> OWNER = EnumSet.of(
            PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE, PosixFilePermission.OWNER_EXECUTE);
    private static final boolean POSIX =
            FileSystems.getDefault().supportedFileAttributeViews().contains("posix");

    private Permissions() {}

    /** Makes a folder with mode 700, and those above it that are missing. An existing one stays as it is. */
    public static Path folder(Path folder) throws IOException {
        return Files.createDirectories(folder, mode("rwx------"));
    }

    /**
     * Makes an empty file with mode 600, before a library makes it as the umask says. An existing one stays as it is.
     */
    public static Path file(Path file) throws IOException {
        try {
            return Files.createFile(file, ofFile());
        } catch (FileAlreadyExistsException e) {
            return file;
        }
    }

    /** Mode 600, for whoever opens a new file. */
    public static FileAttribute<?>[] ofFile() {
        return mode("rw-------");
    }

    private static FileAttribute<?>[] mode(String mode) {
        return POSIX
                ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(mode))}
                : new FileAttribute<?>[0];
    }

    /**
     * Takes from group and others what they may do with a file or folder. Leaves alone what is gone, and symbolic
     * links.
     */
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
            // Removed meanwhile: nobody can read it.
        }
    }

    /**
     * Lets those read a new file or folder who may read the folder that it was made for, whatever the umask. Nobody but
     * its owner may change it.
     */
    public static void shareAs(Path folder, Path made) throws IOException {
        if (!POSIX) {
            return;
        }
        Set<PosixFilePermission> permissions = EnumSet.copyOf(Files.getPosixFilePermissions(folder));
        permissions.removeAll(Set.of(PosixFilePermission.GROUP_WRITE, PosixFilePermission.OTHERS_WRITE));
        permissions.addAll(OWNER);
        if (!Files.isDirectory(made)) {
            permissions.removeAll(Set.of(
                    PosixFilePermission.OWNER_EXECUTE,
                    PosixFilePermission.GROUP_EXECUTE,
                    PosixFilePermission.OTHERS_EXECUTE));
        }
        Files.setPosixFilePermissions(made, permissions);
    }

    /** Whether anybody but the owner may change it. */
    static boolean isWritable(Set<PosixFilePermission> permissions) {
        return permissions.contains(PosixFilePermission.GROUP_WRITE)
                || permissions.contains(PosixFilePermission.OTHERS_WRITE);
    }

    /** Whether anybody but the owner may do anything. */
    static boolean isOpen(Set<PosixFilePermission> permissions) {
        return !OWNER.containsAll(permissions);
    }
}
