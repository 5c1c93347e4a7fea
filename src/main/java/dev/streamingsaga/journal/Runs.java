package dev.streamingsaga.journal;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The runs that this process owns, and those that it no longer does but whose last side effect is still under way: a
 * write that a paused, resumed or ended run left behind is waited for like one of the current run.
 */
public final class Runs {
    private static final Logger LOG = LoggerFactory.getLogger(Runs.class);
    private static final String LAST_STEP = "finalize";

    private final Journal journal;
    private final Map<String, ActiveRun> active = new ConcurrentHashMap<>();
    private final Set<ActiveRun> lingering = ConcurrentHashMap.newKeySet();
    private volatile boolean stopping;
    private volatile long stoppedBy;

    public Runs(Journal journal) {
        this.journal = journal;
    }

    /**
     * Takes up a saga that this process received, or took over; an earlier run of it gets no leave to write any more.
     *
     * @throws ShutdownException if this process is stopping; the saga is handed back
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
            earlier.markEnded(); // whoever waits for it, waits for the saga's end from now on
        });
        forgetEnded();
        if (release(run)) {
            end(run);
            requireRunning(saga.sagaId());
        }
        return run;
    }

    /**
     * The end of this process, in good order: no run begins any more, those that are under way get no leave for another
     * side effect, and their sagas are handed back for the next start to go on with. What is being compensated stays
     * so, and is taken up again then.
     *
     * @param wait for what is on its way already, in all
     */
    public void drain(Duration wait) {
        stoppedBy = System.nanoTime() + wait.toNanos();
        stopping = true;
        // One that is being closed needs no leave any more, and its end is the better one.
        List<ActiveRun> others = active.values().stream()
                .filter(run -> !run.step().equals(LAST_STEP))
                .toList();
        others.forEach(run -> run.revoke(stop(run), Duration.ZERO));
        others.forEach(this::releaseNow);
        active.values().forEach(run -> {
            run.awaitEnd(left());
            releaseNow(run);
        });
    }

    /** @throws ShutdownException if this process is stopping: nothing is begun any more */
    public void requireOpen(String what) {
        if (stopping) {
            throw new ShutdownException(what
                    + " was not taken in, since this instance is stopping; give it again when that is started again");
        }
    }

    /** @throws ShutdownException if this process is stopping: the saga is somebody else's from now on */
    public void requireRunning(String sagaId) {
        if (stopping) {
            throw new ShutdownException(
                    "saga " + sagaId
                            + " is left as it is, since this instance is stopping; it goes on when the instance is started again");
        }
    }

    /**
     * To be asked before a failure becomes the saga's: hands the saga back if this process is stopping.
     *
     * @return whether it is stopping
     */
    public boolean release(ActiveRun run) {
        if (!stopping) {
            return false;
        }
        run.revoke(stop(run), left());
        try {
            if (journal.handOver(run.sagaId(), run.number())) {
                LOG.info(
                        "saga {} ({}) is left in step {} since this instance stops; the next start goes on with it",
                        run.sagaId(),
                        run.received().fileName(),
                        run.step().isEmpty() ? "none" : run.step());
            }
        } catch (RuntimeException e) {
            LOG.warn(
                    "saga {} could not be handed back ({}); it is taken up when its lease has run out",
                    run.sagaId(),
                    e.toString());
        } finally {
            run.release();
        }
        return true;
    }

    private void releaseNow(ActiveRun run) {
        release(run);
        run.markEnded();
    }

    private Duration left() {
        return Duration.ofNanos(Math.max(0, stoppedBy - System.nanoTime()));
    }

    private static SagaException stop(ActiveRun run) {
        return new SagaException(
                Reason.CANCELLED,
                "run " + run.number() + " of saga " + run.sagaId() + " ends here, since this instance is stopping");
    }

    /** Where they are written down. */
    public Journal journal() {
        return journal;
    }

    public Optional<ActiveRun> find(String sagaId) {
        return Optional.ofNullable(active.get(sagaId));
    }

    public Collection<ActiveRun> all() {
        return active.values();
    }

    /** This run ends; a later one of the same saga goes on. */
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
     * As {@link #end(ActiveRun)}, its outcome not recorded: whoever waits for the run is told so, and the recovery
     * takes the saga up. If the journal has one all the same, or a later run, that is what it ends with.
     */
    public void markLost(ActiveRun run, Throwable why) {
        close(run); // before anybody is told
        if (isSettled(run)) {
            run.markEnded();
        } else {
            run.markLost(new IllegalStateException(
                    "saga " + run.sagaId() + " stopped in step " + run.step()
                            + " because the journal does not take its outcome; the recovery goes on with it when the journal can be written again",
                    why));
        }
        forgetEnded();
    }

    private boolean isSettled(ActiveRun run) {
        try {
            SagaRecord saga = journal.saga(run.sagaId()).orElseThrow();
            return saga.state().isFinal() || saga.run() != run.number();
        } catch (RuntimeException e) {
            return false; // the journal does not say
        }
    }

    /** The saga is final, or somebody else's. */
    public void end(String sagaId) {
        find(sagaId).ifPresent(this::end);
    }

    /**
     * Ends what was called off so long ago, its saga paused: it hangs, or Camel has lost it. Whatever it still writes
     * is waited for before another run.
     */
    public void endPaused(Duration grace) {
        for (ActiveRun run : active.values()) {
            if (run.isRevokedFor(grace)
                    && journal.saga(run.sagaId()).orElseThrow().state() == SagaState.PAUSED) {
                LOG.warn(
                        "run {} of the paused saga {} does not end in step {}; its place is free again",
                        run.number(),
                        run.sagaId(),
                        run.step());
                end(run);
            }
        }
    }

    /** Kept as long as it writes, and no longer: what is idle by now has left nothing behind. */
    private void forgetEnded() {
        lingering.removeIf(ActiveRun::hasEnded);
    }

    /**
     * Stops a saga's steps from writing, whichever run they belong to: no new permits, and a bounded wait for the open
     * ones.
     *
     * @return whether none is open any more
     */
    public boolean revoke(String sagaId, SagaException why, Duration wait) {
        return settled(of(sagaId), why, wait);
    }

    /** Waits until nothing that an earlier run began is under way any more, for so long at the most. */
    public boolean awaitEarlierRun(ActiveRun run, Duration wait) {
        return settled(
                of(run.sagaId()).stream().filter(other -> other != run).toList(),
                new SagaException(Reason.CANCELLED, "saga " + run.sagaId() + " was taken over by run " + run.number()),
                wait);
    }

    /** None gets new leave before the first is waited for. */
    private static boolean settled(List<ActiveRun> runs, SagaException why, Duration wait) {
        long end = System.nanoTime() + wait.toNanos();
        runs.forEach(run -> run.revoke(why, Duration.ZERO));
        return runs.stream()
                .filter(run -> !run.revoke(why, Duration.ofNanos(Math.max(0, end - System.nanoTime()))))
                .findAny()
                .isEmpty();
    }

    /** The steps of a saga that have something under way. */
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
