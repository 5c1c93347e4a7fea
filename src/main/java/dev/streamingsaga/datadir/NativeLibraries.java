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
 * Native code of libraries, unpacked once for a data directory instead of at each start into the system's temporary
 * folder, where it stays if the process is killed. Libraries only listen to system properties: one that somebody has
 * set is obeyed, and ours is taken back as soon as the library is loaded. If anything fails the library unpacks its
 * code by itself.
 */
public final class NativeLibraries {
    private static final Logger LOG = LoggerFactory.getLogger(NativeLibraries.class);
    private static final String LOADED = "dev.streamingsaga.native.";

    private final Path folder;

    private NativeLibraries(Path folder) {
        this.folder = folder;
    }

    /** Where those of a data directory are. */
    public static Path folder(Path dataDir) {
        return dataDir.toAbsolutePath().resolve("spool").resolve("native");
    }

    /**
     * A library's code.
     *
     * @param name starts the name of its folder; the rest changes with the code
     * @param property names the folder to the library
     * @param files on the class path, the last part of each being the file's name
     */
    public record Code(String name, String property, List<URL> files) {}

    /**
     * Loads a library, once in a JVM: one that was loaded by another class loader can't be loaded again from the same
     * file.
     *
     * @param load makes the library load its code; false or an error: it did not like ours
     */
    public static synchronized void load(Path folder, Code code, BooleanSupplier load) {
        boolean decided = System.getProperty(code.property) != null;
        if (decided || System.getProperties().putIfAbsent(LOADED + code.name, folder.toString()) != null) {
            return;
        }
        try {
            Optional<Path> unpacked = new NativeLibraries(folder).unpacked(code);
            if (unpacked.isPresent()) {
                loadFrom(unpacked.get(), code, load);
            }
        } catch (IOException | UncheckedIOException e) {
            LOG.warn(
                    "cannot unpack the native code of {} into {} ({}); it goes to the temporary folder",
                    code.name,
                    folder,
                    e.toString());
        }
    }

    private static void loadFrom(Path unpacked, Code code, BooleanSupplier load) {
        System.setProperty(code.property, unpacked.toString());
        try {
            if (!load.getAsBoolean()) {
                LOG.warn("{} does not take its native code from {}", code.name, unpacked);
            }
        } finally {
            System.clearProperty(code.property);
        }
    }

    /** Empty if this system's code is not on the class path. */
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

    /** As the archive has it, so that nothing needs to be read. */
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

    /** Another process may do so at the same time: the first whole one stays. */
    private void unpack(Code code, Path target) throws IOException {
        String unique = ProcessHandle.current().pid() + "-" + System.nanoTime();
        Path draft = Permissions.folder(folder.resolve(".new-" + unique));
        try {
            for (URL file : code.files) {
                copy(file, draft.resolve(name(file)));
            }
            try {
                Files.move(draft, target, StandardCopyOption.ATOMIC_MOVE);
            } catch (FileSystemException e) {
                if (!Files.isDirectory(target, LinkOption.NOFOLLOW_LINKS)) {
                    throw e;
                }
            }
        } finally {
            remove(draft);
        }
    }

    private static void copy(URL from, Path to) throws IOException {
        try (InputStream in = connection(from).getInputStream();
                FileChannel out = FileChannel.open(
                        to, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), Permissions.ofFile())) {
            in.transferTo(Channels.newOutputStream(out));
            // Its name must not be there after a power failure while its bytes are not.
            out.force(true);
        }
    }

    private static String name(URL file) {
        return file.getPath().substring(file.getPath().lastIndexOf('/') + 1);
    }

    /** Whoever could change it would have his code run by us. */
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
                throw new IOException(path + " is open to others, or belongs to another user; remove it");
            }
        }
    }

    /** Removes what killed processes have unpacked in part; nobody may be unpacking. */
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
            for (Path draft : found.toList()) {
                remove(draft);
            }
        }
    }

    /** They are unpacked again when they are needed. */
    static void discard(Path dataDir) throws IOException {
        remove(folder(dataDir));
    }

    private static void remove(Path draft) throws IOException {
        if (Files.notExists(draft)) {
            return;
        }
        try (Stream<Path> files = Files.walk(draft)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        }
    }
}
