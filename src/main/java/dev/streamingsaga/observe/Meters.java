package dev.streamingsaga.observe;

import dev.streamingsaga.journal.JournalStatistics;
import dev.streamingsaga.journal.SagaListener;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.SagaState;
import dev.streamingsaga.journal.StepNames;
import dev.streamingsaga.journal.WarningCode;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.LongSupplier;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;

/**
 * The metrics of one instance in a Micrometer registry: some from the journal, some counted since the start of this
 * process.
 */
final class Meters implements SagaListener, AutoCloseable {
    private static final Duration[] BUCKETS = Stream.of(
                    100, 500, 1_000, 5_000, 15_000, 60_000, 300_000, 900_000, 3_600_000)
            .map(Duration::ofMillis)
            .toArray(Duration[]::new);

    private final MeterRegistry registry;
    private final ObservedComponents parts;
    private final CachedProbe<JournalStatistics> figures;
    private final List<Tag> tags;
    private final List<Meter> registered = new CopyOnWriteArrayList<>();
    private final Map<String, Timer> steps = new ConcurrentHashMap<>();
    private final Map<SagaState, Timer> outcomes = new ConcurrentHashMap<>();
    private final Counter sentBytes;
    private final Counter sentChunks;
    private final Counter retries;
    private final Map<String, Counter> warnings = new ConcurrentHashMap<>();
    private final Runnable closing;

    private Meters(
            MeterRegistry registry,
            ObservedComponents parts,
            CachedProbe<JournalStatistics> figures,
            Health health,
            Runnable closing) {
        this.registry = registry;
        this.parts = parts;
        this.figures = figures;
        this.closing = closing;
        this.tags = List.of(Tag.of("saga", parts.config().name()));
        registerJournalMetrics();
        sentBytes = counter("streaming.saga.sent", "bytes", "Bytes of chunks that the bucket stored, since the start");
        sentChunks = counter("streaming.saga.sent.chunks", "", "Chunks that the bucket stored, since the start");
        retries = counter(
                "streaming.saga.chunk.retries", "", "Chunks sent again because an attempt failed, since the start");
        Stream.of(WarningCode.values()).forEach(code -> warnings(code.name()));
        sinceStart(
                "streaming.saga.unwritten.reports",
                "Report files that could not be written, since the start",
                parts.unwrittenReports());
        sinceStart(
                "streaming.saga.refused.callbacks",
                "Callbacks without a token or for a foreign LRA, since the start",
                parts.refusedCallbacks());
        StepNames.all(parts.config().participants()).forEach(this::step);
        Stream.of(SagaState.values()).filter(SagaState::isFinal).forEach(this::outcome);
        health.parts()
                .forEach((part, probe) -> add(Gauge.builder(
                                "streaming.saga.health",
                                probe,
                                state -> state.last().value())
                        .description("1 if the part passed its last check, 0 if not")
                        .tags(tags)
                        .tag("part", part)
                        .register(registry)));
        add(Gauge.builder(
                        "streaming.saga.disk.free",
                        parts,
                        p -> Observation.free(p.config().dataDir()))
                .baseUnit("bytes")
                .description("Free space on the disk of the data directory")
                .tags(tags)
                .register(registry));
        parts.journal().addListener(this);
    }

    /** Registers the metrics in the registry of the context, if it has one. */
    static Optional<Meters> inContextRegistry(
            ObservedComponents parts, CachedProbe<JournalStatistics> figures, Health health) {
        return Optional.ofNullable(parts.context().getRegistry().findSingleByType(MeterRegistry.class))
                .map(registry -> new Meters(registry, parts, figures, health, () -> {}));
    }

    /** Registers the metrics, and those of the JVM, in a new Prometheus registry. */
    static Meters inNewRegistry(ObservedComponents parts, CachedProbe<JournalStatistics> figures, Health health) {
        Prometheus.CreatedRegistry created = Prometheus.create();
        return new Meters(created.registry(), parts, figures, health, created.closing());
    }

