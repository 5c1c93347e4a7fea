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
 * Restricts access to a data directory. Mode 700 of the directory protects everything below it. Files have mode 600 as
 * well, since they may be copied or moved. Only names that this project writes are changed: the directory may contain
 * files of a hub.
 */
final class DirectoryAccess {
    private static final Pattern OWN_NAMES = Pattern.compile("bucket|broker|coordinator|logs|reports|spool|lock|host-id"
            + "|[a-z][a-z0-9-]*\\.(db|db-wal|db-shm|db-journal|port|credentials|secret|jwk)");
    private static final String LOST_AND_FOUND = "lost+found";
    private static final String OWNER_CHECK = ".owner-";
    private static final int MAX_FINDINGS = 10;

    private final Path configured;
    private final Path top;

    private DirectoryAccess(Path configured, Path top) {
        this.configured = configured;
        this.top = top;
    }

    /**
     * Creates the directory, or restricts an existing one to its owner.
     *
     * @param exclusive whether the directory is only a data directory; false in a hub
     * @throws ConfigException if it, or a file of this project in it, belongs to another user, or if it is open to
     *     other users and contains only foreign files
     */
    static void prepare(Path dir, boolean exclusive) throws IOException {
        if (Files.notExists(dir, LinkOption.NOFOLLOW_LINKS)) {
            Permissions.folder(dir);
            return;
        }
        DirectoryAccess access = of(dir);
        if (Files.getFileStore(access.top).supportsFileAttributeView("posix")) {
            access.restrict(exclusive);
        }
    }

    private static DirectoryAccess of(Path dir) throws IOException {
        try {
            Path top = dir.toRealPath();
            if (Files.isDirectory(top)) {
                return new DirectoryAccess(dir, top);
            }
        } catch (NoSuchFileException e) {
            throw ConfigException.of("the data directory " + dir
                    + " is a symbolic link to a missing file; choose another one with --data");
        }
        throw ConfigException.of("the data directory " + dir + " is not a directory; choose another one with --data");
    }

