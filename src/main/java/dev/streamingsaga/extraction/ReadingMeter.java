package dev.streamingsaga.extraction;

import dev.streamingsaga.journal.WarningCode;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Compares the cost of a reading with its budget, at each tick of a watch. Counts only processor time, and ticks
 * without any, so the load of the machine does not matter. Not thread-safe.
 */
final class ReadingMeter {
    /** Share of a processor that an idle process may use: 1 %. */
    private static final int IDLE = 100;

    private final ReadingBudget budget;
    private final ReadingCosts costs;
    private final int ticksUntilStalled;
    private @Nullable Duration cpuBefore;
    private long temporaryBefore;
    private int idleTicks;
    private long exchangesBefore = -1;
    private Duration activityBefore = Duration.ZERO;

    /** Why a reading must stop. */
    record Excess(WarningCode code, String message) {}

    ReadingMeter(ReadingBudget budget, ReadingCosts costs, Duration tick) {
        this.budget = budget;
        this.costs = costs;
        this.ticksUntilStalled = (int) Math.max(2, budget.stall().dividedBy(tick));
    }

    /** What was used and left behind until now, by a start or an earlier document, does not count. */
    synchronized void begin() {
        cpuBefore = costs.cpuTime();
        temporaryBefore = costs.temporaryBytes();
    }

    /** Called once each tick. */
    synchronized Optional<Excess> tick() {
        Duration before = cpuBefore;
        if (before != null && costs.cpuTime().minus(before).compareTo(budget.cpuTime()) > 0) {
            return Optional.of(new Excess(
                    WarningCode.CPU_TIME,
                    "reading it took more than %d s of processor time (saga.content.cpu-time)"
                            .formatted(budget.cpuTime().toSeconds())));
        }
        if (costs.temporaryBytes() - temporaryBefore > budget.temporaryBytes()) {
            return Optional.of(new Excess(
                    WarningCode.DISK_LIMIT,
                    "reading it wrote more than %d MiB of temporary files (saga.content.max-temporary-size)"
                            .formatted(budget.temporaryBytes() >> 20)));
        }
        return isStalled()
                ? Optional.of(new Excess(
                        WarningCode.STALLED,
                        "its parser did nothing for %d s (saga.content.stall-timeout)"
                                .formatted(budget.stall().toSeconds())))
                : Optional.empty();
    }

    private boolean isStalled() {
        long exchanges = costs.exchanges();
        if (costs.isWaiting() || exchanges != exchangesBefore) {
            exchangesBefore = exchanges;
            startAgain();
            return false;
        }
        if (idleTicks == 0) {
            startAgain();
        }
        if (++idleTicks <= ticksUntilStalled) {
            return false;
        }
        boolean idle = costs.activity().minus(activityBefore).multipliedBy(IDLE).compareTo(budget.stall()) < 0;
        startAgain();
        return idle;
    }

    private void startAgain() {
        idleTicks = 0;
        activityBefore = costs.activity();
    }
}
