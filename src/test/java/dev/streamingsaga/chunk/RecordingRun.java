package dev.streamingsaga.chunk;

import dev.streamingsaga.journal.ChunkRow;
import dev.streamingsaga.journal.ChunkRow.ChunkState;
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
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** A run that keeps its rows in memory; the journal itself is tested elsewhere. */
final class RecordingRun implements Run {
    record Sending(int index, int attempt) {}

    final List<Sending> sendings = new CopyOnWriteArrayList<>();
    final AtomicInteger openPermits = new AtomicInteger();
    final AtomicInteger mostPermits = new AtomicInteger();
    final AtomicLong progress = new AtomicLong();
    volatile boolean cancelled;
    volatile boolean verified;
    private final Document document;
    private volatile List<Warning> warnings = List.of();
    private List<ChunkRow> rows = new ArrayList<>();

    RecordingRun(Document document) {
        this.document = document;
    }

    @Override
    public String sagaId() {
        return document.sagaId();
    }

    @Override
    public int number() {
        return 1;
    }

    @Override
    public Document document() {
        return document;
    }

    @Override
    public Permit permit() {
        check();
        int open = openPermits.incrementAndGet();
        mostPermits.accumulateAndGet(open, Math::max);
        return openPermits::decrementAndGet;
    }

    @Override
    public void check() {
        if (cancelled) {
            throw new SagaException(Reason.CANCELLED, "cancelled by the test");
        }
    }

    @Override
    public void progress(String step, long done, long total, String unit) {
        progress.accumulateAndGet(done, Math::max);
    }

    @Override
    public synchronized void planChunks(List<ChunkRow> chunks) {
        if (rows.stream().noneMatch(row -> row.state() == ChunkState.SENT)) {
            rows = new ArrayList<>(chunks);
        }
    }

    @Override
    public synchronized void chunkSending(int index, int attempt, Optional<StoredForm> form) {
        sendings.add(new Sending(index, attempt));
        rows.set(index, rows.get(index).storedAs(form));
        set(index, ChunkState.SENDING, attempt);
    }

    @Override
    public void chunkConfirmed(ChunkRow row) {
        chunkSent(row.index(), Optional.empty());
    }

    @Override
    public synchronized void chunkSent(int index, Optional<String> etag) {
        set(index, ChunkState.SENT, rows.get(index).attempts());
    }

    @Override
    public void warned(List<Warning> found) {
        warnings = List.copyOf(found);
    }

    @Override
    public List<Warning> warnings() {
        return warnings;
    }

    @Override
    public boolean needsSource() {
        return !verified;
    }

    @Override
    public void chunksVerified() {
        verified = true;
    }

    @Override
    public void textRead(TextOutcome outcome) {
        throw new AssertionError("chunks have no text");
    }

    @Override
    public void forgetText() {
        throw new AssertionError("chunks have no text");
    }

    @Override
    public Optional<TextOutcome> textOutcome() {
        return Optional.empty();
    }

    @Override
    public synchronized List<ChunkRow> chunks() {
        return List.copyOf(rows);
    }

    synchronized void rows(List<ChunkRow> replaced) {
        rows = new ArrayList<>(replaced);
    }

    List<Integer> attemptsOf(int index) {
        return sendings.stream()
                .filter(s -> s.index() == index)
                .map(Sending::attempt)
                .toList();
    }

    private void set(int index, ChunkState state, int attempts) {
        ChunkRow row = rows.get(index);
        rows.set(
                index,
                new ChunkRow(row.index(), row.offset(), row.sizeBytes(), row.key(), row.sha256(), state, attempts)
                        .storedAs(row.storedForm()));
    }
}
