package dev.streamingsaga.ingest;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.journal.Document;
import dev.streamingsaga.journal.Event;
import dev.streamingsaga.journal.Event.EventKind;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.journal.Reason;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.saga.StoreCounts;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Builds the outcome of a saga from the journal and its stores. */
final class IngestResults {
    private final SagaConfig config;
    private final Journal journal;
    private final StoreCounts storeCounts;

    IngestResults(SagaConfig config, Journal journal, StoreCounts storeCounts) {
        this.config = config;
        this.journal = journal;
        this.storeCounts = storeCounts;
    }

    /** @param counted false: no store is queried, {@code stores} is empty */
    IngestResult of(String sagaId, boolean counted) {
        SagaRecord saga =
                journal.sagas().find(sagaId).orElseThrow(() -> new IllegalArgumentException("no saga " + sagaId));
        Optional<Document> document = saga.document();
        List<Event> events = journal.events().of(sagaId);
        Instant end = saga.finishedAt().orElseGet(() -> journal.clock().instant());
        return new IngestResult(
                SourcePaths.shown(config, saga),
                sagaId,
                document.map(Document::documentId).orElse(null),
                saga.state().name(),
                saga.reason().map(Reason::name).orElse(null),
                saga.message().isEmpty() ? null : saga.message(),
                document.map(Document::sha256).orElse(null),
                document.map(Document::sizeBytes).orElse(null),
                document.map(Document::chunkCount).orElse(null),
                Duration.between(saga.receivedAt(), end).toMillis(),
                saga.lastRun(),
                saga.resumedBytes(),
                counted ? storeCounts.counts(saga) : Map.of(),
                journal.steps().of(sagaId).stream()
                        .map(s -> new IngestResult.StepResult(
                                s.name(), s.state().name(), s.duration().toMillis()))
                        .toList(),
                messages(events, EventKind.ERROR),
                messages(events, EventKind.COMPENSATION_ERROR, EventKind.CRITICAL),
                warnings(saga));
    }

    private List<IngestResult.WarningResult> warnings(SagaRecord saga) {
        return saga.warnings().count() == 0
                ? List.of()
                : journal.warnings().of(saga.sagaId()).stream()
                        .map(IngestResult.WarningResult::of)
                        .toList();
    }

    private static List<String> messages(List<Event> events, EventKind... kinds) {
        return events.stream()
                .filter(e -> List.of(kinds).contains(e.kind()))
                .map(e -> e.step().isEmpty() ? e.message() : e.step() + ": " + e.message())
                .toList();
    }
}
