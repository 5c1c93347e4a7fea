package dev.streamingsaga.dropfolder;

import dev.streamingsaga.journal.DroppedFile;
import dev.streamingsaga.journal.DroppedFiles;
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
 * Looks again at files whose saga has ended, for {@code saga.drop.watch-after}: a writer that nobody can see may have
 * gone on. One that has changed is moved back into the drop folder, where it is ingested as it is then, and an alert
 * says so. Which files these are is read in the journal each time, so that a restart, or another process, goes on with
 * it.
 */
final class Rechecks {
    private static final int MOST = 50_000;

    private final Path root;
    private final Journal journal;
    private final DroppedFiles files;
    private final Writers writers;
    private final ChangeAlerts alerts;
    private final DeduplicatedWarnings complaints;

    record Parts(Journal journal, Writers writers, ChangeAlerts alerts, DeduplicatedWarnings complaints) {}

    Rechecks(Path root, Parts parts) {
        this.root = root;
        this.journal = parts.journal();
        this.files = parts.journal().dropped();
        this.writers = parts.writers();
        this.alerts = parts.alerts();
        this.complaints = parts.complaints();
    }

    void look() {
        Instant now = journal.clock().instant();
        for (DroppedFile file : files.of(root, MOST)) {
            try {
                check(file, !now.isBefore(file.until()));
            } catch (IOException | RuntimeException e) {
                complaints.about(file.path(), "could not be looked at again (" + e + "); tried again");
            }
        }
    }

    private void check(DroppedFile file, boolean last) throws IOException {
        Optional<SourceIdentity> found = look(file.path());
        if (found.isEmpty()) {
            // The record stays for its time: it tells that the file was moved once.
            if (last) {
                files.forget(file.path());
            }
            return;
        }
        SourceIdentity now = found.get();
        if (now.equals(file.identity()) && !last) {
            return;
        }
        boolean timesTell = now.changedNanos() != 0 && now.equals(file.identity());
        SagaRecord saga = journal.saga(file.sagaId()).orElseThrow();
        if (!timesTell && !ChangeAlerts.isSameContent(saga, file.path(), file.identity(), now)) {
            changed(saga, file, now, last);
        } else if (last && writers.of(now, System.nanoTime()).isEmpty()) {
            files.forget(file.path());
        } else if (!now.equals(file.identity())) {
            files.unchanged(file.path(), now);
        }
    }

    private void changed(SagaRecord saga, DroppedFile file, SourceIdentity now, boolean last) {
        if (!file.wasMoved()) {
            // Another file in its place was meant to be another version.
            boolean same = now.fileKey().equals(file.identity().fileKey());
            if (same) {
                alerts.afterEnd(saga, file, now);
            }
            if (!same || last) {
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

    /** Empty if there is no such regular file. */
    private static Optional<SourceIdentity> look(Path file) throws IOException {
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
