package dev.streamingsaga.api;

import dev.streamingsaga.api.SagaSummary.Chunks;
import dev.streamingsaga.api.SagaSummary.CleanupView;
import dev.streamingsaga.api.SagaSummary.EventView;
import dev.streamingsaga.api.SagaSummary.ProgressView;
import dev.streamingsaga.api.SagaSummary.WaitingForView;
import dev.streamingsaga.api.SagaSummary.WaitingView;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.ingest.IngestResult;
import dev.streamingsaga.ingest.SourcePaths;
import dev.streamingsaga.journal.ChunkRow;
import dev.streamingsaga.journal.ChunkRow.ChunkState;
import dev.streamingsaga.journal.ChunkTally;
import dev.streamingsaga.journal.CleanupEntry;
import dev.streamingsaga.journal.DeletionState;
import dev.streamingsaga.journal.Delivery;
import dev.streamingsaga.journal.Document;
import dev.streamingsaga.journal.OpenCleanups;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.SagaState;
import dev.streamingsaga.journal.StepRecord;
import dev.streamingsaga.journal.StoreNames;
import dev.streamingsaga.journal.StoredForm;
import dev.streamingsaga.operations.SagaOperator;
import dev.streamingsaga.operations.SagaStatus;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Builds the views of sagas; the progress of a running step is known only in the process that runs it. */
final class SagaViews {
    private static final int MAPPED_CHUNKS = 20_000;

    private final SagaConfig config;
    private final SagaOperator operator;

    SagaViews(ApiDependencies parts) {
        this.config = parts.config();
        this.operator = parts.operator();
    }

    SagaSummary summary(SagaRecord saga) {
        return summaries(List.of(saga)).get(0);
    }

    /** @return the summaries in the same order */
    List<SagaSummary> summaries(List<SagaRecord> sagas) {
        return summaries(
                sagas,
                operator.openCleanups(sagas.stream().map(SagaRecord::sagaId).toList()));
    }

    /** @return the summaries in the same order */
    List<SagaSummary> summaries(List<SagaRecord> sagas, Map<String, OpenCleanups> open) {
        Map<String, ChunkTally> sent = operator.sentChunks(sagas.stream()
                .filter(saga -> saga.document().isPresent() && !isUploaded(saga))
                .map(SagaRecord::sagaId)
                .toList());
        Map<String, DeletionState> deletions = operator.deletionStates(sagas.stream()
                .filter(SagaViews::isComplete)
                .map(SagaRecord::sagaId)
                .toList());
        return sagas.stream()
                .map(saga -> summary(
                        saga,
                        Optional.ofNullable(deletions.get(saga.sagaId())),
                        open.getOrDefault(saga.sagaId(), OpenCleanups.NONE),
                        sent.getOrDefault(saga.sagaId(), ChunkTally.NONE)))
                .toList();
    }

    private static boolean isComplete(SagaRecord saga) {
        return saga.state() == SagaState.COMPLETED && saga.document().isPresent();
    }

    /** The bucket has been compared with the journal: each chunk is there. */
    private static boolean isUploaded(SagaRecord saga) {
        return isComplete(saga)
                || saga.document().isPresent()
                        && (saga.state() == SagaState.PROCESSING || saga.state() == SagaState.COMPLETING);
    }

    private SagaSummary summary(SagaRecord saga, Optional<DeletionState> deletion, OpenCleanups open, ChunkTally sent) {
        Optional<Document> document = saga.document();
        boolean uploaded = isUploaded(saga);
        return new SagaSummary(
                saga.sagaId(),
                saga.state().name(),
                saga.reason().map(Reason::name).orElse(null),
                saga.message().isEmpty() ? null : saga.message(),
                SourcePaths.shown(config, saga),
                document.map(Document::documentId).orElse(null),
                document.map(Document::contentType).orElse(null),
                saga.owner(),
                document.map(Document::sha256).orElse(null),
                document.map(Document::sizeBytes).orElse(null),
                document.map(Document::chunkCount).orElse(null),
                uploaded ? document.get().chunkCount() : sent.chunks(),
                uploaded ? document.get().sizeBytes() : sent.bytes(),
                saga.resumedBytes(),
                saga.lastRun(),
                saga.runningNode().orElse(null),
                saga.state().isFinal() ? null : progress(saga.sagaId()),
                saga.receivedAt().toString(),
                saga.updatedAt().toString(),
                text(saga.finishedAt()),
                saga.deadline().toString(),
                open.all(),
                saga.needsAttention(open),
                saga.published() && deletion.isEmpty(),
                saga.waiting()
                        .map(waiting -> new WaitingView(
                                waiting.reason(),
                                waiting.since().toString(),
                                waiting.nextAttempt().toString()))
                        .orElse(null),
                saga.waiting()
                        .map(waiting -> new WaitingForView(
                                waiting.what(),
                                waiting.since().toString(),
                                waiting.nextAttempt().toString()))
                        .orElse(null),
                saga.needsNewerVersion(),
                delivery(saga),
                saga.warnings().count(),
                saga.warnings().codes(),
                deletion.map(DeletionState::name).orElse(null));
    }

    private SagaSummary.@Nullable DeliveryView delivery(SagaRecord saga) {
        Delivery delivery = saga.delivery();
        return delivery.attempt() == 1 && delivery.redelivery().isEmpty() ? null : delivery(saga, null, List.of());
    }

