package dev.streamingsaga.journal;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The runs that this process owns, and former runs whose last side effect is still in progress: a compensation waits
 * for a write of a paused, resumed or ended run as it does for one of the current run.
 */
public final class Runs {
    private static final Logger LOG = LoggerFactory.getLogger(Runs.class);

    private final Journal journal;
    private final Map<String, ActiveRun> active = new ConcurrentHashMap<>();
    private final Set<ActiveRun> lingering = ConcurrentHashMap.newKeySet();
    private final AtomicInteger handedOver = new AtomicInteger();
    private volatile boolean closed;
    private volatile boolean stopping;
    private volatile long stopDeadlineNanos;

    public Runs(Journal journal) {
        this.journal = journal;
    }

    /**
     * Begins a run of a saga that this process registered or took over, and revokes an earlier run of it.
     *
     * @throws ShutdownException if this process is stopping; the saga is released
     */
    public ActiveRun begin(SagaRecord saga) {
        ActiveRun run = new ActiveRun(journal, saga);
        Optional.ofNullable(active.put(saga.sagaId(), run)).ifPresent(earlier -> {
            lingering.add(earlier);
            earlier.revoke(
                    new SagaException(
                            Reason.CANCELLED,
                            "run " + earlier.number() + " of saga " + saga.sagaId() + " was taken over by run "
                                    + run.number() + "; it stops here"),
                    Duration.ZERO);
            earlier.markEnded(); // its callers wait for the end of the saga from now on
        });
        forgetEnded();
        if (release(run)) {
            end(run);
            requireRunning(saga.sagaId());
        }
        return run;
    }

    /** Accepts no more documents. Runs that have begun continue. */
    public void refuseDocuments() {
        closed = true;
    }

    /** Waits until the runs that are active now have ended, at most this long in total. */
    public void awaitEnd(Duration wait) {
        long deadlineNanos = System.nanoTime() + wait.toNanos();
        for (ActiveRun run : List.copyOf(active.values())) {
            run.awaitEnd(Duration.ofNanos(Math.max(0, deadlineNanos - System.nanoTime())));
        }
    }

    /**
     * Drains this process before it stops: no run begins any more, active runs get no more permits, and their sagas are
     * released for the next start to resume. Compensations are interrupted; the next start continues them.
     *
     * @param wait for side effects that are in progress, in total
     */
    public void drain(Duration wait) {
        stopDeadlineNanos = System.nanoTime() + wait.toNanos();
        stopping = true;
        // A run in its last step needs no more permits: let it complete.
        List<ActiveRun> others = active.values().stream()
                .filter(run -> !run.step().equals(StepNames.FINALIZE))
                .toList();
        others.forEach(run -> run.revoke(stop(run), Duration.ZERO));
        others.forEach(this::releaseNow);
        active.values().forEach(run -> {
            run.awaitEnd(timeLeft());
            releaseNow(run);
        });
    }

    /** @throws ShutdownException if this process is stopping and begins nothing any more */
    public void requireOpen(String source) {
        if (closed || stopping) {
            throw new ShutdownException(
                    source + " was not accepted because this instance is stopping; send it again after the next start");
        }
    }

    /** @throws ShutdownException if this process is stopping and has released the saga */
    public void requireRunning(String sagaId) {
        if (stopping) {
            throw new ShutdownException("saga " + sagaId
                    + " was left as it is because this instance is stopping; the next start resumes it");
        }
    }

    /**
     * Releases the saga if this process is stopping. Call it before a failure is recorded as the saga's.
     *
     * @return whether it is stopping
     */
    public boolean release(ActiveRun run) {
        if (!stopping) {
            return false;
        }
        run.revoke(stop(run), timeLeft());
        try {
            if (journal.leases().handOver(run.sagaId(), run.number())) {
                handedOver.incrementAndGet();
                LOG.info(
                        "saga {} ({}) was left in step {} because this instance is stopping; the next start resumes it",
                        run.sagaId(),
                        run.initialSaga().fileName(),
                        run.step().isEmpty() ? "none" : run.step());
            }
        } catch (RuntimeException e) {
            LOG.warn(
                    "cannot release saga {} ({}); the recovery takes it over when its lease has expired",
                    run.sagaId(),
                    e.toString());
        } finally {
            run.markHandedOver();
        }
        return true;
    }

    private void releaseNow(ActiveRun run) {
        release(run);
        run.markEnded();
    }

    private Duration timeLeft() {
        return Duration.ofNanos(Math.max(0, stopDeadlineNanos - System.nanoTime()));
    }

