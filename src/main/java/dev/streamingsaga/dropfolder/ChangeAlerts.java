package dev.streamingsaga.dropfolder;

import dev.streamingsaga.journal.Document;
import dev.streamingsaga.journal.DroppedFile;
import dev.streamingsaga.journal.EventDraft;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.SourceIdentity;
import dev.streamingsaga.saga.Alerts;
import dev.streamingsaga.source.SourceFile;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Sends one alert for each file that changed after it was stored, even if the process is killed in between. */
final class ChangeAlerts {
    private static final String ADVICE = "let writers rename files when they are complete, or use saga.drop.done-file,"
            + " or raise saga.drop.stable-for";

    private final Path root;
    private final Journal journal;
    private final Alerts alerts;

    ChangeAlerts(Path root, Journal journal, Alerts alerts) {
        this.root = root;
        this.journal = journal;
        this.alerts = alerts;
    }

    /** Alerts for a file that changed after its saga read it and before it was moved out of the drop folder. */
    void beforeMove(SagaRecord saga, Path file, SourceIdentity now) {
        String prefix = name(file) + " changed after it was stored and before it was moved: ";
        String message = prefix + sizes(saga, now) + "; it is ingested again";
        List<EventDraft> notes = alerts.sourceChanged(saga, message, advice(saga), false);
        if (journal.droppedFiles().alertOnce(saga.sagaId(), prefix, notes)) {
            alerts.deliver(saga.sagaId());
        }
    }

    /** Alerts for a file that changed after its saga ended. The file is ingested again. */
    void afterEnd(SagaRecord saga, DroppedFile file, SourceIdentity now) {
        String nextStep =
                (file.wasMoved() ? "; it is moved back into the drop folder and" : "; it is") + " ingested again";
        String message = name(file.path()) + " changed after its saga ended: " + sizes(saga, now) + nextStep;
        alert(saga, file, 1, message, advice(saga));
    }

    /** Alerts for a changed file that cannot be moved back, and so is not ingested again. */
    void notMovedBack(SagaRecord saga, DroppedFile file, SourceIdentity now, Exception cause) {
        String message = name(file.path()) + " changed after its saga ended, and cannot be moved back into the"
                + " drop folder (" + DeduplicatedWarnings.shown(cause.toString()) + "): " + sizes(saga, now)
                + ", the change is not stored";
        alert(saga, file, 2, message, "move the file back yourself; until then the move is retried; " + advice(saga));
    }

    private void alert(SagaRecord saga, DroppedFile file, int level, String message, String action) {
        if (journal.droppedFiles().alert(file, level, alerts.sourceChanged(saga, message, action, level > 1))) {
            alerts.deliver(saga.sagaId());
        }
    }

    /** Whether the file still has the content that its saga stored or rejected. */
    static boolean isSameContent(SagaRecord saga, Path file, SourceIdentity before, SourceIdentity now) {
        Optional<Document> document = saga.document();
        if (document.isEmpty()) {
            return now.looksLike(before);
        }
        if (document.get().sizeBytes() != now.sizeBytes()) {
            return false;
        }
        try {
            SourceFile.checkPart(file, 0, now.sizeBytes(), document.get().sha256(), () -> {});
            return true;
        } catch (SagaException e) {
            return false;
        }
    }

    /** Relative to the drop folder: readers of alerts need not know where that folder is. */
    private String name(Path file) {
        return DeduplicatedWarnings.shown(root.relativize(file));
    }

    private static String sizes(SagaRecord saga, SourceIdentity now) {
        String current = "the file has " + now.sizeBytes() + " bytes now";
        return saga.document()
                .map(document -> "document " + document.documentId() + " has " + document.sizeBytes() + " bytes, "
                        + current + (document.sizeBytes() == now.sizeBytes() ? ", with other content" : ""))
                .orElse("nothing was stored, " + current);
    }

    private static String advice(SagaRecord saga) {
        return saga.document()
                        .map(document -> "document " + document.documentId() + " holds the file as it was then; ")
                        .orElse("")
                + ADVICE;
    }
}
