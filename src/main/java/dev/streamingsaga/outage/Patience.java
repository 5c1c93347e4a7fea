package dev.streamingsaga.outage;

import dev.streamingsaga.config.OperationConfig;
import dev.streamingsaga.journal.ActiveRun;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.journal.Waiting;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets a run wait for a dependency instead of giving up: growing pauses with jitter, longer while the dependency is
 * known to be down, until {@code saga.patience} ends. The journal records why the saga waits, and until when.
 */
public final class Patience {
    private static final Logger LOG = LoggerFactory.getLogger(Patience.class);
    private static final Duration MAX_PAUSE = Duration.ofSeconds(30);
    /** How late a run notices that it was revoked while it waits. */
    private static final Duration POLL = Duration.ofMillis(500);

    private static final int MAX_CAUSES = 32;
    private static final double JITTER = 0.2;

    private final OperationConfig.WaitPolicy settings;
    private final Outages outages;
    private final Clock clock;

    public Patience(OperationConfig.WaitPolicy settings, Outages outages, Clock clock) {
        this.settings = settings;
        this.outages = outages;
        this.clock = clock;
    }

    /** As {@code saga.patience=0s}: what fails is not tried again. */
    public static Patience none() {
        OperationConfig.WaitPolicy off = new OperationConfig.WaitPolicy(1, Duration.ZERO, Duration.ZERO);
        return new Patience(off, new Outages("no-outages", Duration.ZERO, Clock.systemUTC()), Clock.systemUTC());
    }

    /** Marks a failure for which patience has ended, so that a step around the failed call does not wait once more. */
    private static final class Exhausted extends Exception {
        private static final long serialVersionUID = 1;

        private Exhausted() {
            super("saga.patience has ended", null, false, false);
        }

        static boolean isIn(Throwable failure) {
            return Stream.iterate(failure, Objects::nonNull, Throwable::getCause)
                    .limit(MAX_CAUSES)
                    .flatMap(cause -> Arrays.stream(cause.getSuppressed()))
                    .anyMatch(Exhausted.class::isInstance);
        }
    }

    /** The attempts of one step of a run. Not thread-safe. */
    public static final class Attempts {
        private int failed;
        private Instant firstFailure = Instant.MAX;

        /** Whether an attempt has failed. */
        public boolean hasFailed() {
            return failed > 0;
        }
    }

    /**
     * Waits until nothing is known to be down, at most as long as patience lasts: a saga that would fail does not
     * begin.
     *
     * @throws SagaException if the run was revoked or passed its time limit meanwhile
     */
    public void awaitAvailable(ActiveRun run) throws InterruptedException {
        Attempts attempts = new Attempts();
        Instant end = clock.instant().plus(settings.limit());
        for (Optional<DownDependency> down = first(end); down.isPresent(); down = first(end)) {
            Outage outage = down.get().outage();
            attempts.failed++;
            attempts.firstFailure = attempts.failed == 1 ? clock.instant() : attempts.firstFailure;
            record(run, "", outage, new Waiting(reason(outage), down.get().since(), end), attempts);
            int known = outages.recoveries(outage.dependency());
            while (outages.isDown(outage.dependency()) && clock.instant().isBefore(end)) {
                run.check();
                outages.awaitRecovery(outage.dependency(), known, POLL);
            }
        }
        succeeded(run, "", attempts);
    }

    private Optional<DownDependency> first(Instant end) {
        return clock.instant().isBefore(end) ? outages.current().stream().findFirst() : Optional.empty();
    }

    /** Runs the work, again as long as it meets transient failures and patience lasts. */
    public <T> T call(ActiveRun run, String step, Supplier<T> work) {
        Attempts attempts = new Attempts();
        while (true) {
            try {
                T result = work.get();
                succeeded(run, step, attempts);
                return result;
            } catch (RuntimeException e) {
                awaitNextAttempt(run, step, attempts, e);
            }
        }
    }

    /** As {@link #call}, without a result. */
    public void run(ActiveRun run, String step, Runnable work) {
        call(run, step, () -> {
            work.run();
            return true;
        });
    }

    /**
     * Waits until the step may be tried again.
     *
     * @throws SagaException if the run was revoked or passed its time limit meanwhile
     * @throws E the failure itself, if it is permanent, or if no attempt is to follow
     */
    public <E extends Throwable> void awaitNextAttempt(ActiveRun run, String step, Attempts attempts, E failure)
            throws E {
        Optional<Outage> outage = settings.isOff() ? Optional.empty() : TransientFailures.outage(failure);
        if (outage.isEmpty() || run.revocation().isPresent() || Exhausted.isIn(failure)) {
            throw failure;
        }
        Instant now = clock.instant();
        attempts.failed++;
        attempts.firstFailure = attempts.failed == 1 ? now : attempts.firstFailure;
        Instant end = attempts.firstFailure.plus(settings.limit());
        if (attempts.failed >= settings.attempts() && !now.isBefore(end)) {
            failure.addSuppressed(new Exhausted());
            throw failure;
        }
        int known = outages.recoveries(outage.get().dependency());
        outages.report(outage.get(), run.sagaId());
        Instant next = now.plus(pause(attempts.failed));
        record(run, step, outage.get(), new Waiting(reason(outage.get()), attempts.firstFailure, next), attempts);
        try {
            await(run, outage.get().dependency(), known, next, end);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw failure;
        }
    }

    private static String of(String step) {
        return step.isEmpty() ? "" : ", step " + step + ",";
    }

    private static String reason(Outage outage) {
        return "waits for the " + outage.dependency().label() + ": " + outage.detail();
    }

    private Duration pause(int failed) {
        Duration pause = settings.firstPause().multipliedBy(1L << Math.min(failed - 1, 16));
        double millis = Math.min(MAX_PAUSE.toMillis(), pause.toMillis());
        return Duration.ofMillis((long)
                (millis * (1 + JITTER * (ThreadLocalRandom.current().nextDouble() * 2 - 1))));
    }

    private static void record(ActiveRun run, String step, Outage outage, Waiting waiting, Attempts attempts) {
        if (attempts.failed == 1) {
            LOG.warn("saga {}{} {}", run.sagaId(), of(step), waiting.reason());
        }
        try {
            run.waits(step, waiting);
        } catch (SagaException e) {
            throw e; // the run no longer owns the saga
        } catch (RuntimeException e) {
            LOG.debug("saga {} cannot record that it waits for the {}", run.sagaId(), outage.dependency(), e);
        }
    }

    private void await(ActiveRun run, Dependency dependency, int known, Instant next, Instant end)
            throws InterruptedException {
        while (mayWait(dependency, known, next, end)) {
            run.check();
            outages.awaitRecovery(dependency, known, POLL);
        }
        run.check();
    }

    /** Until the pause ends, or the dependency comes back earlier; while it is down, as long as patience lasts. */
    private boolean mayWait(Dependency dependency, int known, Instant next, Instant end) {
        Instant now = clock.instant();
        return outages.isDown(dependency)
                ? now.isBefore(end)
                : now.isBefore(next) && outages.recoveries(dependency) == known;
    }

    /** Records that the run continues after it has waited. */
    public void succeeded(ActiveRun run, String step, Attempts attempts) {
        if (attempts.hasFailed()) {
            LOG.info(
                    "saga {}{} continues after {} s",
                    run.sagaId(),
                    of(step),
                    Duration.between(attempts.firstFailure, clock.instant()).toSeconds());
            run.continues(step);
        }
    }
}
