package dev.streamingsaga.datadir;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.JarURLConnection;
import java.net.URL;
import java.net.URLConnection;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Unpacks the native code of libraries once per data directory. By default libraries unpack it at each start into the
 * system's temporary folder, where a killed process leaves it. A library finds its code by a system property: a value
 * that the user set is kept, and this class clears its own value as soon as the library is loaded. If unpacking fails,
 * the library unpacks its code itself.
 */
public final class NativeLibraries {
    private static final Logger LOG = LoggerFactory.getLogger(NativeLibraries.class);
    private static final String LOADED = "dev.streamingsaga.native.";

    private final Path folder;

    private NativeLibraries(Path folder) {
        this.folder = folder;
    }

    /** The folder of the native code in a data directory. */
    public static Path folder(Path dataDir) {
        return dataDir.toAbsolutePath().resolve("spool").resolve("native");
    }

    /**
     * The native code of a library.
     *
     * @param name prefix of the folder's name; the rest is a fingerprint of the code
     * @param property the system property that tells the library the folder
     * @param files resources on the class path; the last part of each URL is the file's name
     */
    public record Code(String name, String property, List<URL> files) {}

    /**
     * Loads a library, once per JVM: another class loader cannot load the same file again.
     *
     * @param load makes the library load its code; returns false if it could not
     */
    public static synchronized void load(Path folder, Code code, BooleanSupplier load) {
        boolean setByUser = System.getProperty(code.property) != null;
        if (setByUser || System.getProperties().putIfAbsent(LOADED + code.name, folder.toString()) != null) {
            return;
        }
        try {
            Optional<Path> unpacked = new NativeLibraries(folder).unpacked(code);
            if (unpacked.isPresent()) {
                loadFrom(unpacked.get(), code, load);
            }
        } catch (IOException | UncheckedIOException e) {
            LOG.warn(
                    "cannot unpack the native code of {} into {} ({}); the library uses the temporary folder",
                    code.name,
                    folder,
                    e.toString());
        }
    }

    private static void loadFrom(Path unpacked, Code code, BooleanSupplier load) {
        System.setProperty(code.property, unpacked.toString());
        try {
            if (!load.getAsBoolean()) {
                LOG.warn("{} cannot load its native code from {}", code.name, unpacked);
            }
        } finally {
            System.clearProperty(code.property);
        }
    }

    /** Empty if the class path has no code for this system. */
    private Optional<Path> unpacked(Code code) throws IOException {
        if (code.files.isEmpty()) {
            return Optional.empty();
        }
        StringBuilder version = new StringBuilder(code.name);
        for (URL file : code.files) {
            version.append('-').append(fingerprint(file));
        }
        Path target = Permissions.folder(folder).resolve(version.toString());
        if (!Files.isDirectory(target, LinkOption.NOFOLLOW_LINKS)) {
            unpack(code, target);
        }
        requirePrivate(target, code);
        return Optional.of(target);
    }

    /** The checksum from the archive's index, so that the file need not be read. */
    private static String fingerprint(URL file) throws IOException {
        URLConnection connection = connection(file);
        if (connection instanceof JarURLConnection jar) {
            try (var archive = jar.getJarFile()) {
                return Long.toHexString(jar.getJarEntry().getCrc());
            }
        }
        return Long.toHexString(connection.getLastModified()) + Long.toHexString(connection.getContentLengthLong());
    }

    private static URLConnection connection(URL file) throws IOException {
        URLConnection connection = file.openConnection();
        connection.setUseCaches(false);
        return connection;
    }

    /** Safe against other processes that unpack at the same time: the first complete folder is used. */
    private void unpack(Code code, Path target) throws IOException {
        String unique = ProcessHandle.current().pid() + "-" + System.nanoTime();
        Path partial = Permissions.folder(folder.resolve(".new-" + unique));
        try {
            for (URL file : code.files) {
                copy(file, partial.resolve(name(file)));
            }
            try {
                Files.move(partial, target, StandardCopyOption.ATOMIC_MOVE);
            } catch (FileSystemException e) {
                if (!Files.isDirectory(target, LinkOption.NOFOLLOW_LINKS)) {
                    throw e;
                }
            }
        } finally {
            remove(partial);
        }
    }

    private static void copy(URL from, Path to) throws IOException {
        try (InputStream in = connection(from).getInputStream();
                FileChannel out = FileChannel.open(
                        to, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), Permissions.ofFile())) {
            in.transferTo(Channels.newOutputStream(out));
            // After a power failure the name must not exist without its content.
            out.force(true);
        }
    }

    private static String name(URL file) {
        return file.getPath().substring(file.getPath().lastIndexOf('/') + 1);
    }

    /** Fails if another user could have changed the code. */
    private static void requirePrivate(Path target, Code code) throws IOException {
        Stream<Path> files = code.files.stream().map(file -> target.resolve(name(file)));
        for (Path path :
                Stream.concat(Stream.of(target.getParent(), target), files).toList()) {
            PosixFileAttributeView view =
                    Files.getFileAttributeView(path, PosixFileAttributeView.class, LinkOption.NOFOLLOW_LINKS);
            if (view == null) {
                return;
            }
            PosixFileAttributes found = view.readAttributes();
            if (Permissions.isOpen(found.permissions()) || !found.owner().equals(Files.getOwner(target))) {
                throw new IOException(path + " is open to other users, or belongs to one; remove it");
            }
        }
    }

    /** Removes incomplete folders of killed processes. No process may be unpacking meanwhile. */
    static void sweep(Path dataDir) throws IOException {
        Path folder = folder(dataDir);
        if (!Files.isDirectory(folder)) {
            return;
        }
        try (Stream<Path> found = Files.find(
                folder,
                2,
                (path, attributes) -> attributes.isDirectory()
                        && path.getFileName().toString().matches("\\.new-.*|tmp\\d+"))) {
            for (Path partial : found.toList()) {
                remove(partial);
            }
        }
    }

    /** Removes all unpacked code; it is unpacked again when needed. */
    static void discard(Path dataDir) throws IOException {
        remove(folder(dataDir));
    }

    private static void remove(Path directory) throws IOException {
        if (Files.notExists(directory)) {
            return;
        }
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        }
    }
}