    private SagaSummary.DeliveryView delivery(
            SagaRecord saga, @Nullable String latest, List<SagaSummary.AttemptView> attempts) {
        Delivery delivery = saga.delivery();
        return new SagaSummary.DeliveryView(
                delivery.attempt(),
                Math.max(operator.maxAttempts(), delivery.attempt()),
                delivery.redelivery().map(Enum::name).orElse(null),
                delivery.isDue() ? text(delivery.next()) : null,
                latest,
                attempts);
    }

    /** All attempts to deliver the document of a saga; null if it is the only one. */
    SagaSummary.@Nullable DeliveryView story(SagaRecord saga) {
        if (delivery(saga) == null) {
            return null;
        }
        List<SagaRecord> attempts = operator.attempts(saga);
        return delivery(
                saga,
                attempts.get(attempts.size() - 1).sagaId(),
                attempts.stream()
                        .map(attempt -> new SagaSummary.AttemptView(
                                attempt.sagaId(),
                                attempt.delivery().attempt(),
                                attempt.state().name(),
                                attempt.reason().map(Reason::name).orElse(null),
                                attempt.receivedAt().toString(),
                                text(attempt.finishedAt())))
                        .toList());
    }

    private @Nullable ProgressView progress(String sagaId) {
        return operator.findRunning(sagaId)
                .filter(p -> !p.step().isEmpty())
                .map(p -> new ProgressView(p.step(), p.done(), p.total(), p.unit()))
                .orElse(null);
    }

    SagaSummary.Detail detail(SagaRecord saga) {
        IngestResult result = operator.result(saga.sagaId());
        SagaStatus status = operator.status(saga.sagaId());
        return new SagaSummary.Detail(
                summary(saga),
                saga.participants(),
                saga.supersededBy().orElse(null),
                story(saga),
                operator.findDeletionOfSaga(saga.sagaId()).map(operator::view).orElse(null),
                steps(saga, status.steps(), result.stores()),
                chunks(saga),
                result.stores(),
                result.errors(),
                result.compensationErrors(),
                result.warnings(),
                status.cleanups().stream().map(SagaViews::cleanup).toList(),
                status.events().stream()
                        .map(e -> new EventView(e.at().toString(), e.kind().name(), e.step(), e.message()))
                        .toList(),
                operator.findReceipt(saga.sagaId())
                        .map(ReceiptOperations.ReceiptView::of)
                        .orElse(null));
    }

    private List<SagaSummary.StepView> steps(SagaRecord saga, List<StepRecord> records, Map<String, Long> found) {
        List<SagaSummary.StepView> steps = new ArrayList<>();
        for (StepRecord step : records) {
            boolean store =
                    step.name().equals(StoreNames.UPLOAD) || saga.participants().contains(step.name());
            steps.add(new SagaSummary.StepView(
                    step.name(),
                    step.state().name(),
                    step.duration().toMillis(),
                    text(step.startedAt()),
                    text(step.endedAt()),
                    store ? expected(saga, step) : null,
                    found.get(step.name())));
        }
        return steps;
    }

    /**
     * 0 after compensation; the number of chunks for the bucket; for other stores, the number they reported on writing.
     */
    private static @Nullable Long expected(SagaRecord saga, StepRecord step) {
        if (saga.state() == SagaState.COMPENSATED || saga.state() == SagaState.PARTIALLY_COMPENSATED) {
            return 0L;
        }
        return switch (step.state()) {
            // A newer version or a deletion removes these items of a completed document.
            case COMPENSATED, RESIDUE -> 0L;
            case COMPENSATING -> null;
            default ->
                step.name().equals(StoreNames.UPLOAD)
                        ? saga.document().map(d -> (long) d.chunkCount()).orElse(null)
                        : step.expected().isPresent() ? (Long) step.expected().getAsLong() : null;
        };
    }

    private Chunks chunks(SagaRecord saga) {
        List<ChunkRow> rows;
        try {
            rows = operator.chunks(saga.sagaId());
        } catch (SagaException damaged) {
            rows = List.of();
        }
        int[] states = new int[ChunkState.values().length];
        StringBuilder map = new StringBuilder();
        int retried = 0;
        long storedBytes = 0;
        int compressed = 0;
        int encrypted = 0;
        for (ChunkRow row : rows) {
            states[row.state().ordinal()]++;
            retried += row.attempts() > 1 ? 1 : 0;
            storedBytes += row.state() == ChunkState.PENDING ? 0 : row.storedSizeBytes();
            compressed += row.storedForm().filter(StoredForm::isCompressed).isPresent() ? 1 : 0;
            encrypted += row.storedForm().filter(StoredForm::isEncrypted).isPresent() ? 1 : 0;
            map.append(".>sv".charAt(row.state().ordinal()));
        }
        return new Chunks(
                saga.document().map(Document::chunkCount).orElse(0),
                states[0],
                states[1],
                states[2],
                states[3],
                retried,
                storedBytes,
                compressed,
                encrypted,
                rows.size() > MAPPED_CHUNKS ? "" : map.toString());
    }

    static CleanupView cleanup(CleanupEntry e) {
        return new CleanupView(
                e.cleanupId(),
                e.sagaId(),
                e.documentId(),
                e.step(),
                e.resource(),
                e.state().name(),
                e.attempts(),
                e.lastError(),
                e.nextAttemptAt().toString(),
                e.createdAt().toString(),
                e.resolution());
    }

    private static @Nullable String text(Optional<Instant> time) {
        return time.map(Instant::toString).orElse(null);
    }
}
