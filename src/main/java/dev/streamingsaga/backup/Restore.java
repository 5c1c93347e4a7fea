package dev.streamingsaga.backup;

import com.fasterxml.jackson.databind.MappingIterator;
import dev.streamingsaga.audit.Actor;
import dev.streamingsaga.audit.AuditAction;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.database.Databases;
import dev.streamingsaga.datadir.DataDirectory;
import dev.streamingsaga.journal.Event;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.journal.SagaRecord;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Restores a backup into a data directory. Compares every file with the hash that the backup recorded, and gives the
 * directory its name only when all are written and synced.
 *
 * <p>A saga that was at work at the moment of the backup is PAUSED: it may have completed since, in a bucket that is
 * still there, so that nothing continues or compensates it but a person.
 */
public final class Restore {
    private static final Pattern DATABASE = Pattern.compile("[a-z0-9][a-z0-9-]*[.]db");
    private static final DateTimeFormatter STAMP =
            DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss").withZone(ZoneOffset.UTC);

    private final SagaConfig config;
    private final Path backup;
    private final Path dataDir;
    private final BackupProgress progress;
    private final BackupDescription description;

    private Restore(SagaConfig config, Path backup, BackupProgress progress) {
        this.config = config;
        this.backup = backup.toAbsolutePath().normalize();
        this.dataDir = config.dataDir().toAbsolutePath().normalize();
        this.progress = progress;
        this.description = BackupDescription.read(this.backup);
    }

    /**
     * @param replace whether an existing data directory, which no process may use, is moved aside first; it is kept
     * @throws BackupException if it is refused or fails; the data directory is as before then
     */
    public static RestoreResult run(SagaConfig config, Path backup, boolean replace, BackupProgress progress) {
        return new Restore(config, backup, progress).run(replace);
    }

    private RestoreResult run(boolean replace) {
        if (config.servers().journal().url().isPresent()) {
            throw new BackupException("the journal is on a server (saga.journal.url): restore it there, in the order of"
                    + " docs/backup.md; nothing was changed");
        }
        try {
            requireFree(replace);
            try (DraftDirectory draft = DraftDirectory.create(dataDir, ".restoring")) {
                try {
                    copyAll(draft.path());
                    List<String> paused = pauseUnfinished(draft.path());
                    Optional<Path> replaced = moveAside();
                    publish(draft, replaced);
                    return new RestoreResult(
                            dataDir,
                            Instant.parse(description.moment()),
                            description.documents(),
                            paused,
                            description.missing(),
                            description.notIncluded(),
                            replaced);
                } catch (IOException | RuntimeException e) {
                    draft.discard();
                    throw e;
                }
            }
        } catch (BackupException e) {
            throw e;
        } catch (IOException | RuntimeException e) {
            throw new BackupException(
                    "the restore of " + backup + " failed: " + e.getMessage() + "; " + dataDir + " is as before", e);
        }
    }

    /** If it fails, the data directory is where it was before. */
    private void publish(DraftDirectory draft, Optional<Path> replaced) throws IOException {
        try {
            draft.publish();
        } catch (IOException e) {
            if (replaced.isPresent() && !Files.exists(dataDir, LinkOption.NOFOLLOW_LINKS)) {
                Files.move(replaced.get(), dataDir, StandardCopyOption.ATOMIC_MOVE);
            }
            throw e;
        }
    }

    private void requireFree(boolean replace) throws IOException {
        if (backup.startsWith(dataDir) || dataDir.startsWith(backup)) {
            throw new BackupException(backup + " and the data directory " + dataDir
                    + " must not contain each other; move the backup elsewhere. Nothing was changed");
        }
        if (isEmpty(dataDir)) {
            return;
        }
        if (!replace) {
            throw new BackupException("the data directory " + dataDir
                    + " is not empty; name another one with --data, or move it aside with --replace."
                    + " Nothing was changed");
        }
        if (DataDirectory.isInUse(dataDir)) {
            throw new BackupException("the data directory " + dataDir
                    + " is in use by a running instance; stop it first. Nothing was changed");
        }
    }

    private static boolean isEmpty(Path directory) throws IOException {
        if (!Files.exists(directory, LinkOption.NOFOLLOW_LINKS)) {
            return true;
        }
        if (!Files.isDirectory(directory)) {
            return false;
        }
        try (Stream<Path> entries = Files.list(directory)) {
            return entries.findAny().isEmpty();
        }
    }

