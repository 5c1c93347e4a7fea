package dev.streamingsaga.backup;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.database.SqliteSnapshots;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/**
 * Backs up the embedded journal, stores and bucket as of one moment, while an instance runs or not. Changes nothing in
 * the data directory. Every completed document of that moment has its rows in each store and its objects in the backup.
 * A saga that was at work then is in the backup with its source, if that lies in the spool.
 *
 * <p>Not included: secrets, key files, logs, the coordinator's log (the journal continues without it), originals
 * outside the data directory, and what is on other servers.
 */
public final class Backup {
    private static final String JOURNAL = "journal.db";
    private static final long SPARE_BYTES = 64L * 1024 * 1024;

    private final SagaConfig config;
    private final Path dataDir;
    private final BackupProgress progress;
    private long done;
    private long total;

    private Backup(SagaConfig config, BackupProgress progress) {
        this.config = config;
        this.dataDir = config.dataDir().toAbsolutePath().normalize();
        this.progress = progress;
    }

    /**
     * Writes a backup to a new directory. It is written beside the target under another name, and renamed when every
     * file is synced: a directory of that name is always complete.
     *
     * @param target must not exist
     * @throws BackupException if it is refused or fails; what was written is removed, or by the next backup to the same
     *     target
     */
    public static BackupResult create(SagaConfig config, Path target, BackupProgress progress) {
        return new Backup(config, progress).create(target.toAbsolutePath().normalize());
    }

    private BackupResult create(Path target) {
        requireEmbedded();
        requireNew(target);
        try (DraftDirectory draft = DraftDirectory.create(target, ".part")) {
            try {
                BackupResult result = write(draft.path(), target);
                draft.publish();
                return result;
            } catch (IOException | SQLException | RuntimeException e) {
                draft.discard();
                throw e;
            }
        } catch (BackupException e) {
            throw e;
        } catch (IOException | SQLException | RuntimeException e) {
            throw new BackupException(
                    "the backup to " + target + " failed: " + e.getMessage()
                            + "; nothing was kept, and the instance has not changed",
                    e);
        }
    }

    private void requireEmbedded() {
        if (config.servers().journal().url().isPresent()) {
            throw new BackupException("the journal is on a server (saga.journal.url): back it up there, in the order of"
                    + " docs/backup.md; nothing was written");
        }
        if (!Files.isRegularFile(dataDir.resolve(JOURNAL), LinkOption.NOFOLLOW_LINKS)) {
            throw new BackupException("there is no journal in " + dataDir + "; choose the data directory with --data");
        }
    }

    private void requireNew(Path target) {
        if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
            throw new BackupException(target + " exists; name a new directory for the backup. Nothing was written");
        }
        if (target.startsWith(dataDir) || dataDir.startsWith(target)) {
            throw new BackupException(target + " and the data directory " + dataDir
                    + " must not contain each other; name a directory elsewhere, better on another disk");
        }
    }

    private BackupResult write(Path draft, Path target) throws IOException, SQLException {
        FileCopies copies = new FileCopies(draft);
        boolean bucketIsLocal = config.servers().s3().endpoint().isEmpty();
        BucketCopy bucket = new BucketCopy(dataDir, copies, this::copied);
        total = databaseBytes() + (bucketIsLocal ? bucket.sizeBytes() : 0);
        requireSpace(draft, total);
        if (bucketIsLocal) {
            bucket.first();
        }
        Instant moment = databases(draft, copies);
        try (JournalCopy journal = new JournalCopy(draft.resolve(JOURNAL))) {
            if (bucketIsLocal) {
                bucket.second(journal);
            }
            spool(journal, copies);
            List<String> missing = bucketIsLocal ? missing(journal, copies) : List.of();
            return describe(draft, target, new Contents(moment, journal, copies, missing));
        }
    }

    private record Contents(Instant moment, JournalCopy journal, FileCopies copies, List<String> missing) {}

    private BackupResult describe(Path draft, Path target, Contents contents) throws IOException, SQLException {
        long bytes = contents.copies().all().stream()
                .mapToLong(StoredFile::sizeBytes)
                .sum();
        BackupResult result = new BackupResult(
                target,
                contents.moment(),
                contents.journal().documents(),
                contents.journal().unfinished(),
                contents.copies().all().size(),
                bytes,
                contents.missing(),
                notIncluded());
        String list = contents.copies().writeList();
        new BackupDescription(
                        BackupDescription.FORMAT,
                        Instant.now().toString(),
                        result.moment().toString(),
                        dataDir.toString(),
                        result.documents(),
                        result.unfinished(),
                        result.files(),
                        result.sizeBytes(),
                        list,
                        result.missing(),
                        result.notIncluded())
                .write(draft);
        return result;
    }

    private void copied(long bytes) {
        done += bytes;
        progress.report("copying", done, Math.max(done, total));
    }

    private Instant databases(Path draft, FileCopies copies) throws IOException, SQLException {
        try (SqliteSnapshots snapshots = SqliteSnapshots.of(dataDir)) {
            for (String name : snapshots.names()) {
                snapshots.copy(name, draft.resolve(name));
                copies.add(name);
                copied(Files.size(draft.resolve(name)));
            }
            return snapshots.moment();
        }
    }

    /** Bodies that an unfinished saga has not sent yet. */
    private void spool(JournalCopy journal, FileCopies copies) throws SQLException, IOException {
        List<Path> sources = new ArrayList<>();
        journal.forEachUnfinishedSource(row -> sources.add(Path.of(row.getString("source"))));
        Path spool = dataDir.resolve("spool");
        for (Path source : sources) {
            if (source.isAbsolute() && source.normalize().startsWith(spool) && Files.isRegularFile(source)) {
                copies.copy(
                        source,
                        dataDir.relativize(source.normalize()).toString().replace('\\', '/'));
            }
        }
    }

    private List<String> missing(JournalCopy journal, FileCopies copies) throws SQLException {
        List<String> missing = new ArrayList<>();
        journal.forEachChunk(row -> {
            String name = BucketCopy.FOLDER + "/" + row.getString("bucket") + "/" + row.getString("object_key");
            StoredFile copy = copies.of(name);
            if (copy == null || !copy.sha256().equals(row.getString("sha256"))) {
                missing.add(name);
            }
        });
        return missing;
    }

    private List<String> notIncluded() {
        List<String> elsewhere = new ArrayList<>();
        if (config.servers().s3().endpoint().isPresent()) {
            elsewhere.add("bucket " + config.servers().s3().bucket() + " on its server");
        }
        new TreeMap<>(config.servers().stores()).forEach((store, database) -> {
            if (database.url().isPresent()) {
                elsewhere.add("store " + store + " on its server");
            }
        });
        return elsewhere;
    }

    private long databaseBytes() throws IOException {
        long sum = 0;
        try (var entries = Files.newDirectoryStream(dataDir, "*.db")) {
            for (Path entry : entries) {
                sum += Files.size(entry);
            }
        }
        return sum;
    }

    private static void requireSpace(Path draft, long bytes) throws IOException {
        long free = Files.getFileStore(draft).getUsableSpace();
        if (free < bytes + SPARE_BYTES) {
            throw new BackupException("the backup needs " + bytes + " bytes, and " + draft.getParent() + " has " + free
                    + " free; nothing was kept. Free some space, or name a directory on another disk");
        }
    }
}
