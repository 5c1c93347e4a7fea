package dev.streamingsaga.store;

import dev.streamingsaga.journal.ChunkRow;
import dev.streamingsaga.journal.Document;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.Run;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.journal.StoredForm;
import dev.streamingsaga.journal.TextOutcome;
import dev.streamingsaga.journal.Warning;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A run that grants a number of permits and then reports that the saga was cancelled. Stores must not use its chunks.
 */
class OpenRun implements Run {
    Optional<TextOutcome> textOutcome = Optional.empty();
    final AtomicInteger open = new AtomicInteger();
    final AtomicInteger left;
    final List<String> progress = new ArrayList<>();
    private final Document document;
    private final int number;
    private volatile List<Warning> warnings = List.of();

    OpenRun(Document document, int number, int permits) {
        this.document = document;
        this.number = number;
        this.left = new AtomicInteger(permits);
    }

    @Override
    public String sagaId() {
        return document.sagaId();
    }

    @Override
    public int number() {
        return number;
    }

    @Override
    public Document document() {
        return document;
    }

    @Override
    public Permit permit() {
        if (left.getAndDecrement() <= 0) {
            throw new SagaException(Reason.CANCELLED, "saga " + sagaId() + " was cancelled");
        }
        open.incrementAndGet();
        return open::decrementAndGet;
    }

    @Override
    public void check() {
        if (left.get() <= 0) {
            throw new SagaException(Reason.CANCELLED, "saga " + sagaId() + " was cancelled");
        }
    }

    @Override
    public void progress(String step, long done, long total, String unit) {
        progress.add(step + " " + done + "/" + total + " " + unit);
    }

    @Override
    public void planChunks(List<ChunkRow> chunks) {
        throw new AssertionError("stores don't plan chunks");
    }

    @Override
    public void chunkSending(int index, int attempt, Optional<StoredForm> form) {
        throw new AssertionError("stores don't send chunks");
    }

    @Override
    public void chunkConfirmed(ChunkRow row) {
        throw new AssertionError("stores don't send chunks");
    }

    @Override
    public void chunkSent(int index, Optional<String> etag) {
        throw new AssertionError("stores don't send chunks");
    }

    @Override
    public boolean needsSource() {
        return false;
    }

    @Override
    public void chunksVerified() {
        throw new AssertionError("stores don't verify chunks");
    }

    @Override
    public void warned(List<Warning> warnings) {
        this.warnings = List.copyOf(warnings);
    }

    @Override
    public List<Warning> warnings() {
        return warnings;
    }

    @Override
    public void textRead(TextOutcome outcome) {
        textOutcome = Optional.of(outcome);
    }

    @Override
    public void forgetText() {
        textOutcome = Optional.empty();
    }

    @Override
    public Optional<TextOutcome> textOutcome() {
        return textOutcome;
    }

    @Override
    public List<ChunkRow> chunks() {
        return List.of();
    }
}
