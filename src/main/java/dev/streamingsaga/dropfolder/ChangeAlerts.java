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

/** Reports files that changed after they were stored, once each, whatever is killed in between. */
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

    /** A file that is still where it was dropped, and has changed since its saga saw it. */
    void beforeMove(SagaRecord saga, Path file, SourceIdentity now) {
        String beginning = name(file) + " changed after it was stored and before it was moved: ";
        String message = beginning + sizes(saga, now) + "; it is ingested again";
        List<EventDraft> notes = alerts.sourceChanged(saga, message, advice(saga), false);
        if (journal.dropped().alertOnce(saga.sagaId(), beginning, notes)) {
            alerts.deliver(saga.sagaId());
        }
    }

    /** A file that will be ingested again. */
    void afterEnd(SagaRecord saga, DroppedFile file, SourceIdentity now) {
        String again =
                (file.wasMoved() ? "; it is moved back into the drop folder and" : "; it is") + " ingested again";
        String message = name(file.path()) + " changed after its saga ended: " + sizes(saga, now) + again;
        alert(saga, file, 1, message, advice(saga));
    }

    /** A file that should be, and can't. */
    void notMovedBack(SagaRecord saga, DroppedFile file, SourceIdentity now, Exception why) {
        String message = name(file.path()) + " changed after its saga ended, and can't be moved back into the"
                + " drop folder (" + DeduplicatedWarnings.shown(why.toString()) + "): " + sizes(saga, now)
                + ", what was added is not stored";
        alert(saga, file, 2, message, "move it back yourself, it is tried again until then; " + advice(saga));
    }

    private void alert(SagaRecord saga, DroppedFile file, int level, String message, String action) {
        if (journal.dropped().alert(file, level, alerts.sourceChanged(saga, message, action, level > 1))) {
            alerts.deliver(saga.sagaId());
        }
    }

    /** The file's bytes are those that its saga stored, or refused. */
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

    /** Relative: who may see alerts need not know where the folder is. */
    private String name(Path file) {
        return DeduplicatedWarnings.shown(root.relativize(file));
    }

    private static String sizes(SagaRecord saga, SourceIdentity now) {
        String is = "the file has " + now.sizeBytes() + " bytes now";
        return saga.document()
                .map(document -> "document " + document.documentId() + " has " + document.sizeBytes() + " bytes, " + is
                        + (document.sizeBytes() == now.sizeBytes() ? ", others" : ""))
                .orElse("nothing was stored, " + is);
    }

    private static String advice(SagaRecord saga) {
        return saga.document()
                        .map(document -> "document " + document.documentId() + " holds the file as it was then; ")
                        .orElse("")
                + ADVICE;
    }
}
