package dev.streamingsaga.backup;

import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SequenceWriter;
import dev.streamingsaga.datadir.Permissions;
import dev.streamingsaga.digest.Sha256;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Collection;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/** Copies files into a directory and remembers the size and SHA-256 of each copy. Not thread-safe. */
final class FileCopies {
    static final String LIST = "files.jsonl";
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Path to;
    private final Map<String, StoredFile> copied = new TreeMap<>();

    FileCopies(Path to) {
        this.to = to;
    }

    Collection<StoredFile> all() {
        return copied.values();
    }

    @org.jspecify.annotations.Nullable
    StoredFile of(String path) {
        return copied.get(path);
    }

    /**
     * Copies a file with its time and extended attributes, in which the embedded S3 server keeps checksums, and syncs
     * the copy.
     *
     * @param name of the copy below the target directory, with slashes
     * @return false if the file was removed meanwhile
     */
    boolean copy(Path file, String name) throws IOException {
        Path target = to.resolve(name);
        try {
            Permissions.folder(Objects.requireNonNull(target.getParent()));
            Files.copy(
                    file,
                    target,
                    StandardCopyOption.COPY_ATTRIBUTES,
                    StandardCopyOption.REPLACE_EXISTING,
                    LinkOption.NOFOLLOW_LINKS);
        } catch (NoSuchFileException e) {
            remove(name);
            return false;
        }
        Permissions.tighten(target);
        add(name);
        return true;
    }

    /** Records a file that is in the target directory already, and syncs it. */
    void add(String name) throws IOException {
        Path target = to.resolve(name);
        try (FileChannel written = FileChannel.open(target, StandardOpenOption.READ, StandardOpenOption.WRITE);
                InputStream bytes = Channels.newInputStream(written)) {
            written.force(true);
            copied.put(name, new StoredFile(name, written.size(), Sha256.of(bytes)));
        }
    }

    void remove(String name) throws IOException {
        copied.remove(name);
        Path folder = to.resolve(name);
        Files.deleteIfExists(folder);
        try {
            for (folder = folder.getParent(); folder != null && !folder.equals(to); folder = folder.getParent()) {
                Files.delete(folder);
            }
        } catch (DirectoryNotEmptyException | NoSuchFileException e) {
            // Other copies are still there, or nothing was ever written.
        }
    }

    /** Writes the list of all copies, and returns its SHA-256. */
    String writeList() throws IOException {
        Path list = to.resolve(LIST);
        try (FileChannel file = FileChannel.open(Permissions.file(list), StandardOpenOption.WRITE);
                OutputStream out = Channels.newOutputStream(file);
                SequenceWriter lines =
                        JSON.writer().withRootValueSeparator("\n").writeValues(out)) {
            for (StoredFile each : copied.values()) {
                lines.write(each);
            }
            lines.flush();
            file.force(true);
        }
        return sha256(list);
    }

    static MappingIterator<StoredFile> readList(Path directory) throws IOException {
        return JSON.readerFor(StoredFile.class)
                .readValues(directory.resolve(LIST).toFile());
    }

    static String sha256(Path file) throws IOException {
        try (InputStream bytes = Files.newInputStream(file)) {
            return Sha256.of(bytes);
        }
    }
}
