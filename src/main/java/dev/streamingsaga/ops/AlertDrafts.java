package dev.streamingsaga.ops;

import dev.streamingsaga.journal.CleanupEntry;
import dev.streamingsaga.journal.CleanupEntry.CleanupState;
import dev.streamingsaga.journal.Delivery;
import dev.streamingsaga.journal.Event.EventKind;
import dev.streamingsaga.journal.EventDraft;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.StoreNames;
import dev.streamingsaga.outage.DownDependency;
import java.time.Clock;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Words the alerts and critical failures. Has no side effects: the journal calls it inside its transactions. */
final class AlertDrafts {
    private final Clock clock;

    AlertDrafts(Clock clock) {
        this.clock = clock;
    }

    List<EventDraft> residue(SagaRecord saga, List<CleanupEntry> open) {
        boolean retried = open.stream().anyMatch(entry -> entry.state() == CleanupState.PENDING);
        return List.of(alert(
                saga,
                EventKind.ALERT,
                new AlertText(
                        "WARNING",
                        "PARTIAL_ROLLBACK",
                        pieces(open) + " could not be removed: " + bySteps(open),
                        (retried ? open.size() == 1 ? "it is retried; " : "they are retried; " : "")
                                + "see cleanups; run cleanups retry ID once the store is back"),
                failedChunks(open, chunks(saga))));
    }

    List<EventDraft> notDeleted(SagaRecord saga, List<CleanupEntry> open) {
        return List.of(alert(
                saga,
                EventKind.ALERT,
                new AlertText(
                        "WARNING",
                        "PARTIAL_DELETION",
                        "deleted and visible nowhere, but " + pieces(open) + " could not be removed: " + bySteps(open),
                        "see cleanups, which retries them; run cleanups retry ID once the store is back"),
                failedChunks(open, chunks(saga))));
    }

    List<EventDraft> blocked(SagaRecord saga, List<CleanupEntry> entries) {
        int attempts = entries.stream().mapToInt(CleanupEntry::attempts).max().orElse(0);
        return List.of(alert(
                saga,
                EventKind.ALERT,
                new AlertText(
                        "CRITICAL",
                        "PARTIAL_ROLLBACK",
                        pieces(entries) + " could not be removed in " + attempts
                                + (attempts == 1 ? " attempt" : " attempts") + " and "
                                + (entries.size() == 1 ? "is" : "are") + " not retried any more: "
                                + bySteps(entries),
                        "fix the store, then run cleanups retry ID; or remove them yourself, then run"
                                + " cleanups resolve ID --reason"),
                failedChunks(entries, chunks(saga))));
    }

    private static String pieces(List<CleanupEntry> entries) {
        return entries.size() + (entries.size() == 1 ? " piece" : " pieces");
    }

    private static String bySteps(List<CleanupEntry> entries) {
        return entries.stream()
                .collect(Collectors.groupingBy(CleanupEntry::step, LinkedHashMap::new, Collectors.counting()))
                .entrySet()
                .stream()
                .map(e -> e.getKey() + " " + e.getValue())
                .collect(Collectors.joining(", "));
    }

    private static long chunks(SagaRecord saga) {
        return saga.document().map(d -> (long) d.chunkCount()).orElse(0L);
    }

    /** If neither the bucket nor the journal says which chunks remain, counts all of them as failed. */
    private static long failedChunks(List<CleanupEntry> open, long total) {
        List<String> resources = open.stream()
                .filter(e -> e.step().equals(StoreNames.UPLOAD))
                .map(CleanupEntry::resource)
                .toList();
        long named = resources.stream()
                .filter(resource -> resource.contains("/chunk-"))
                .count();
        boolean unnamed = resources.stream()
                .anyMatch(resource -> resource.endsWith("/") || resource.startsWith(StoreNames.UPLOAD + ":"));
        return named == 0 && unnamed ? total : Math.min(total, named);
    }

