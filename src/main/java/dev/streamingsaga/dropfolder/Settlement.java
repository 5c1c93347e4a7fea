package dev.streamingsaga.dropfolder;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.streamingsaga.config.EndpointConfig.AfterDrop;
import dev.streamingsaga.config.EndpointConfig.Drop;
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
 * Settles a file whose saga has ended: writes the outcome, then moves the file. Can be interrupted anywhere and
 * repeated. Only one process settles files of a folder at a time.
 */
final class Settlement {
    static final String DONE = ".done";

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int MAX_NAMES = 1000;
    private static final long MAX_JSON_BYTES = 4L * 1024 * 1024;

    private final Path root;
    private final Drop drop;
    private final SettlementDependencies parts;

    record SettlementDependencies(
            Journal journal, DoneFileMarker marker, Writers writers, DeduplicatedWarnings warnings) {}

    /** @param root a real path */
    Settlement(Path root, Drop drop, SettlementDependencies parts) {
        this.root = root;
        this.drop = drop;
        this.parts = parts;
    }

    /** A saga that has ended. Its outcome is computed only if it has not been written yet. */
    record EndedSaga(String sagaId, SagaState state, Supplier<IngestResult> outcome) {}

    /**
     * @param tracked the file as the saga read it; if it has changed since, it is another file and stays
     * @return false if another process is settling files, or a writer still has the file open; call again later
     * @throws IOException if the file system fails; call again later
     */
    synchronized boolean settle(TrackedFile tracked, Settlement.EndedSaga ended) throws IOException {
        if (isMove() && isUnchanged(tracked) && hasWriter(tracked)) {
            return false;
        }
        Path end = folder(root.resolve(ended.state() == SagaState.COMPLETED ? DONE : ".failed"));
        try (MoveLock lock = MoveLock.acquire(end, parts.journal().singletons())) {
            if (!lock.isHeld()) {
                return false;
            }
            Path parent = root.relativize(tracked.file()).getParent();
            settle(tracked, ended, parent == null ? end : folder(end.resolve(parent)));
            return true;
        }
    }

    /**
     * Writes the outcome of a saga whose file is no longer there. Writes none if the file was settled before.
     *
     * @return false if another process is settling files; call again later
     * @throws IOException if the file system fails; call again later
     */
    synchronized boolean settleDeleted(Path file, EndedSaga ended) throws IOException {
        Path end = folder(root.resolve(ended.state() == SagaState.COMPLETED ? DONE : ".failed"));
        try (MoveLock lock = MoveLock.acquire(end, parts.journal().singletons())) {
            if (lock.isHeld() && !parts.journal().droppedFiles().has(ended.sagaId())) {
                Path parent = root.relativize(file).getParent();
                writeOutcome(file, ended, parent == null ? end : folder(end.resolve(parent)), false);
            }
            return lock.isHeld();
        }
    }

    private boolean isMove() {
        return drop.after() == AfterDrop.MOVE;
    }

    /** A writer keeps writing to a file that was moved: the file would end up longer than its outcome says. */
    private boolean hasWriter(TrackedFile tracked) {
        Optional<String> writer = parts.writers().of(tracked.identity(), tracked.sinceNanos());
        writer.ifPresent(process -> parts.warnings()
                .warn(
                        tracked.file(),
                        "its saga has ended, but " + process
                                + " has it open for writing; it is moved once it is closed"));
        return writer.isPresent();
    }

    /**
     * Creates the folder. Rejects a symbolic link, which another user could plant to lead files out of the drop folder.
     */
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

    private void settle(TrackedFile tracked, Settlement.EndedSaga ended, Path folder) throws IOException {
        boolean unchanged = isUnchanged(tracked);
        boolean moved = isMove() && unchanged;
        String name = writeOutcome(tracked.file(), ended, folder, moved);
        if (moved) {
            move(tracked, ended, folder.resolve(name));
        } else if (unchanged) {
            recheck(tracked, ended, tracked.file(), tracked.identity().changedNanos());
        }
    }

    /** @return the name that the file gets beside its outcome */
    private String writeOutcome(Path file, EndedSaga ended, Path folder, boolean forFile) throws IOException {
        String name =
                name(new OutcomeNames(file.getFileName().toString(), ended.sagaId()), folder, ended.sagaId(), forFile);
        Path json = folder.resolve(OutcomeNames.json(name));
        if (!exists(json)) {
            try (SideEffects.Span span = SideEffects.begin("drop", "outcome " + root.relativize(json))) {
                write(
                        folder.resolve("." + ended.sagaId() + ".tmp"),
                        json,
                        ended.outcome().get());
            }
        }
        return name;
    }

    static boolean isUnchanged(TrackedFile tracked) {
        return identity(tracked.file()).filter(tracked.identity()::equals).isPresent();
    }

    /** Records the file for rechecks in the journal, so that they happen even if the process is killed now. */
    private void recheck(TrackedFile tracked, Settlement.EndedSaga ended, Path path, long changedNanos) {
        Duration time = drop.writers().watchAfter();
        if (!time.isZero()) {
            SourceIdentity seen = tracked.identity();
            SourceIdentity known =
                    new SourceIdentity(seen.fileKey(), seen.sizeBytes(), seen.modifiedNanos(), changedNanos);
            Instant until = parts.journal().clock().instant().plus(time);
            parts.journal()
                    .droppedFiles()
                    .add(root, new DroppedFile(path, tracked.file(), ended.sagaId(), known, until, 0));
        }
    }

    private static Optional<SourceIdentity> identity(Path file) {
        try {
            return SourceFile.regularFile(file);
        } catch (SagaException e) {
            return Optional.empty();
        }
    }

    /** The first free name, or the name that an interrupted settlement of this saga has used. */
    private static String name(OutcomeNames names, Path folder, String sagaId, boolean forFile) throws IOException {
        for (int attempt = 0; attempt < MAX_NAMES; attempt++) {
            String name = names.candidate(attempt);
            Path json = folder.resolve(OutcomeNames.json(name));
            boolean free = !forFile || !exists(folder.resolve(name));
            if (free && (!exists(json) || isOf(json, sagaId))) {
                return name;
            }
        }
        throw new IOException("no free name in " + folder + ": " + MAX_NAMES + " candidates are taken");
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
            return false; // not an outcome of ours
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

    private void move(TrackedFile tracked, Settlement.EndedSaga ended, Path target) throws IOException {
        recheck(tracked, ended, target, DroppedFile.UNKNOWN);
        // The file may have changed while the outcome was written.
        if (!isUnchanged(tracked)) {
            parts.journal().droppedFiles().forget(target);
            return;
        }
        Path file = tracked.file();
        try (SideEffects.Span span = SideEffects.begin("drop", "move to " + root.relativize(target))) {
            Files.move(file, target, StandardCopyOption.ATOMIC_MOVE);
        }
        Optional<SourceIdentity> moved = identity(target);
        if (moved.filter(tracked.identity()::looksLike).isEmpty()) {
            // Changed at the last moment, or another file took its name.
            FileMove.back(target, file, ended.sagaId());
            parts.journal().droppedFiles().forget(target);
            return;
        }
        // Remove the done file too, or the next file of this name would count as complete at once.
        parts.marker().remove(file);
        parts.journal().droppedFiles().unchanged(target, moved.get());
    }

    private static boolean exists(Path path) {
        return Files.exists(path, LinkOption.NOFOLLOW_LINKS);
    }
}
