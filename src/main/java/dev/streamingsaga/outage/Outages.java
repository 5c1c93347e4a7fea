package dev.streamingsaga.outage;

import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which dependencies are down now. A step that meets a transient failure reports it; from then on one probe for each
 * dependency, and not every saga, asks whether it is back. Thread-safe.
 */
public final class Outages implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Outages.class);
    /** A dependency that does not answer its first probe in this time is down. */
    private static final Duration ANSWER_LIMIT = Duration.ofSeconds(3);

    private final Map<Dependency, Runnable> probes = new ConcurrentHashMap<>();
    private final Duration interval;
    private final Clock clock;
    private final ScheduledExecutorService timer;
    private final List<Consumer<List<DownDependency>>> listeners = new CopyOnWriteArrayList<>();
    private final Map<Dependency, DownDependency> down = new EnumMap<>(Dependency.class);
    private final Map<Dependency, DownDependency> suspected = new EnumMap<>(Dependency.class);
    private final Map<Dependency, Integer> recoveries = new EnumMap<>(Dependency.class);

    /**
     * @param name of the threads that probe
     * @param interval between two probes of a dependency that is down
     */
    public Outages(String name, Duration interval, Clock clock) {
        this.interval = interval;
        this.clock = clock;
        this.timer = Executors.newScheduledThreadPool(2 * Dependency.values().length, work -> {
            Thread thread = new Thread(work, name);
            thread.setDaemon(true);
            return thread;
        });
    }

    /** @param probe throws if the dependency cannot be used; without a probe it is never known to be down */
    public void watch(Dependency dependency, Runnable probe) {
        probes.put(dependency, probe);
    }

    /**
     * Calls the listener with what is down whenever that changes, on the thread of a probe; once more after each
     * interval until it does not throw.
     */
    public void addListener(Consumer<List<DownDependency>> listener) {
        listeners.add(listener);
    }

    /** Reports what a step of a saga met. The probe decides within seconds whether the dependency is down. */
    public void report(Outage outage, String sagaId) {
        Dependency dependency = outage.dependency();
        synchronized (this) {
            if (!probes.containsKey(dependency)
                    || down.containsKey(dependency)
                    || suspected.putIfAbsent(dependency, new DownDependency(outage, sagaId, clock.instant())) != null) {
                return;
            }
        }
        schedule(() -> probe(dependency), Duration.ZERO);
        schedule(() -> giveUpProbe(dependency), ANSWER_LIMIT);
    }

    private void schedule(Runnable task, Duration delay) {
        try {
            timer.schedule(task, delay.toMillis(), TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            LOG.debug("nothing is probed any more: this instance is stopping");
        }
    }

    private void probe(Dependency dependency) {
        Optional<String> problem = problem(dependency);
        if (problem.isPresent()) {
            wentDown(dependency, problem.get());
            schedule(() -> probe(dependency), interval);
        } else {
            cameBack(dependency);
        }
    }

    /**
     * A probe may hang, for example in a pool that waits for a connection: it continues, and ends the outage if it can.
     */
    private void giveUpProbe(Dependency dependency) {
        wentDown(dependency, "no answer within " + ANSWER_LIMIT.toSeconds() + " s");
    }

    /** Does nothing unless a step suspects that the dependency is down. */
    private void wentDown(Dependency dependency, String problem) {
        synchronized (this) {
            DownDependency suspect = suspected.remove(dependency);
            if (suspect == null) {
                return;
            }
            down.put(dependency, suspect);
        }
        LOG.warn("the {} is down ({}); sagas wait for it and no new one begins", dependency.label(), problem);
        notifyListeners();
    }

    private void cameBack(Dependency dependency) {
        DownDependency known;
        synchronized (this) {
            suspected.remove(dependency);
            known = down.remove(dependency);
            if (known == null) {
                return;
            }
            recoveries.merge(dependency, 1, Integer::sum);
            notifyAll();
        }
        LOG.info(
                "the {} is back after {} s; sagas continue",
                dependency.label(),
                Duration.between(known.since(), clock.instant()).toSeconds());
        notifyListeners();
    }

    private void notifyListeners() {
        listeners.forEach(listener -> notify(listener, true));
    }

    private Optional<String> problem(Dependency dependency) {
        Runnable probe = probes.get(dependency);
        if (probe == null) {
            return Optional.empty();
        }
        try {
            probe.run();
            return Optional.empty();
        } catch (RuntimeException | Error e) {
            return Optional.of(
                    String.valueOf(e.getMessage()).lines().findFirst().orElse(""));
        }
    }

    private void notify(Consumer<List<DownDependency>> listener, boolean first) {
        try {
            listener.accept(current());
        } catch (RuntimeException e) {
            if (first) {
                LOG.warn("a part of this instance did not react to an outage ({}); it is notified again", e.toString());
            }
            schedule(() -> notify(listener, false), interval);
        }
    }

    /** What is down now, in no particular order; empty if all is well. */
    public synchronized List<DownDependency> current() {
        return new ArrayList<>(down.values());
    }

    public synchronized boolean isDown(Dependency dependency) {
        return down.containsKey(dependency);
    }

    /** How often the dependency has come back. */
    synchronized int recoveries(Dependency dependency) {
        return recoveries.getOrDefault(dependency, 0);
    }

    /** Waits until the dependency has come back more often than known, at most this long. */
    synchronized void awaitRecovery(Dependency dependency, int known, Duration limit) throws InterruptedException {
        long end = System.nanoTime() + limit.toNanos();
        for (long left = limit.toMillis(); left > 0 && recoveries(dependency) == known; ) {
            wait(left);
            left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
        }
    }

    @Override
    public void close() {
        timer.shutdownNow();
    }
}