    List<EventDraft> crashed(SagaRecord saga, String step, String error) {
        return List.of(
                new EventDraft(EventKind.CRITICAL, step, error, ""),
                alert(
                        saga,
                        EventKind.ALERT,
                        new AlertText(
                                "CRITICAL",
                                "ROLLBACK_FAILURE",
                                "the compensation of step " + step + " crashed: " + error,
                                "check the error, then run cleanups retry ID; the other steps were compensated"),
                        0));
    }

    /**
     * No rollback, so not in the rollback alerts: reported as a critical failure, in the log and to the alert route.
     */
    List<EventDraft> notVisible(SagaRecord saga, String store, String error, int attempts) {
        EventDraft alert = alert(
                saga,
                EventKind.CRITICAL,
                new AlertText(
                        "CRITICAL",
                        "NOT_VISIBLE",
                        "COMPLETED, but not visible after " + attempts + (attempts == 1 ? " attempt: " : " attempts: ")
                                + error,
                        "fix store " + store + "; it is retried at growing intervals, and at the next start"),
                0);
        return List.of(new EventDraft(alert.kind(), store, alert.message(), alert.detail()));
    }

    List<EventDraft> sourceChanged(SagaRecord saga, String message, String action, boolean critical) {
        AlertText text = new AlertText(critical ? "CRITICAL" : "WARNING", "SOURCE_CHANGED", message, action);
        return List.of(alert(saga, EventKind.ALERT, text, 0));
    }

    EventDraft dependencyDown(SagaRecord saga, DownDependency down) {
        String dependency = down.outage().dependency().label();
        return alert(
                saga,
                EventKind.ALERT,
                new AlertText(
                        "WARNING",
                        "DEPENDENCY_DOWN",
                        "the " + dependency + " has been down since " + down.since() + ": "
                                + down.outage().detail(),
                        "check the " + dependency
                                + "; sagas wait for it as long as saga.patience, and no new one begins"),
                0);
    }

    EventDraft sourceHostAway(SagaRecord saga, String host, Instant since) {
        return alert(
                saga,
                EventKind.ALERT,
                new AlertText(
                        "WARNING",
                        "SOURCE_HOST_AWAY",
                        "host " + host + " has been away since " + since
                                + "; unfinished sagas wait for it, because only it has their originals",
                        "start host " + host + " again, or cancel the sagas that wait for it and send their documents"
                                + " again; after saga.time-limit they are compensated"),
                0);
    }

    List<EventDraft> redeliveryGivenUp(SagaRecord saga) {
        Delivery delivery = saga.delivery();
        String document = switch (delivery.endpoint().orElse(Delivery.Endpoint.HTTP)) {
            case DROP_FOLDER -> "move the file from .failed back into the drop folder";
            case JMS -> "move the message from the dead-letter queue back";
            case HTTP -> "send the document again";
        };
        AlertText text = new AlertText(
                "CRITICAL",
                "REDELIVERY_GIVEN_UP",
                "document " + saga.fileName() + " was not stored in " + delivery.attempt()
                        + (delivery.attempt() == 1 ? " attempt" : " attempts") + ", and is not delivered again: "
                        + saga.message(),
                "check what the attempts met (status " + saga.sagaId() + "), then " + document);
        return List.of(alert(saga, EventKind.ALERT, text, 0));
    }

    private record AlertText(String severity, String type, String message, String action) {}

    private EventDraft alert(SagaRecord saga, EventKind kind, AlertText text, long failed) {
        long total = chunks(saga);
        Map<String, Object> alert = new LinkedHashMap<>();
        alert.put("timestamp", clock.instant().toString());
        alert.put("severity", text.severity());
        alert.put("type", text.type());
        alert.put("sagaId", saga.sagaId());
        alert.put("failedChunks", failed);
        alert.put("totalChunks", total);
        alert.put("successRate", total == 0 ? 100.0 : Math.round(1000.0 * (total - failed) / total) / 10.0);
        alert.put("message", text.message());
        alert.put("actionRequired", text.action());
        return new EventDraft(kind, "", text.message(), JsonLine.of(alert));
    }
}
