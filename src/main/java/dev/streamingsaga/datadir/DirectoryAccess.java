package dev.streamingsaga.datadir;

import dev.streamingsaga.config.ConfigException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Who may read a data directory. Mode 700 at its top is what protects all that lies below it. Files have 600 all the
 * same, since somebody may copy or move them. Only names that this project writes are touched: the directory may be a
 * hub's own.
 */
final class DirectoryAccess {
    private static final Pattern OURS = Pattern.compile("bucket|broker|coordinator|logs|reports|spool|lock"
            + "|[a-z][a-z0-9-]*\\.(db|db-wal|db-shm|db-journal|port|credentials|secret)");
    private static final String EMPTY_DISK = "lost+found";
    private static final String TRIAL = ".owner-";
    private static final int MOST_FINDINGS = 10;

    private final Path given;
    private final Path top;

    private DirectoryAccess(Path given, Path top) {
        this.given = given;
        this.top = top;
    }

    /**
     * Makes the directory, or restricts an existing one to its owner.
     *
     * @param alone whether nothing but a data directory may be there; false in a hub
     * @throws ConfigException if it, or anything of ours in it, belongs to somebody else, or it is open and not ours
     */
    static void prepare(Path dir, boolean alone) throws IOException {
        if (Files.notExists(dir, LinkOption.NOFOLLOW_LINKS)) {
            Permissions.folder(dir);
            return;
        }
        DirectoryAccess access = of(dir);
        if (Files.getFileStore(access.top).supportsFileAttributeView("posix")) {
            access.restrict(alone);
        }
    }

    private static DirectoryAccess of(Path dir) throws IOException {
        try {
            Path top = dir.toRealPath();
            if (Files.isDirectory(top)) {
                return new DirectoryAccess(dir, top);
            }
        } catch (NoSuchFileException e) {
            throw ConfigException.of(
                    "the data directory " + dir + " is a symbolic link to nothing; give another one with --data");
        }
        throw ConfigException.of("the data directory " + dir + " is not a directory; give another one with --data");
    }

    private void restrict(boolean alone) throws IOException {
        UserPrincipal self = self();
        requireOwner(given, self);
        requireOwner(top, self);
        List<Path> entries = entries();
        List<Path> ours = entries.stream().filter(DirectoryAccess::isOurs).toList();
        boolean open = Permissions.isOpen(Files.getPosixFilePermissions(top));
        if (open && (alone || ours.size() == entries.size())) {
            if (ours.isEmpty() && !entries.isEmpty()) {
                String mode = PosixFilePermissions.toString(Files.getPosixFilePermissions(top));
                throw ConfigException.of("the data directory " + given + " is open to other users (" + mode
                        + ") and has only files of something else, such as "
                        + entries.get(0).getFileName()
                        + "; give a directory of its own with --data, or chmod 700 it");
            }
            if (Permissions.isWritable(Files.getPosixFilePermissions(top))) {
                NativeLibraries.discard(top);
            }
            Permissions.tighten(top);
            requirePrivate();
        }
        if (isChangeable(NativeLibraries.folder(top))) {
            NativeLibraries.discard(top);
        }
        for (Path entry : ours) {
            if (Files.isSymbolicLink(entry)) {
                requireOwner(entry.toRealPath(), self);
                Permissions.tighten(entry.toRealPath());
            }
            // A bucket may have a hundred thousand files. What was written since the top is closed is closed, too.
            tighten(entry, self, open || !entry.endsWith("bucket"));
        }
    }

    /** Whether somebody else could have put code of his there. */
    private boolean isChangeable(Path libraries) throws IOException {
        if (!Files.isDirectory(libraries)) {
            return false;
        }
        List<PosixFileAttributes> found = new ArrayList<>();
        walk(Objects.requireNonNull(libraries.getParent()), false, (path, attributes) -> found.add(attributes));
        walk(libraries, true, (path, attributes) -> found.add(attributes));
        return found.stream().anyMatch(each -> !each.isSymbolicLink() && Permissions.isWritable(each.permissions()));
    }

    /** Restricts what libraries have made since the start, as the umask says. */
    static void tighten(Path dir) throws IOException {
        DirectoryAccess access = of(dir);
        if (Files.getFileStore(access.top).supportsFileAttributeView("posix")) {
            UserPrincipal owner = Files.getOwner(access.top);
            for (Path entry : access.entries()) {
                if (isOurs(entry)) {
                    access.tighten(entry, owner, !entry.endsWith("bucket"));
                }
            }
        }
    }

    private List<Path> entries() throws IOException {
        try (Stream<Path> all = Files.list(top)) {
            return all.filter(entry -> !entry.endsWith(EMPTY_DISK)
                            && !entry.getFileName().toString().startsWith(TRIAL))
                    .toList();
        }
    }

    private static boolean isOurs(Path entry) {
        return OURS.matcher(entry.getFileName().toString()).matches();
    }