    private void copyAll(Path draft) throws IOException {
        if (!FileCopies.sha256(backup.resolve(FileCopies.LIST)).equals(description.filesSha256())) {
            throw damaged(FileCopies.LIST, "its SHA-256 is not that of " + BackupDescription.NAME);
        }
        FileCopies copies = new FileCopies(draft);
        long done = 0;
        try (MappingIterator<StoredFile> files = FileCopies.readList(backup)) {
            while (files.hasNext()) {
                StoredFile file = files.next();
                requireOwnName(file.path());
                if (Files.isSymbolicLink(backup.resolve(file.path()))) {
                    throw damaged(file.path(), "it is a symbolic link");
                }
                if (!copies.copy(backup.resolve(file.path()), file.path())) {
                    throw damaged(file.path(), "it is missing");
                }
                StoredFile copy = Objects.requireNonNull(copies.of(file.path()));
                if (!copy.equals(file)) {
                    throw damaged(
                            file.path(),
                            copy.sizeBytes() + " bytes with SHA-256 " + copy.sha256() + " instead of "
                                    + file.sizeBytes() + " with " + file.sha256());
                }
                done += file.sizeBytes();
                progress.report("restoring", done, description.sizeBytes());
            }
        }
        if (copies.all().size() != description.files()) {
            throw damaged(
                    FileCopies.LIST, "it names " + copies.all().size() + " files instead of " + description.files());
        }
    }

    /**
     * The list of a backup is input from outside: no name may lead out of the data directory, or to code or secrets.
     */
    private void requireOwnName(String name) {
        Path path = Path.of(name);
        boolean plain = !path.isAbsolute() && path.normalize().equals(path);
        boolean own = name.startsWith(BucketCopy.FOLDER + "/")
                || name.startsWith("spool/") && !name.startsWith("spool/native/")
                || DATABASE.matcher(name).matches();
        if (!plain || name.startsWith("..") || !own) {
            throw damaged(name, "no backup contains such a file");
        }
    }

    private BackupException damaged(String name, String why) {
        return new BackupException("the backup " + backup + " is damaged: " + name + ": " + why + "; " + dataDir
                + " is as before. Use another backup");
    }

    private List<String> pauseUnfinished(Path draft) {
        try (Databases.OpenDatabase database =
                Databases.open("journal", config.servers().journal(), draft)) {
            Journal journal = new Journal(database.dataSource(), Clock.systemUTC(), "restore");
            Path spool = Path.of(description.dataDir()).resolve("spool");
            journal.sagas().relocateSources(spool, dataDir.resolve("spool"));
            return pauseUnfinished(journal, "a backup of " + description.moment());
        }
    }

    /**
     * Pauses every unfinished saga of a journal that was restored on its server. Call it before the first node starts.
     *
     * @return the ids of the sagas
     */
    public static List<String> pauseUnfinished(SagaConfig config) {
        try (Databases.OpenDatabase database =
                Databases.open("journal", config.servers().journal(), config.dataDir())) {
            return pauseUnfinished(new Journal(database.dataSource(), Clock.systemUTC(), "restore"), "a backup");
        }
    }

    private static List<String> pauseUnfinished(Journal journal, String restoredFrom) {
        List<String> paused = new ArrayList<>();
        for (SagaRecord saga : journal.sagas().unfinished()) {
            if (journal.commands().pause(saga.sagaId())) {
                journal.events()
                        .append(saga.sagaId(), Event.EventKind.STATE, "", "paused: restored from " + restoredFrom, "");
                paused.add(saga.sagaId());
            }
        }
        journal.audit()
                .record(
                        Actor.osUser(),
                        AuditAction.RESTORE,
                        null,
                        null,
                        Map.of("from", restoredFrom, "paused", Integer.toString(paused.size()), "surface", "cli"));
        return paused;
    }

    private Optional<Path> moveAside() throws IOException {
        if (!Files.exists(dataDir, LinkOption.NOFOLLOW_LINKS)) {
            return Optional.empty();
        }
        if (isEmpty(dataDir)) {
            Files.delete(dataDir);
            return Optional.empty();
        }
        if (DataDirectory.isInUse(dataDir)) {
            throw new BackupException("the data directory " + dataDir + " is in use now; it was not replaced");
        }
        Path aside = dataDir.resolveSibling(dataDir.getFileName() + ".before-restore-" + STAMP.format(Instant.now()));
        Files.move(dataDir, aside, StandardCopyOption.ATOMIC_MOVE);
        return Optional.of(aside);
    }
}
