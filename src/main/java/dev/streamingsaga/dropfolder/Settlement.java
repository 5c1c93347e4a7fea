package dev.streamingsaga.dropfolder;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.streamingsaga.config.SagaConfig.AfterDrop;
import dev.streamingsaga.config.SagaConfig.Drop;
import dev.streamingsaga.datadir.Permissions;
import dev.streamingsaga.ingest.IngestResult;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.journal.SagaState;
import dev.streamingsaga.journal.SourceIdentity;
import dev.streamingsaga.probe.SideEffects;
import dev.streamingsaga.source.SourceFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * After the end: the outcome is written, then the file moved. May be cut short anywhere and done again. One at a time for a
 * folder, whoever looks at it.
 */
final class Settlement {
    static final String DONE = ".done";

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int MAX_NAMES = 1000;
    private static final long MAX_JSON_BYTES = 4L * 1024 * 1024;

    private final Path root;
    private final boolean move;
    private final Marker marker;

    /** @param root a real path */
    Settlement(Path root, Drop drop, Marker marker) {
        this.root = root;
        this.move = drop.after() == AfterDrop.MOVE;
        this.marker = marker;
    }

    /** A saga with its outcome, which is asked for only if it was not written yet. */
    record Ended(String sagaId, SagaState state, Supplier<IngestResult> outcome) {}

    /**
     * @param watch what the saga saw; a file that looks otherwise by now is another one, and stays
     * @return false: somebody else is at it, to be tried again
     * @throws IOException to be tried again too
     */
    synchronized boolean settle(Watch watch, Ended ended) throws IOException {
        Path end = folder(root.resolve(ended.state() == SagaState.COMPLETED ? DONE : ".failed"));
        try (FileChannel channel = FileChannel.open(end.resolve(".lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE,
                LinkOption.NOFOLLOW_LINKS); FileLock lock = channel.tryLock()) {
            if (lock == null) {
                return false;
            }
            Path parent = root.relativize(watch.file()).getParent();
            settle(watch, ended, parent == null ? end : folder(end.resolve(parent)));
            return true;
        } catch (OverlappingFileLockException e) {
            return false; // another instance in this process
        }
    }

    /** What others could turn into a link would lead our files out of the folder. */
    private Path folder(Path folder) throws IOException {
        boolean made = !exists(folder);
        Files.createDirectories(folder);
        if (!folder.toRealPath().equals(folder)) {
            throw new IOException(folder + " is reached through a symbolic link");
        }
        if (made) {
            Permissions.shareAs(root, folder);
        }
        return folder;
    }

    private void settle(Watch watch, Ended ended, Path folder) throws IOException {
        boolean moved = move && look(watch.file()).filter(watch.identity()::equals).isPresent();
        String name = name(new OutcomeNames(watch.file().getFileName().toString(), ended.sagaId()), folder, ended.sagaId(), moved);
        Path json = folder.resolve(OutcomeNames.json(name));
        if (!exists(json)) {
            try (SideEffects.Span span = SideEffects.begin("drop", "outcome " + root.relativize(json))) {
                write(folder.resolve("." + ended.sagaId() + ".tmp"), json, ended.outcome().get());
            }
        }
        if (moved) {
            try (SideEffects.Span span = SideEffects.begin("drop", "move to " + root.relativize(folder.resolve(name)))) {
                move(watch, folder.resolve(name));
            }
        }
    }

    private static Optional<SourceIdentity> look(Path file) {
        try {
            return SourceFile.regularFile(file);
        } catch (SagaException e) {
            return Optional.empty();
        }
    }

    /** The first name that is free, or that we took before we were cut short. */
    private static String name(OutcomeNames names, Path folder, String sagaId, boolean forFile) throws IOException {
        for (int attempt = 0; attempt < MAX_NAMES; attempt++) {
            String name = names.candidate(attempt);
            Path json = folder.resolve(OutcomeNames.json(name));
            boolean free = !forFile || !exists(folder.resolve(name));
            if (free && (!exists(json) || isOf(json, sagaId))) {
                return name;
            }
        }
        throw new IOException("there are " + MAX_NAMES + " files of this name in " + folder + " already");
    }

    private static boolean isOf(Path json, String sagaId) throws IOException {
        if (!Files.isRegularFile(json, LinkOption.NOFOLLOW_LINKS) || Files.size(json) > MAX_JSON_BYTES) {
            return false;
        }
        try {
            return JSON.readTree(Files.readAllBytes(json)).path("sagaId").asText().equals(sagaId);
        } catch (com.fasterxml.jackson.core.JacksonException e) {
            return false; // somebody else's
        }
    }

    private void write(Path draft, Path json, IngestResult outcome) throws IOException {
        Files.deleteIfExists(draft);
        try (FileChannel out = FileChannel.open(draft, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            ByteBuffer bytes = ByteBuffer.wrap((JSON.writeValueAsString(outcome) + "\n").getBytes(StandardCharsets.UTF_8));
            while (bytes.hasRemaining()) {
                out.write(bytes);
            }
            out.force(true);
        }
        Permissions.shareAs(root, draft);
        Files.move(draft, json, StandardCopyOption.ATOMIC_MOVE);
    }

    /** A new file that took the place in the last moment is put back. */
    private void move(Watch watch, Path target) throws IOException {
        Path file = watch.file();
        Files.move(file, target, StandardCopyOption.ATOMIC_MOVE);
        if (look(target).filter(watch.identity()::looksLike).isEmpty() && !exists(file)) {
            Files.move(target, file, StandardCopyOption.ATOMIC_MOVE);
            return;
        }
        // With the file, so that its name alone does not make the next one complete.
        marker.remove(file);
    }

    private static boolean exists(Path path) {
        return Files.exists(path, LinkOption.NOFOLLOW_LINKS);
    }
}
