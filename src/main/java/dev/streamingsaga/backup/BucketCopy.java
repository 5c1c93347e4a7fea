package dev.streamingsaga.backup;

import dev.streamingsaga.backup.JournalCopy.Objects;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Copies the files of the embedded bucket in two passes, one before and one after the databases are pinned: the first
 * keeps what is removed later, the second adds what was written meanwhile. Afterwards the copy holds every object that
 * the pinned journal names, and none of a saga that it does not know. Not thread-safe.
 */
final class BucketCopy {
    static final String FOLDER = "bucket";
    /** {@code <bucket>/<prefix …>/<documentId>/<sagaId>/<object>}: the saga is the folder of the object. */
    private static final int DEPTH_OF_OBJECTS = 4;

    private final Path bucket;
    private final FileCopies copies;
    private final Consumer<Long> progress;
    private final Map<String, Stamp> seen = new HashMap<>();

    /** @param progress receives the bytes of each file that was copied */
    BucketCopy(Path dataDir, FileCopies copies, Consumer<Long> progress) {
        this.bucket = dataDir.resolve(FOLDER);
        this.copies = copies;
        this.progress = progress;
    }

    private record Stamp(long sizeBytes, long modifiedNanos) {
        static Stamp of(BasicFileAttributes file) {
            return new Stamp(file.size(), file.lastModifiedTime().to(java.util.concurrent.TimeUnit.NANOSECONDS));
        }
    }

    /** The bytes of all files. */
    long sizeBytes() throws IOException {
        long[] sum = {0};
        walk((name, file, attributes) -> sum[0] += attributes.size());
        return sum[0];
    }

    void first() throws IOException {
        walk(this::copy);
    }

    /** Copies what is new or has changed, and removes what the pinned journal does not name. */
    void second(JournalCopy journal) throws IOException {
        Map<String, Stamp> before = Map.copyOf(seen);
        seen.clear();
        walk((name, file, attributes) -> {
            if (Stamp.of(attributes).equals(before.get(name)) && copies.of(name) != null) {
                seen.put(name, Stamp.of(attributes));
            } else if (isNamed(journal, name)) {
                copy(name, file, attributes);
            }
        });
        List<String> removed = new ArrayList<>();
        for (StoredFile copy : copies.all()) {
            if (copy.path().startsWith(FOLDER + "/") && !keeps(journal, copy.path())) {
                removed.add(copy.path());
            }
        }
        for (String name : removed) {
            copies.remove(name);
        }
    }

    /** An object that was removed meanwhile stays only if the document was complete. */
    private boolean keeps(JournalCopy journal, String name) {
        return isNamed(journal, name) && (seen.containsKey(name) || state(journal, name) == Objects.STORED);
    }

    /**
     * Whether the pinned journal names the object. Files that are no objects of a saga, such as that of the owner,
     * count too.
     */
    private static boolean isNamed(JournalCopy journal, String name) {
        return switch (state(journal, name)) {
            case STORED -> true;
            case CHANGING -> isSending(journal, name);
            case ENDED, UNKNOWN -> false;
        };
    }

    private static Objects state(JournalCopy journal, String name) {
        String[] folders = name.split("/");
        if (folders.length <= DEPTH_OF_OBJECTS) {
            return Objects.STORED;
        }
        try {
            return journal.objects(folders[folders.length - 2]);
        } catch (SQLException e) {
            throw unreadable(e);
        }
    }

    private static boolean isSending(JournalCopy journal, String name) {
        String[] folders = name.split("/");
        String key = name.substring(FOLDER.length() + 1 + folders[1].length() + 1);
        try {
            return journal.isSending(folders[folders.length - 2], key);
        } catch (SQLException e) {
            throw unreadable(e);
        }
    }

    private static BackupException unreadable(SQLException e) {
        return new BackupException("the copied journal cannot be read: " + e.getMessage(), e);
    }

    private void copy(String name, Path file, BasicFileAttributes attributes) throws IOException {
        if (copies.copy(file, name)) {
            seen.put(name, Stamp.of(attributes));
            progress.accept(attributes.size());
        }
    }

    @FunctionalInterface
    private interface Visit {
        void to(String name, Path file, BasicFileAttributes attributes) throws IOException;
    }

    /** Visits regular files; ignores those that are removed meanwhile, and drafts of objects that are being written. */
    private void walk(Visit visit) throws IOException {
        if (!Files.isDirectory(bucket)) {
            return;
        }
        Path root = bucket.toRealPath();
        Files.walkFileTree(root, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                if (attributes.isRegularFile()) {
                    visit.to(FOLDER + "/" + root.relativize(file).toString().replace('\\', '/'), file, attributes);
                }
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
                if (e instanceof NoSuchFileException) {
                    return FileVisitResult.CONTINUE;
                }
                throw e;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path folder, @org.jspecify.annotations.Nullable IOException e)
                    throws IOException {
                if (e != null && !(e instanceof NoSuchFileException)) {
                    throw e;
                }
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
