package dev.streamingsaga.dropfolder;

import dev.streamingsaga.journal.DroppedFile;
import dev.streamingsaga.journal.DroppedFileRepository;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.SourceIdentity;
import dev.streamingsaga.probe.SideEffects;
import dev.streamingsaga.source.SourceFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;

/**
 * Rechecks files for {@code saga.drop.watch-after} after their saga has ended: a writer that the system does not show
 * may still be writing. Moves a changed file back into the drop folder, where it is ingested again, and sends an alert.
 * The list of files is read from the journal each time, so that a restart or another process continues.
 */
final class Rechecks {
    private static final int MAX_FILES = 50_000;

    private final Path root;
    private final Journal journal;
    private final DroppedFileRepository files;
    private final Writers writers;
    private final ChangeAlerts alerts;
    private final DeduplicatedWarnings warnings;

    record RecheckDependencies(Journal journal, Writers writers, ChangeAlerts alerts, DeduplicatedWarnings warnings) {}

    Rechecks(Path root, RecheckDependencies parts) {
        this.root = root;
        this.journal = parts.journal();
        this.files = parts.journal().droppedFiles();
        this.writers = parts.writers();
        this.alerts = parts.alerts();
        this.warnings = parts.warnings();
    }

    void run() {
        Instant now = journal.clock().instant();
        for (DroppedFile file : files.of(root, MAX_FILES)) {
            try {
                check(file, !now.isBefore(file.until()));
            } catch (IOException | RuntimeException e) {
                warnings.warn(file.path(), "could not be rechecked (" + e + "); tried again at the next recheck");
            }
        }
    }

    private void check(DroppedFile file, boolean last) throws IOException {
        Optional<SourceIdentity> found = identity(file.path());
        if (found.isEmpty()) {
            // The record stays until its time is up: it shows that the file was moved once.
            if (last) {
                files.forget(file.path());
            }
            return;
        }
        SourceIdentity now = found.get();
        if (now.equals(file.identity()) && !last) {
            return;
        }
        boolean sameTimes = now.changedNanos() != 0 && now.equals(file.identity());
        SagaRecord saga = journal.sagas().find(file.sagaId()).orElseThrow();
        if (!sameTimes && !ChangeAlerts.isSameContent(saga, file.path(), file.identity(), now)) {
            changed(saga, file, now, last);
        } else if (last && writers.of(now, System.nanoTime()).isEmpty()) {
            files.forget(file.path());
        } else if (!now.equals(file.identity())) {
            files.unchanged(file.path(), now);
        }
    }

    private void changed(SagaRecord saga, DroppedFile file, SourceIdentity now, boolean last) {
        if (!file.wasMoved()) {
            // Another file with this name is meant to be a new version.
            boolean sameFile = now.fileKey().equals(file.identity().fileKey());
            if (sameFile) {
                alerts.afterEnd(saga, file, now);
            }
            if (!sameFile || last) {
                files.forget(file.path());
            }
            return;
        }
        alerts.afterEnd(saga, file, now);
        try (SideEffects.Span span = SideEffects.begin("drop", "return of " + root.relativize(file.path()))) {
            Settlement.folder(Objects.requireNonNull(file.path().getParent()));
            Settlement.folder(Objects.requireNonNull(file.source().getParent()));
            FileMove.back(file.path(), file.source(), file.sagaId());
        } catch (IOException e) {
            alerts.notMovedBack(saga, file, now, e);
        }
    }

    /** Empty if there is no regular file at this path. */
    private static Optional<SourceIdentity> identity(Path file) throws IOException {
        try {
            return SourceFile.regularFile(file);
        } catch (SagaException e) {
            if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
                throw new IOException(e.getMessage(), e);
            }
            return Optional.empty();
        }
    }
}
