package dev.streamingsaga.retention;

import dev.streamingsaga.config.SagaConfig;
import dev.streamingsaga.journal.Journal;
import dev.streamingsaga.journal.SingletonLease;
import dev.streamingsaga.retention.RetentionReport.State;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.camel.CamelContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Applies the rules of retention in passes: at an interval, or on request. One node does a pass for all, and one pass
 * runs at a time. Thread-safe.
 */
public final class Retention implements AutoCloseable {
    /** Ids that a report names of each rule. */
    public static final int SHOWN = 20;

    private static final Logger LOG = LoggerFactory.getLogger(Retention.class);
    private static final String LEASE = "retention";

    private final SingletonLease leases;
    private final Clock clock;
    private final List<RetentionRule> rules;
    private final int limit;
    private final Duration interval;
    private final ScheduledExecutorService timer;
    private RetentionReport report = RetentionReport.NOT_BEGUN;
    private volatile boolean draining;

    /** @param rules in the order in which they are applied; those without a period are left out */
    public Retention(SagaConfig config, CamelContext context, Journal journal, List<RetentionRule> rules) {
        this.leases = journal.singletons();
        this.clock = journal.clock();
        this.rules = rules.stream().filter(rule -> !rule.period().isEmpty()).toList();
        this.limit = config.operation().retention().maxPerPass();
        this.interval = config.operation().retention().interval();
        this.timer = context.getExecutorServiceManager().newScheduledThreadPool(this, config.id("retention"), 1);
    }

    /** Begins the passes; does nothing if no rule is on. */
    public void start() {
        if (!rules.isEmpty()) {
            long millis = interval.toMillis();
            timer.scheduleWithFixedDelay(this::pass, Math.min(millis, 60_000), millis, TimeUnit.MILLISECONDS);
        }
    }

    /** What a pass would do now. Changes nothing. */
    public RetentionReport preview() {
        String begin = clock.instant().toString();
        List<RuleReport> found = new ArrayList<>();
        for (RetentionRule rule : rules) {
            found.add(rule.preview(new RetentionPass(limit, SHOWN, () -> !draining)));
        }
        return new RetentionReport(State.PREVIEW, begin, clock.instant().toString(), List.copyOf(found));
    }

    /**
     * Begins a pass in the background, unless one runs here.
     *
     * @return how far it is
     */
    public synchronized RetentionReport begin() {
        if (report.state() != State.RUNNING) {
            try {
                RetentionReport begun =
                        new RetentionReport(State.RUNNING, clock.instant().toString(), "", List.of());
                timer.execute(this::pass);
                report = begun;
            } catch (RejectedExecutionException e) {
                report = ended(State.STOPPED, report);
            }
        }
        return report;
    }

    /** How far the newest pass of this process is. */
    public synchronized RetentionReport progress() {
        return report;
    }

    /** Ends a pass after the transaction that runs, and begins no other. */
    public void drain() {
        draining = true;
    }

    private void pass() {
        State end = State.STOPPED;
        begun();
        try {
            if (draining) {
                return;
            }
            if (leases.hold(LEASE)) {
                end = apply() ? State.DONE : State.STOPPED;
            } else {
                end = State.ELSEWHERE;
            }
        } catch (RuntimeException | Error e) {
            LOG.warn("a pass of retention stopped ({}); the next one continues", e.toString());
        } finally {
            end(end);
            leases.release(LEASE);
        }
    }

    private synchronized void begun() {
        report = new RetentionReport(State.RUNNING, clock.instant().toString(), "", List.of());
    }

    private synchronized void end(State state) {
        report = ended(state, report);
    }

    private RetentionReport ended(State state, RetentionReport begun) {
        return new RetentionReport(state, begun.beganAt(), clock.instant().toString(), begun.rules());
    }

    private boolean apply() {
        boolean whole = true;
        for (RetentionRule rule : rules) {
            RetentionPass pass = new RetentionPass(limit, SHOWN, this::mayContinue);
            if (!pass.mayContinue()) {
                return false;
            }
            RuleReport done = apply(rule, pass);
            whole &= done.error().isEmpty();
            add(done);
        }
        return whole && mayContinue();
    }

    private static RuleReport apply(RetentionRule rule, RetentionPass pass) {
        try {
            RuleReport done = rule.run(pass);
            if (done.count() > 0) {
                LOG.info(
                        "retention of {} ({}): {} removed, {} held",
                        rule.name(),
                        rule.period(),
                        done.count(),
                        done.held());
            }
            return done;
        } catch (RuntimeException e) {
            LOG.warn("retention of {} failed ({}); the next pass continues", rule.name(), e.toString());
            return RuleReport.failed(rule, String.valueOf(e.getMessage()));
        }
    }

    private synchronized void add(RuleReport done) {
        List<RuleReport> all = new ArrayList<>(report.rules());
        all.add(done);
        report = new RetentionReport(report.state(), report.beganAt(), "", List.copyOf(all));
    }

    private boolean mayContinue() {
        return !draining && leases.hold(LEASE);
    }

    /** Ends within two seconds; what is not done then is done by the next pass. */
    @Override
    public void close() {
        draining = true;
        timer.shutdown();
        try {
            timer.awaitTermination(2, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        timer.shutdownNow();
    }
}