    private void restrict(boolean exclusive) throws IOException {
        UserPrincipal self = self();
        requireOwner(configured, self);
        requireOwner(top, self);
        List<Path> entries = entries();
        List<Path> ownEntries =
                entries.stream().filter(DirectoryAccess::isOwnName).toList();
        boolean open = Permissions.isOpen(Files.getPosixFilePermissions(top));
        if (open && (exclusive || ownEntries.size() == entries.size())) {
            if (ownEntries.isEmpty() && !entries.isEmpty()) {
                String mode = PosixFilePermissions.toString(Files.getPosixFilePermissions(top));
                throw ConfigException.of("the data directory " + configured + " is open to other users (" + mode
                        + ") and contains only files that are not Streaming Saga's, such as "
                        + entries.get(0).getFileName()
                        + "; choose a separate directory with --data, or chmod 700 this one");
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
        for (Path entry : ownEntries) {
            if (Files.isSymbolicLink(entry)) {
                requireOwner(entry.toRealPath(), self);
                Permissions.tighten(entry.toRealPath());
            }
            // A bucket may have a hundred thousand files. Those written while the directory had mode 700 are private.
            tighten(entry, self, open || !entry.endsWith("bucket"));
        }
    }

    /** Whether another user could have placed code there. */
    private boolean isChangeable(Path libraries) throws IOException {
        if (!Files.isDirectory(libraries)) {
            return false;
        }
        List<PosixFileAttributes> found = new ArrayList<>();
        walk(Objects.requireNonNull(libraries.getParent()), false, (path, attributes) -> found.add(attributes));
        walk(libraries, true, (path, attributes) -> found.add(attributes));
        return found.stream().anyMatch(each -> !each.isSymbolicLink() && Permissions.isWritable(each.permissions()));
    }

    /** Restricts the files that libraries created since the start with the mode of the umask. */
    static void tighten(Path dir) throws IOException {
        DirectoryAccess access = of(dir);
        if (Files.getFileStore(access.top).supportsFileAttributeView("posix")) {
            UserPrincipal owner = Files.getOwner(access.top);
            for (Path entry : access.entries()) {
                if (isOwnName(entry)) {
                    access.tighten(entry, owner, !entry.endsWith("bucket"));
                }
            }
        }
    }

    private List<Path> entries() throws IOException {
        try (Stream<Path> all = Files.list(top)) {
            return all.filter(entry -> !entry.endsWith(LOST_AND_FOUND)
                            && !entry.getFileName().toString().startsWith(OWNER_CHECK))
                    .toList();
        }
    }

    private static boolean isOwnName(Path entry) {
        return OWN_NAMES.matcher(entry.getFileName().toString()).matches();
    }

    /** The owner of files that this process creates there, which on some file systems is not the process's user. */
    private UserPrincipal self() throws IOException {
        try {
            // Not createTempFile: it would make the JDK read java.io.tmpdir before it is set.
            String name = OWNER_CHECK + ProcessHandle.current().pid() + "-" + System.nanoTime();
            Path check = Files.createFile(top.resolve(name));
            try {
                return Files.getOwner(check);
            } finally {
                Files.delete(check);
            }
        } catch (AccessDeniedException e) {
            throw ConfigException.of("the data directory " + configured + " belongs to " + Files.getOwner(top)
                    + " and is not writable; run as that user, or choose another one with --data");
        }
    }

    private void requireOwner(Path path, UserPrincipal self) throws IOException {
        UserPrincipal owner = Files.getOwner(path, LinkOption.NOFOLLOW_LINKS);
        if (!owner.equals(self) && !isLinkOfRoot(path)) {
            String location = path.equals(configured) && Files.isSymbolicLink(path)
                    ? " is a symbolic link that"
                    : path.equals(configured) || path.equals(top)
                            ? ""
                            : " contains " + (path.startsWith(top) ? top.relativize(path) : path) + ", which";
            throw ConfigException.of("the data directory " + configured + location + " belongs to " + owner
                    + " and not to "
                    + self
                    + ", the user of this process; run as " + owner + ", chown it, or choose another one with --data");
        }
    }

    /** Accepts a link that root created: an administrator may have moved the directory to another disk. */
    private static boolean isLinkOfRoot(Path path) throws IOException {
        return Files.isSymbolicLink(path)
                && Integer.valueOf(0).equals(Files.getAttribute(path, "unix:uid", LinkOption.NOFOLLOW_LINKS));
    }

    private void requirePrivate() throws IOException {
        if (Permissions.isOpen(Files.getPosixFilePermissions(top))) {
            throw ConfigException.of("the data directory " + configured
                    + " is open to other users, and its file system does not support changing the mode"
                    + "; mount it with umask=077, or choose another one with --data");
        }
    }

    private void tighten(Path entry, UserPrincipal self, boolean recursive) throws IOException {
        walk(entry, recursive, (path, attributes) -> {
            requireOwner(path, self);
            if (isOpen(attributes)) {
                Permissions.tighten(path);
            }
        });
    }

    /** Ignores the mode of a symbolic link: access depends on its target. */
    private static boolean isOpen(PosixFileAttributes attributes) {
        return !attributes.isSymbolicLink() && Permissions.isOpen(attributes.permissions());
    }

    private interface Visit {
        void to(Path path, PosixFileAttributes attributes) throws IOException;
    }

    /** Visits each file, link and folder. Follows no links, and ignores files that are removed meanwhile. */
    private static void walk(Path start, boolean recursive, Visit visit) throws IOException {
        Files.walkFileTree(start, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes found) throws IOException {
                visitFile(folder, found);
                return recursive ? FileVisitResult.CONTINUE : FileVisitResult.SKIP_SUBTREE;
            }

            @Override
            public FileVisitResult visitFile(Path path, BasicFileAttributes found) throws IOException {
                try {
                    visit.to(path, Files.readAttributes(path, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS));
                } catch (NoSuchFileException e) {
                    // removed meanwhile
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

    /**
     * Whether the path lies in the coordinator's object store, and the store's own folder keeps other users out. While
     * the coordinator runs, its library creates files there with the mode of the umask; they get 600 when it stops.
     */
    private boolean isInClosedStore(Path path) throws IOException {
        Path store = top.resolve("coordinator").resolve("store");
        return path.startsWith(store)
                && !path.equals(store)
                && !Permissions.isOpen(Files.getPosixFilePermissions(store));
    }

    /**
     * See {@link DataDirectory#findings}; at most {@value #MAX_FINDINGS} findings and a line with the number of others.
     */
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
                access.entries().stream().filter(DirectoryAccess::isOwnName).toList()) {
            walk(entry, true, (path, attributes) -> {
                if (!access.isInClosedStore(path)) {
                    access.finding(path, attributes, owner).ifPresent(found::add);
                }
            });
        }
        return found.size() <= MAX_FINDINGS
                ? found
                : Stream.concat(
                                found.stream().limit(MAX_FINDINGS),
                                Stream.of("and " + (found.size() - MAX_FINDINGS) + " more"))
                        .toList();
    }

    private Optional<String> finding(Path path, PosixFileAttributes attributes, UserPrincipal owner) {
        String name =
                path.equals(top) ? configured.toString() : top.relativize(path).toString();
        if (!attributes.owner().equals(owner)) {
            return Optional.of(name + " belongs to " + attributes.owner());
        }
        String mode = PosixFilePermissions.toString(attributes.permissions());
        return isOpen(attributes) ? Optional.of(name + " is " + mode) : Optional.empty();
    }
}
