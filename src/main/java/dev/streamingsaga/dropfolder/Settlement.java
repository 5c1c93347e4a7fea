package dev.streamingsaga.dropfolder;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.streamingsaga.config.SagaConfig.AfterDrop;
import dev.streamingsaga.config.SagaConfig.Drop;
import dev.streamingsaga.datadir.Permissions;
import dev.streamingsaga.ingest.IngestResult;
import dev.streamingsaga.journal.DroppedFile;
import dev.streamingsaga.journal.Journal;
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
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * After the end: the outcome is written, then the file moved. May be cut short anywhere and done again. One at a time
 * for a folder, whoever looks at it.
 */
final class Settlement {
    static final String DONE = ".done";

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int MAX_NAMES = 1000;
    private static final long MAX_JSON_BYTES = 4L * 1024 * 1024;

    private final Path root;
    private final Drop drop;
    private final Parts parts;

    record Parts(Journal journal, DoneFileMarker marker, Writers writers, DeduplicatedWarnings complaints) {}

    /** @param root a real path */
    Settlement(Path root, Drop drop, Parts parts) {
        this.root = root;
        this.drop = drop;
        this.parts = parts;
    }

    /** A saga with its outcome, which is asked for only if it was not written yet. */
    record EndedSaga(String sagaId, SagaState state, Supplier<IngestResult> outcome) {}

    /**
     * @param watch what the saga saw; a file that looks otherwise by now is another one, and stays
     * @return false: somebody else is at it, or still writes to the file; to be tried again
     * @throws IOException to be tried again too
     */
    synchronized boolean settle(TrackedFile watch, Settlement.EndedSaga ended) throws IOException {
        if (isMove() && isWritten(watch)) {
            return false;
        }
        Path end = folder(root.resolve(ended.state() == SagaState.COMPLETED ? DONE : ".failed"));
        try (FileChannel channel = FileChannel.open(
                        end.resolve(".lock"),
                        StandardOpenOption.CREATE,
                        StandardOpenOption.WRITE,
                        LinkOption.NOFOLLOW_LINKS);
                FileLock lock = channel.tryLock()) {
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

    private boolean isMove() {
        return drop.after() == AfterDrop.MOVE;
    }

    /** A writer goes on with the file wherever it lies: it would have more bytes in the end than its outcome says. */
    private boolean isWritten(TrackedFile watch) {
        Optional<String> writer = parts.writers().of(watch.identity(), watch.sinceNanos());
        writer.ifPresent(process -> parts.complaints()
                .about(
                        watch.file(),
                        "its saga has ended, but " + process
                                + " has it open for writing; it is moved when that has closed it"));
        return writer.isPresent();
    }

    /** What others could turn into a link would lead our files out of the folder. */
    static Path folder(Path folder) throws IOException {
        if (!exists(folder)) {
            Path parent = folder(Objects.requireNonNull(folder.getParent()));
            Files.createDirectories(folder);
            Permissions.shareAs(parent, folder);
        }
        if (!folder.toRealPath().equals(folder)) {
            throw new IOException(folder + " is reached through a symbolic link");
        }
        return folder;
    }

    private void settle(TrackedFile watch, Settlement.EndedSaga ended, Path folder) throws IOException {
        boolean unchanged = isUnchanged(watch);
        boolean moved = isMove() && unchanged;
        String name = name(
                new OutcomeNames(watch.file().getFileName().toString(), ended.sagaId()), folder, ended.sagaId(), moved);
        Path json = folder.resolve(OutcomeNames.json(name));
        if (!exists(json)) {
            try (SideEffects.Span span = SideEffects.begin("drop", "outcome " + root.relativize(json))) {
                write(
                        folder.resolve("." + ended.sagaId() + ".tmp"),
                        json,
                        ended.outcome().get());
            }
        }
        if (moved) {
            move(watch, ended, folder.resolve(name));
        } else if (unchanged) {
            recheck(watch, ended, watch.file(), watch.identity().changedNanos());
        }
    }

    static boolean isUnchanged(TrackedFile watch) {
        return identity(watch.file()).filter(watch.identity()::equals).isPresent();
    }

    /** The file is looked at again from now on, wherever the process is killed. */
    private void recheck(TrackedFile watch, Settlement.EndedSaga ended, Path path, long changedNanos) {
        Duration time = drop.writers().watchAfter();
        if (!time.isZero()) {
            SourceIdentity seen = watch.identity();
            SourceIdentity known =
                    new SourceIdentity(seen.fileKey(), seen.sizeBytes(), seen.modifiedNanos(), changedNanos);
            Instant until = parts.journal().clock().instant().plus(time);
            parts.journal().dropped().add(root, new DroppedFile(path, watch.file(), ended.sagaId(), known, until, 0));
        }
    }

    private static Optional<SourceIdentity> identity(Path file) {
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
            return JSON.readTree(Files.readAllBytes(json))
                    .path("sagaId")
                    .asText()
                    .equals(sagaId);
        } catch (com.fasterxml.jackson.core.JacksonException e) {
            return false; // somebody else's
        }
    }

    private void write(Path draft, Path json, IngestResult outcome) throws IOException {
        Files.deleteIfExists(draft);
        try (FileChannel out = FileChannel.open(draft, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            ByteBuffer bytes =
                    ByteBuffer.wrap((JSON.writeValueAsString(outcome) + "\n").getBytes(StandardCharsets.UTF_8));
            while (bytes.hasRemaining()) {
                out.write(bytes);
            }
            out.force(true);
        }
        Permissions.shareAs(root, draft);
        Files.move(draft, json, StandardCopyOption.ATOMIC_MOVE);
    }

    private void move(TrackedFile watch, Settlement.EndedSaga ended, Path target) throws IOException {
        recheck(watch, ended, target, DroppedFile.UNKNOWN);
        // The outcome took its time to be written.
        if (!isUnchanged(watch)) {
            parts.journal().dropped().forget(target);
            return;
        }
        Path file = watch.file();
        try (SideEffects.Span span = SideEffects.begin("drop", "move to " + root.relativize(target))) {
            Files.move(file, target, StandardCopyOption.ATOMIC_MOVE);
        }
        Optional<SourceIdentity> moved = identity(target);
        if (moved.filter(watch.identity()::looksLike).isEmpty()) {
            // Changed in the last moment, or another file that took the place.
            FileMove.back(target, file, ended.sagaId());
            parts.journal().dropped().forget(target);
            return;
        }
        // With the file, so that its name alone does not make the next one complete.
        parts.marker().remove(file);
        parts.journal().dropped().unchanged(target, moved.get());
    }

    private static boolean exists(Path path) {
        return Files.exists(path, LinkOption.NOFOLLOW_LINKS);
    }
}