    private void registerJournalMetrics() {
        counted("streaming.saga", "", "Sagas received, over all restarts", JournalStatistics::received);
        counted(
                "streaming.saga.completed",
                "",
                "Sagas that completed, over all restarts",
                f -> f.in(SagaState.COMPLETED));
        counted(
                "streaming.saga.ingested",
                "bytes",
                "Bytes of completed documents, over all restarts",
                JournalStatistics::storedBytes);
        counted(
                "streaming.saga.resumed",
                "bytes",
                "Bytes that a later run did not send again, over all restarts",
                JournalStatistics::resumedBytes);
        counted(
                "streaming.saga.deletions",
                "",
                "Documents whose deletion was requested, over all restarts",
                JournalStatistics::deletions);
        gauge(
                "streaming.saga.unfinished.deletions",
                "Deleted documents of which some data is not removed yet",
                JournalStatistics::unfinishedDeletions);
        // Gauges although they only grow: the names are fixed, and a counter would add "_total".
        gauge(
                "streaming.saga.rollbacks",
                "Sagas that were compensated, over all restarts",
                JournalStatistics::compensated);
        gauge(
                "streaming.saga.redeliveries",
                "Sagas that delivered a document again after a transient failure, over all restarts",
                JournalStatistics::redeliveries);
        gauge(
                "streaming.saga.failed.rollbacks",
                "Compensated sagas that left residue at first, over all restarts",
                JournalStatistics::withResidue);
        gauge(
                "streaming.saga.orphaned.chunks",
                "Open clean-up entries of the bucket: chunks that a compensation could not remove",
                JournalStatistics::chunkCleanups);
        gauge(
                "streaming.saga.unpublished",
                "Completed sagas whose document is not visible in every store yet",
                JournalStatistics::unpublished);
        for (SagaState state : SagaState.values()) {
            add(Gauge.builder("streaming.saga.sagas", figures, f -> f.last().in(state))
                    .description("Sagas by state, from the journal")
                    .tags(tags)
                    .tag("state", state.name())
                    .register(registry));
        }
        cleanups("pending", JournalStatistics::pendingCleanups);
        cleanups("blocked", JournalStatistics::blockedCleanups);
        add(Gauge.builder("streaming.saga.oldest.cleanup.age", figures, this::oldestSeconds)
                .baseUnit("seconds")
                .description("Age of the oldest open clean-up entry, 0 if there is none")
                .tags(tags)
                .register(registry));
    }

    private double oldestSeconds(CachedProbe<JournalStatistics> probe) {
        return probe.last()
                .oldestCleanup()
                .map(createdAt ->
                        Duration.between(createdAt, parts.journal().clock().instant())
                                        .toMillis()
                                / 1000.0)
                .orElse(0.0);
    }

    private void counted(String name, String unit, String description, ToDoubleFunction<JournalStatistics> figure) {
        add(FunctionCounter.builder(name, figures, f -> figure.applyAsDouble(f.last()))
                .baseUnit(unit.isEmpty() ? null : unit)
                .description(description)
                .tags(tags)
                .register(registry));
    }

    private void gauge(String name, String description, ToDoubleFunction<JournalStatistics> figure) {
        add(Gauge.builder(name, figures, f -> figure.applyAsDouble(f.last()))
                .description(description)
                .tags(tags)
                .register(registry));
    }

    private void cleanups(String state, ToDoubleFunction<JournalStatistics> figure) {
        add(Gauge.builder("streaming.saga.cleanups", figures, f -> figure.applyAsDouble(f.last()))
                .description("Open clean-up entries")
                .tags(tags)
                .tag("state", state)
                .register(registry));
    }

    private Counter counter(String name, String unit, String description) {
        return add(Counter.builder(name)
                .baseUnit(unit.isEmpty() ? null : unit)
                .description(description)
                .tags(tags)
                .register(registry));
    }

    private void sinceStart(String name, String description, LongSupplier count) {
        add(FunctionCounter.builder(name, count, LongSupplier::getAsLong)
                .description(description)
                .tags(tags)
                .register(registry));
    }

    private Counter warnings(String warning) {
        return warnings.computeIfAbsent(
                warning,
                code -> add(Counter.builder("streaming.saga.warnings")
                        .description("Completed documents with a warning of this code, since the start")
                        .tags(tags)
                        .tag("code", code)
                        .register(registry)));
    }

    private Timer step(String name) {
        return steps.computeIfAbsent(
                name,
                step -> timer(
                        "streaming.saga.step.duration",
                        "Duration of completed steps, since the start",
                        Tag.of("step", step)));
    }

    private Timer outcome(SagaState state) {
        return outcomes.computeIfAbsent(
                state,
                end -> timer(
                        "streaming.saga.duration",
                        "Time from receipt of a saga to its outcome, since the start",
                        Tag.of("outcome", end.name())));
    }

    private Timer timer(String name, String description, Tag tag) {
        return add(Timer.builder(name)
                .description(description)
                .tags(tags)
                .tags(List.of(tag))
                .serviceLevelObjectives(BUCKETS)
                .register(registry));
    }

    private <M extends Meter> M add(M meter) {
        registered.add(meter);
        return meter;
    }

    @Override
    public void stateChanged(SagaRecord saga, SagaState from) {
        if (saga.state() == SagaState.COMPLETED && from != SagaState.COMPLETED) {
            saga.warnings().codes().forEach(code -> warnings(code).increment());
        }
        if (saga.state().isFinal() && !from.isFinal()) {
            outcome(saga.state())
                    .record(Duration.between(
                            saga.receivedAt(), parts.journal().clock().instant()));
        }
    }

    @Override
    public void stepEnded(String step, Duration took) {
        step(step).record(took);
    }

    @Override
    public void chunkSent(long sizeBytes) {
        sentBytes.increment((double) sizeBytes);
        sentChunks.increment();
    }

    @Override
    public void chunkRetried() {
        retries.increment();
    }

    Optional<String> scrape() {
        return Prometheus.isAvailable() ? Prometheus.text(registry) : Optional.empty();
    }

    @Override
    public void close() {
        parts.journal().addListener(SagaListener.NONE);
        registered.forEach(registry::remove);
        closing.run();
    }
}
