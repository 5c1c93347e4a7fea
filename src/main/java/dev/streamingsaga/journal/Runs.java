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

/**
 * The runs that this process owns, and those that it no longer does but whose last side effect is still under way: a write that
 * a paused, resumed or ended run left behind is waited for like one of the current run.
 */
public final class Runs {
    private final Journal journal;
    private final Map<String, ActiveRun> active = new ConcurrentHashMap<>();
    private final Set<ActiveRun> lingering = ConcurrentHashMap.newKeySet();

    public Runs(Journal journal) {
        this.journal = journal;
    }

    /** Takes up a saga that this process received, or took over; an earlier run of it gets no leave to write any more. */
    public ActiveRun begin(SagaRecord saga) {
        ActiveRun run = new ActiveRun(journal, saga);
        Optional.ofNullable(active.put(saga.sagaId(), run)).ifPresent(earlier -> {
            lingering.add(earlier);
            earlier.callOff(new SagaException(Reason.CANCELLED, "run " + earlier.number() + " of saga " + saga.sagaId()
                    + " was taken over by run " + run.number() + "; it stops here"), Duration.ZERO);
        });
        forgetOver();
        return run;
    }

    public Optional<ActiveRun> find(String sagaId) {
        return Optional.ofNullable(active.get(sagaId));
    }

    public Collection<ActiveRun> all() {
        return active.values();
    }

    /** This run ends; a later one of the same saga goes on. */
    public void end(ActiveRun run) {
        lingering.add(run);
        active.remove(run.sagaId(), run);
        run.callOff(new SagaException(Reason.CANCELLED, "run " + run.number() + " of saga " + run.sagaId() + " has ended"), Duration.ZERO);
        run.markEnded();
        forgetOver();
    }

    /** The saga is final, or somebody else's. */
    public void end(String sagaId) {
        find(sagaId).ifPresent(this::end);
    }

    /** Kept as long as it writes, and no longer: what is idle by now has left nothing behind. */
    private void forgetOver() {
        lingering.removeIf(ActiveRun::isOver);
    }

    /**
     * Stops a saga's steps from writing, whichever run they belong to: no new permits, and a bounded wait for the open ones.
     *
     * @return whether none is open any more
     */
    public boolean callOff(String sagaId, SagaException why, Duration wait) {
        return settled(of(sagaId), why, wait);
    }

    /** Waits until nothing that an earlier run began is under way any more, for so long at the most. */
    public boolean awaitEarlier(ActiveRun run, Duration wait) {
        return settled(of(run.sagaId()).stream().filter(other -> other != run).toList(),
                new SagaException(Reason.CANCELLED, "saga " + run.sagaId() + " was taken over by run " + run.number()), wait);
    }

    /** None gets new leave before the first is waited for. */
    private static boolean settled(List<ActiveRun> runs, SagaException why, Duration wait) {
        long end = System.nanoTime() + wait.toNanos();
        runs.forEach(run -> run.callOff(why, Duration.ZERO));
        return runs.stream().filter(run -> !run.callOff(why, Duration.ofNanos(Math.max(0, end - System.nanoTime())))).findAny().isEmpty();
    }

    /** The steps of a saga that have something under way. */
    public Set<String> writing(String sagaId) {
        return of(sagaId).stream().filter(ActiveRun::isWriting).map(ActiveRun::step).collect(Collectors.toSet());
    }

    private List<ActiveRun> of(String sagaId) {
        return new ArrayList<>(Stream.concat(find(sagaId).stream(), lingering.stream().filter(run -> run.sagaId().equals(sagaId)))
                .collect(Collectors.toSet()));
    }
}
