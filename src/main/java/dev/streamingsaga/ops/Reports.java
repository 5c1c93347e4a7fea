package dev.streamingsaga.ops;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.streamingsaga.config.RouteNames;
import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.datadir.Permissions;
import dev.streamingsaga.journal.CleanupEntry;
import dev.streamingsaga.journal.CleanupEntry.CleanupState;
import dev.streamingsaga.journal.Event;
import dev.streamingsaga.journal.Event.EventKind;
import dev.streamingsaga.journal.EventDraft;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.StoreNames;
import dev.streamingsaga.probe.SideEffects;
import dev.streamingsaga.saga.Alerts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import org.apache.camel.CamelContext;
import org.apache.camel.ProducerTemplate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Journals alerts, then delivers them: as a log line, to {@code direct:<name>-alert} if the operator defines that
 * route, and in the three report files in {@code DATA/reports}. The files are JSON Lines and are rewritten from the
 * journal, so that a failed write loses nothing.
 */
public final class Reports implements Alerts {
    private static final Logger LOG = LoggerFactory.getLogger(Reports.class);

    /** A webhook that hangs must not delay the compensation that caused the alert. */
    private static final Duration ALERT_LIMIT = Duration.ofSeconds(15);
    /** Failed deliveries after which a round ends: each may take the whole alert limit. */
    private static final int MAX_FAILURES = 3;

    private static final Duration MAX_PAUSE = Duration.ofMinutes(10);

    private final SagaConfig config;
    private final Journal journal;
    private final CamelContext context;
    private final ProducerTemplate template;
    private final Path folder;
    private final ObjectMapper json = new ObjectMapper();
    private final AtomicLong unwritten = new AtomicLong();
    private final Set<String> delivering = ConcurrentHashMap.newKeySet();
    private final Set<String> undelivered = ConcurrentHashMap.newKeySet();
    private volatile Duration grace = ALERT_LIMIT;
    private Duration pause = Duration.ZERO;
    private volatile Instant nextAttemptAfter = Instant.EPOCH;

    public Reports(SagaConfig config, Journal journal, CamelContext context) {
        this.config = config;
        this.journal = journal;
        this.context = context;
        this.template = context.createProducerTemplate();
        this.folder = config.dataDir().resolve("reports");
    }

    /** Reports that could not be written since the start. */
    public long unwritten() {
        return unwritten.get();
    }

