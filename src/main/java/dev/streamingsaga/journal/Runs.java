package dev.streamingsaga.journal;

import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** The runs that this process owns. */
public final class Runs {
    private final Journal journal;
    private final Map<String, ActiveRun> active = new ConcurrentHashMap<>();

    public Runs(Journal journal) {
        this.journal = journal;
    }

    /** Takes up a saga that this process received. */
    public ActiveRun begin(SagaRecord saga) {
        ActiveRun run = new ActiveRun(journal, saga);
        active.put(saga.sagaId(), run);
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
        active.remove(run.sagaId(), run);
        run.markEnded();
    }

    /** The saga is final, or somebody else's. */
    public void end(String sagaId) {
        Optional.ofNullable(active.remove(sagaId)).ifPresent(ActiveRun::markEnded);
    }

    /**
     * Stops a saga's step from writing: no new permits, and a bounded wait for the open ones.
     *
     * @return whether none is open any more
     */
    public boolean callOff(String sagaId, SagaException why, Duration wait) {
        return find(sagaId).map(run -> run.callOff(why, wait)).orElse(true);
    }
}