    /** Who owns what this process makes there: not always the user of that name. */
    private UserPrincipal self() throws IOException {
        try {
            // Not createTempFile: with it the JDK would settle where temporary files go, before we have said so.
            String name = TRIAL + ProcessHandle.current().pid() + "-" + System.nanoTime();
            Path trial = Files.createFile(top.resolve(name));
            try {
                return Files.getOwner(trial);
            } finally {
                Files.delete(trial);
            }
        } catch (AccessDeniedException e) {
            throw ConfigException.of("the data directory " + given + " belongs to " + Files.getOwner(top)
                    + " and is not writable; run as that user, or give another one with --data");
        }
    }

    private void requireOwner(Path path, UserPrincipal self) throws IOException {
        UserPrincipal owner = Files.getOwner(path, LinkOption.NOFOLLOW_LINKS);
        if (!owner.equals(self) && !isLinkOfRoot(path)) {
            String what = path.equals(given) && Files.isSymbolicLink(path)
                    ? " is a symbolic link that"
                    : path.equals(given) || path.equals(top)
                            ? ""
                            : " has " + (path.startsWith(top) ? top.relativize(path) : path) + ", which";
            throw ConfigException.of("the data directory " + given + what + " belongs to " + owner + " and not to "
                    + self
                    + ", who runs this process; run as " + owner + ", chown it, or give another one with --data");
        }
    }

    /** An administrator may have moved the directory to another disk. */
    private static boolean isLinkOfRoot(Path path) throws IOException {
        return Files.isSymbolicLink(path)
                && Integer.valueOf(0).equals(Files.getAttribute(path, "unix:uid", LinkOption.NOFOLLOW_LINKS));
    }

    private void requirePrivate() throws IOException {
        if (Permissions.isOpen(Files.getPosixFilePermissions(top))) {
            throw ConfigException.of("the data directory " + given
                    + " is open to other users and its file system does not let that be"
                    + " changed; mount it with umask=077, or give another one with --data");
        }
    }

    private void tighten(Path entry, UserPrincipal self, boolean below) throws IOException {
        walk(entry, below, (path, attributes) -> {
            requireOwner(path, self);
            if (isOpen(attributes)) {
                Permissions.tighten(path);
            }
        });
    }

    /** What a symbolic link lets others do is up to what it names. */
    private static boolean isOpen(PosixFileAttributes attributes) {
        return !attributes.isSymbolicLink() && Permissions.isOpen(attributes.permissions());
    }

    private interface Visit {
        void to(Path path, PosixFileAttributes attributes) throws IOException;
    }

    /** Each file, link and folder. Links are not followed. Files come and go meanwhile. */
    private static void walk(Path start, boolean below, Visit visit) throws IOException {
        Files.walkFileTree(start, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes found) throws IOException {
                visitFile(folder, found);
                return below ? FileVisitResult.CONTINUE : FileVisitResult.SKIP_SUBTREE;
            }

            @Override
            public FileVisitResult visitFile(Path path, BasicFileAttributes found) throws IOException {
                try {
                    visit.to(path, Files.readAttributes(path, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS));
                } catch (NoSuchFileException e) {
                    // gone meanwhile
                }
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path path, IOException e) throws IOException {
                if (e instanceof NoSuchFileException) {
                    return FileVisitResult.CONTINUE;
                }
                throw e;
            }
        });
    }

    /** What anybody but the owner may read or change, without changing it; up to {@value #MOST_FINDINGS} lines. */
    static List<String> findings(Path dir) throws IOException {
        DirectoryAccess access = of(dir);
        if (!Files.getFileStore(access.top).supportsFileAttributeView("posix")) {
            return List.of();
        }
        UserPrincipal owner = Files.getOwner(access.top);
        List<String> found = new ArrayList<>();
        walk(
                access.top,
                false,
                (path, attributes) -> access.finding(path, attributes, owner).ifPresent(found::add));
        for (Path entry :
                access.entries().stream().filter(DirectoryAccess::isOurs).toList()) {
            walk(
                    entry,
                    true,
                    (path, attributes) ->
                            access.finding(path, attributes, owner).ifPresent(found::add));
        }
        return found.size() <= MOST_FINDINGS
                ? found
                : Stream.concat(
                                found.stream().limit(MOST_FINDINGS),
                                Stream.of("and " + (found.size() - MOST_FINDINGS) + " more"))
                        .toList();
    }

    private Optional<String> finding(Path path, PosixFileAttributes attributes, UserPrincipal owner) {
        String name = path.equals(top) ? given.toString() : top.relativize(path).toString();
        if (!attributes.owner().equals(owner)) {
            return Optional.of(name + " belongs to " + attributes.owner());
        }
        String mode = PosixFilePermissions.toString(attributes.permissions());
        return isOpen(attributes) ? Optional.of(name + " is " + mode) : Optional.empty();
    }
}