    @Override
    public List<EventDraft> residue(SagaRecord saga, List<CleanupEntry> open) {
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

    @Override
    public List<EventDraft> blocked(SagaRecord saga, List<CleanupEntry> blockedEntries) {
        int attempts =
                blockedEntries.stream().mapToInt(CleanupEntry::attempts).max().orElse(0);
        return List.of(alert(
                saga,
                EventKind.ALERT,
                new AlertText(
                        "CRITICAL",
                        "PARTIAL_ROLLBACK",
                        pieces(blockedEntries) + " could not be removed in " + attempts
                                + (attempts == 1 ? " attempt" : " attempts") + " and "
                                + (blockedEntries.size() == 1 ? "is" : "are") + " not retried any more: "
                                + bySteps(blockedEntries),
                        "fix the store, then run cleanups retry ID; or remove them yourself, then run"
                                + " cleanups resolve ID --reason"),
                failedChunks(blockedEntries, chunks(saga))));
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

    @Override
    public List<EventDraft> crashed(SagaRecord saga, String step, String error) {
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
    @Override
    public List<EventDraft> notVisible(SagaRecord saga, String store, String error, int attempts) {
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

    @Override
    public List<EventDraft> sourceChanged(SagaRecord saga, String message, String action, boolean critical) {
        AlertText text = new AlertText(critical ? "CRITICAL" : "WARNING", "SOURCE_CHANGED", message, action);
        return List.of(alert(saga, EventKind.ALERT, text, 0));
    }

    private record AlertText(String severity, String type, String message, String action) {}

    private EventDraft alert(SagaRecord saga, EventKind kind, AlertText text, long failed) {
        long total = chunks(saga);
        Map<String, Object> alert = new LinkedHashMap<>();
        alert.put("timestamp", journal.clock().instant().toString());
        alert.put("severity", text.severity());
        alert.put("type", text.type());
        alert.put("sagaId", saga.sagaId());
        alert.put("failedChunks", failed);
        alert.put("totalChunks", total);
        alert.put("successRate", total == 0 ? 100.0 : Math.round(1000.0 * (total - failed) / total) / 10.0);
        alert.put("message", text.message());
        alert.put("actionRequired", text.action());
        return new EventDraft(kind, "", text.message(), toJson(alert));
    }

    /**
     * Rewrites the reports. {@link #redeliver} delivers the alerts that a killed process journaled and did not deliver.
     *
     * @param exclusive no other process can be delivering alerts now
     */
    public void start(boolean exclusive) {
        grace = exclusive ? Duration.ZERO : ALERT_LIMIT;
        rewrite();
    }

    /** Skips alerts whose delivery failed before: {@link #redeliver} repeats them. */
    @Override
    public void deliver(String sagaId) {
        journal.events().undelivered(journal.clock().instant()).stream()
                .filter(alert -> alert.sagaId().equals(sagaId) && !undelivered.contains(alert.eventId()))
                .forEach(this::deliver);
        rewrite();
    }

    @Override
    public void redeliver() {
        Instant now = journal.clock().instant();
        if (now.isBefore(nextAttemptAfter)) {
            return;
        }
        int failed = 0;
        for (Event alert : journal.events().undelivered(now.minus(grace))) {
            failed += deliver(alert) ? 0 : 1;
            if (failed == MAX_FAILURES) {
                break;
            }
        }
        pause = failed == 0
                ? Duration.ZERO
                : Collections.min(List.of(MAX_PAUSE, pause.multipliedBy(2).plus(ALERT_LIMIT)));
        nextAttemptAfter = now.plus(pause);
    }

    /** @return false if the alert must be delivered again */
    private boolean deliver(Event journaled) {
        if (!delivering.add(journaled.eventId())) {
            return true;
        }
        try {
            Map<String, Object> alert = fields(journaled.detail());
            LOG.warn(
                    "{} {}: saga {}: {}; {}",
                    alert.get("severity"),
                    alert.get("type"),
                    journaled.sagaId(),
                    journaled.message(),
                    alert.get("actionRequired"));
            if (!sendToRoute(alert)) {
                undelivered.add(journaled.eventId());
                return false;
            }
            journal.events().delivered(journaled);
            undelivered.remove(journaled.eventId());
            return true;
        } finally {
            delivering.remove(journaled.eventId());
        }
    }

    /** Sends the alert to the operator's route, if there is one. */
    private boolean sendToRoute(Map<String, Object> alert) {
        String uri = "direct://" + config.id(RouteNames.ALERT);
        if (context.getRoutes().stream()
                .noneMatch(r -> r.getEndpoint().getEndpointUri().equals(uri))) {
            return true;
        }
        Future<Object> answer = template.asyncRequestBody(uri, alert);
        try {
            answer.get(ALERT_LIMIT.toMillis(), TimeUnit.MILLISECONDS);
            return true;
        } catch (ExecutionException | TimeoutException e) {
            answer.cancel(true);
            LOG.warn(
                    "the alert route {} failed or took longer than {} s ({}); the alert is in the journal and in the"
                            + " reports, and is delivered again",
                    uri,
                    ALERT_LIMIT.toSeconds(),
                    e.toString());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return false;
    }

    /** Rewrites all three files from the journal. Logs and counts a file that cannot be written. */
    public synchronized void rewrite() {
        write("failed_cleanups.json", failedCleanups());
        write(
                "critical_failures.json",
                journal.events().of(EventKind.CRITICAL).stream()
                        .map(this::critical)
                        .toList());
        write(
                "rollback_alerts.json",
                journal.events().of(EventKind.ALERT).stream().map(Event::detail).toList());
    }

    /** One line for each saga, step and status: the pieces that remain, with the highest number of attempts. */
    private List<String> failedCleanups() {
        Map<String, List<CleanupEntry>> groups = journal.cleanups().open().stream()
                .collect(Collectors.groupingBy(
                        e -> e.sagaId() + " " + e.step() + " " + e.state(), LinkedHashMap::new, Collectors.toList()));
        List<String> lines = new ArrayList<>();
        groups.values().forEach(entries -> {
            CleanupEntry first = entries.get(0);
            Map<String, Object> line = new LinkedHashMap<>();
            line.put("timestamp", first.createdAt().toString());
            line.put("sagaId", first.sagaId());
            line.put("documentId", first.documentId());
            line.put("step", first.step());
            line.put("failed", entries.stream().map(CleanupEntry::resource).toList());
            line.put("lastError", first.lastError());
            line.put(
                    "attempts",
                    entries.stream().mapToInt(CleanupEntry::attempts).max().orElse(0));
            line.put(
                    "nextAttemptAt",
                    entries.stream()
                            .map(CleanupEntry::nextAttemptAt)
                            .min(Instant::compareTo)
                            .orElseThrow()
                            .toString());
            line.put("status", first.state().name());
            lines.add(toJson(line));
        });
        return lines;
    }

    private String critical(Event event) {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("timestamp", event.at().toString());
        line.put("sagaId", event.sagaId());
        line.put("step", event.step());
        line.put("error", event.message());
        line.put("status", "CRITICAL_FAILURE");
        return toJson(line);
    }

    private String toJson(Map<String, Object> line) {
        try {
            return json.writeValueAsString(line);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("maps of text and numbers are JSON", e);
        }
    }

    private Map<String, Object> fields(String line) {
        try {
            return json.readValue(line, new TypeReference<LinkedHashMap<String, Object>>() {});
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("alerts are stored as JSON", e);
        }
    }

    private void write(String name, List<String> lines) {
        try (SideEffects.Span watched = SideEffects.begin("report", name)) {
            Permissions.folder(folder);
            Path next = Permissions.file(folder.resolve(name + ".tmp"));
            Files.write(next, lines);
            Files.move(next, folder.resolve(name), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            unwritten.incrementAndGet();
            LOG.warn("cannot write report {} in {} ({}); its entries are in the journal", name, folder, e.getMessage());
        }
    }
}