    private static SagaException stop(ActiveRun run) {
        return new SagaException(
                Reason.CANCELLED,
                "run " + run.number() + " of saga " + run.sagaId() + " ends here because this instance is stopping");
    }

    /** Sagas that were released for another node or the next start. */
    public int handedOver() {
        return handedOver.get();
    }

    /** The journal that records these runs. */
    public Journal journal() {
        return journal;
    }

    public Optional<ActiveRun> find(String sagaId) {
        return Optional.ofNullable(active.get(sagaId));
    }

    public Collection<ActiveRun> all() {
        return active.values();
    }

    /** Ends this run; a later run of the same saga is not affected. */
    public void end(ActiveRun run) {
        close(run);
        run.markEnded();
        forgetEnded();
    }

    private void close(ActiveRun run) {
        lingering.add(run);
        active.remove(run.sagaId(), run);
        run.revoke(
                new SagaException(Reason.CANCELLED, "run " + run.number() + " of saga " + run.sagaId() + " has ended"),
                Duration.ZERO);
    }

    /**
     * Ends the run without a recorded outcome: callers that wait for it get the exception, and the recovery takes over
     * the saga. If the journal has an outcome after all, or a later run, the run ends normally.
     */
    public void markLost(ActiveRun run, Throwable cause) {
        close(run); // before callers are notified
        if (isSettled(run)) {
            run.markEnded();
        } else {
            run.markLost(new IllegalStateException(
                    "saga " + run.sagaId() + " stopped in step " + run.step()
                            + " because the journal does not accept its outcome; the recovery takes it over when the"
                            + " journal can be written again",
                    cause));
        }
        forgetEnded();
    }

    private boolean isSettled(ActiveRun run) {
        try {
            SagaRecord saga = journal.sagas().find(run.sagaId()).orElseThrow();
            return saga.state().isFinal() || saga.run() != run.number();
        } catch (RuntimeException e) {
            return false; // the journal cannot be read
        }
    }

    /** Ends the run of a saga that is final or that another process has taken over. */
    public void end(String sagaId) {
        find(sagaId).ifPresent(this::end);
    }

    /**
     * Ends runs of paused sagas that were revoked at least this long ago: they hang, or Camel has lost their exchange.
     * Another run waits for what they still write.
     */
    public void endPaused(Duration grace) {
        for (ActiveRun run : active.values()) {
            if (run.isRevokedFor(grace)
                    && journal.sagas().find(run.sagaId()).orElseThrow().state() == SagaState.PAUSED) {
                LOG.warn(
                        "run {} of the paused saga {} does not end in step {}; its slot is free again",
                        run.number(),
                        run.sagaId(),
                        run.step());
                end(run);
            }
        }
    }

    /** Former runs are kept only while they write. */
    private void forgetEnded() {
        lingering.removeIf(ActiveRun::hasEnded);
    }

    /**
     * Revokes all runs of a saga: they get no new permits, and open ones are waited for, for a limited time.
     *
     * @return whether no permit is open any more
     */
    public boolean revoke(String sagaId, SagaException cause, Duration wait) {
        return revokeAll(of(sagaId), cause, wait);
    }

    /** Waits until no side effect of an earlier run is in progress, at most this long. */
    public boolean awaitEarlierRun(ActiveRun run, Duration wait) {
        return revokeAll(
                of(run.sagaId()).stream().filter(other -> other != run).toList(),
                new SagaException(Reason.CANCELLED, "saga " + run.sagaId() + " was taken over by run " + run.number()),
                wait);
    }

    /** Revokes all runs before it waits for the first. */
    private static boolean revokeAll(List<ActiveRun> runs, SagaException cause, Duration wait) {
        long end = System.nanoTime() + wait.toNanos();
        runs.forEach(run -> run.revoke(cause, Duration.ZERO));
        return runs.stream()
                .filter(run -> !run.revoke(cause, Duration.ofNanos(Math.max(0, end - System.nanoTime()))))
                .findAny()
                .isEmpty();
    }

    /** The steps of a saga that have a side effect in progress. */
    public Set<String> writing(String sagaId) {
        return of(sagaId).stream()
                .filter(ActiveRun::isWriting)
                .map(ActiveRun::step)
                .collect(Collectors.toSet());
    }

    private List<ActiveRun> of(String sagaId) {
        return new ArrayList<>(Stream.concat(
                        find(sagaId).stream(),
                        lingering.stream().filter(run -> run.sagaId().equals(sagaId)))
                .collect(Collectors.toSet()));
    }
}
