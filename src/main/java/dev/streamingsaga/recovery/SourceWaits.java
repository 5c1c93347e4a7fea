package dev.streamingsaga.recovery;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.journal.Leases.SourceLocation;
import dev.streamingsaga.journal.SagaRecord;
import dev.streamingsaga.journal.Waiting;
import dev.streamingsaga.saga.Alerts;
import dev.streamingsaga.source.SourceHost;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides whether this node can read the source of a stale saga. If not, the node leaves the saga to the host that has
 * the original: it holds no lease on it, and looks at it again after growing pauses.
 */
final class SourceWaits {
    private static final Logger LOG = LoggerFactory.getLogger(SourceWaits.class);
    private static final Duration FIRST_PAUSE = Duration.ofSeconds(2);
    private static final Duration MAX_PAUSE = Duration.ofMinutes(5);
    /** A query takes a list of this length; the sagas beyond it are looked up once a second. */
    private static final int MAX_LEFT = 1000;

    private final SagaConfig config;
    private final Journal journal;
    private final SourceHost host;
    private final Alerts alerts;
    private final Map<String, Pause> pauses = new ConcurrentHashMap<>();

    SourceWaits(SagaConfig config, Journal journal, SourceHost host, Alerts alerts) {
        this.config = config;
        this.journal = journal;
        this.host = host;
        this.alerts = alerts;
    }

    /** @param looks how often this node has found that it cannot read the source */
    private record Pause(SagaRecord saga, int looks, Instant until) {}

    /** Ids of the sagas that this node does not look at now. */
    List<String> left() {
        Instant now = journal.clock().instant();
        // One that is not looked up again after its pause is not stale any more.
        pauses.values().removeIf(pause -> now.isAfter(pause.until().plus(MAX_PAUSE)));
        return pauses.values().stream()
                .filter(pause -> isLeft(pause, now))
                .map(pause -> pause.saga().sagaId())
                .limit(MAX_LEFT)
                .toList();
    }

    private boolean isLeft(Pause pause, Instant now) {
        return now.isBefore(pause.until())
                && host.spooled(pause.saga().origin()).isEmpty();
    }

    /**
     * Where this node reads the source of the saga; empty if it cannot, and the saga needs its source.
     *
     * @param exclusive no other node works on this journal
     */
    Optional<SourceLocation> find(SagaRecord saga, boolean exclusive) {
        if (exclusive || host.holds(saga)) {
            // If it is not there, it is gone: the run says so.
            return here(host.spooled(saga.origin()).orElse(saga.source()));
        }
        Optional<SourceLocation> found = host.find(saga).flatMap(this::here);
        return found.isPresent() || journal.steps().needsSource(saga)
                ? found
                : Optional.of(new SourceLocation(saga.source(), saga.origin().host()));
    }

    private Optional<SourceLocation> here(Path source) {
        return Optional.of(new SourceLocation(source, host.id()));
    }

    /**
     * Leaves a stale saga to its host for a while. Its state says so when nobody has taken it over before the second
     * look.
     *
     * @return why the wait has ended, if the saga has passed its time limit
     */
    Optional<String> leave(SagaRecord stale) {
        Instant now = journal.clock().instant();
        Optional<Pause> before = Optional.ofNullable(pauses.get(stale.sagaId()))
                .filter(pause -> pause.saga().run() == stale.run());
        if (before.filter(pause -> now.isBefore(pause.until())).isPresent()) {
            return Optional.empty(); // one of more than fit the query
        }
        int looks = 1 + before.map(Pause::looks).orElse(0);
        Instant next = now.plus(pause(looks));
        if (looks == 1) {
            pauses.put(stale.sagaId(), new Pause(stale, looks, next));
            return Optional.empty();
        }
        Optional<SagaRecord> waiting = journal.hostWaits().await(stale, reason(stale), next, config.timeLimit());
        if (waiting.isEmpty()) {
            pauses.remove(stale.sagaId());
            return Optional.empty();
        }
        if (looks == 2) {
            LOG.warn("saga {} ({}) {}", stale.sagaId(), stale.fileName(), reason(stale));
        }
        return settle(waiting.get(), new Pause(waiting.get(), looks, next), now);
    }

    private Optional<String> settle(SagaRecord saga, Pause pause, Instant now) {
        Instant since = saga.waiting().map(Waiting::since).orElse(now);
        Instant alertAt = since.plus(config.operation().recovery().hostPatience());
        boolean isOver = now.isAfter(saga.deadline());
        if (isOver || !now.isBefore(alertAt)) {
            alert(saga, since);
        }
        if (isOver) {
            pauses.remove(saga.sagaId());
            return Optional.of("saga " + saga.sagaId() + " passed its time limit at " + saga.deadline() + ": since "
                    + since + " it waited for its host " + name(saga) + ", which has the original; compensating");
        }
        Instant until = now.isBefore(alertAt) ? earlier(alertAt, pause.until()) : pause.until();
        pauses.put(
                saga.sagaId(),
                new Pause(saga, pause.looks(), earlier(saga.deadline().plusMillis(1), until)));
        return Optional.empty();
    }

    private void alert(SagaRecord saga, Instant since) {
        if (journal.hostWaits().alert(saga, alerts.sourceHostAway(saga, name(saga), since))) {
            alerts.deliver(saga.sagaId());
        }
    }

    /** This node no longer has to look at the saga. */
    void forget(String sagaId) {
        pauses.remove(sagaId);
    }

    private static String reason(SagaRecord saga) {
        return Waiting.forHost(name(saga));
    }

    private static String name(SagaRecord saga) {
        String id = saga.origin().host();
        return id.isEmpty() ? "(unknown)" : SourceHost.name(id);
    }

    private static Duration pause(int looks) {
        Duration pause = FIRST_PAUSE.multipliedBy(1L << Math.min(looks - 1, 16));
        return pause.compareTo(MAX_PAUSE) < 0 ? pause : MAX_PAUSE;
    }

    private static Instant earlier(Instant one, Instant other) {
        return one.isBefore(other) ? one : other;
    }
}
