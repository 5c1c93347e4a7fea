package dev.streamingsaga.recovery;

import dev.streamingsaga.journal.ChunkRow;
import dev.streamingsaga.journal.Document;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.Run;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.SagaState;
import dev.streamingsaga.journal.StoredForm;
import dev.streamingsaga.journal.TextOutcome;
import dev.streamingsaga.journal.Warning;
import java.util.List;
import java.util.Optional;

/**
 * The run in which the write routes repair a completed document. The process holds the lock on the data directory, so
 * permits are granted as long as the document is current, or the version is kept. Of the chunk rows in the journal only
 * the stored form changes.
 */
final class RepairRun implements Run {
    private final Journal journal;
    private final SagaRecord saga;
    private final Document document;
    private Optional<TextOutcome> forgotten = Optional.empty();

    /** @param document its path may name a file that has the document's bytes now */
    RepairRun(Journal journal, SagaRecord saga, Document document) {
        this.journal = journal;
        this.saga = saga;
        this.document = document;
    }

    @Override
    public String sagaId() {
        return saga.sagaId();
    }

    @Override
    public int number() {
        return saga.run();
    }

    @Override
    public Document document() {
        return document;
    }

    @Override
    public Permit permit() {
        check();
        return () -> {};
    }

    @Override
    public void check() {
        boolean unchanged = saga.supersededBy().isPresent()
                ? journal.versions().isKept(saga.sagaId())
                : journal.sagas()
                        .find(saga.sagaId())
                        .filter(now -> now.state() == SagaState.COMPLETED
                                && now.supersededBy().isEmpty())
                        .isPresent();
        if (!unchanged || journal.deletions().contains(saga.sagaId())) {
            throw new SagaException(
                    Reason.CANCELLED,
                    "saga " + saga.sagaId() + " was replaced by a newer version of its document, or removed;"
                            + " its repair stops here");
        }
    }

    @Override
    public void progress(String step, long done, long total, String unit) {
        // A repair reports no progress.
    }

    @Override
    public void planChunks(List<ChunkRow> chunks) {
        throw new IllegalStateException(
                "the chunks of a completed saga are already planned; a repair sends them one by one");
    }

    @Override
    public void chunkSending(int index, int attempt, Optional<StoredForm> form) {
        // The row stays VERIFIED: an event records the repair. Until the object is written, its form is another one.
        journal.chunks().repairing(saga.sagaId(), index, form);
    }

    @Override
    public void chunkSent(int index, Optional<String> etag) {
        // As above.
    }

    @Override
    public void chunkConfirmed(ChunkRow row) {
        // As above.
    }

    @Override
    public boolean needsSource() {
        return false;
    }

    @Override
    public void chunksVerified() {
        // As above.
    }

    @Override
    public void forgetText() {
        forgotten = textOutcome();
        journal.texts().forgetCompleted(saga.sagaId());
    }

    /** The stores must not lose text that they had. */
    @Override
    public void textRead(TextOutcome outcome) {
        textOutcome().filter(known -> known.segments() > outcome.segments()).ifPresent(known -> {
            throw shorter("segment " + outcome.segments() + " of " + known.segments());
        });
        forgotten.ifPresent(known -> {
            if (known.pagesWithText() > outcome.pagesWithText() || isCutBefore(outcome, known)) {
                throw shorter("page " + outcome.pagesWithText() + " of " + known.pagesWithText() + " with text");
            }
            journal.texts().replaceCompleted(saga.sagaId(), saga.run(), outcome);
        });
    }

    private static boolean isCutBefore(TextOutcome outcome, TextOutcome known) {
        return outcome.cutAfter().orElse(Long.MAX_VALUE) < known.cutAfter().orElse(Long.MAX_VALUE);
    }

    private static SagaException shorter(String place) {
        return new SagaException(
                Reason.STORE_FAILED, "its text was read to " + place + "; nothing more was changed, repair it again");
    }

    @Override
    public Optional<TextOutcome> textOutcome() {
        return journal.texts().find(saga.sagaId());
    }

    @Override
    public void warned(List<Warning> warnings) {
        // The outcome of the saga stays as it is.
    }

    @Override
    public List<Warning> warnings() {
        return journal.warnings().of(saga.sagaId());
    }

    @Override
    public boolean isRepair() {
        return true;
    }

    @Override
    public List<ChunkRow> chunks() {
        return journal.chunks().all(saga.sagaId());
    }
}
