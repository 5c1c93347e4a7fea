package dev.streamingsaga.extraction;

import dev.streamingsaga.config.DocumentConfig.ReadingLimits;
import java.time.Duration;

/**
 * What reading one document may cost.
 *
 * @param stall how long a parser may neither use processor time nor return anything
 */
record ReadingBudget(Duration cpuTime, Duration stall, long temporaryBytes) {
    private static final long MIB = 1024L * 1024;

    /** Grows with the size of the document. */
    static ReadingBudget of(ReadingLimits limits, long sizeBytes) {
        return new ReadingBudget(
                limits.cpuTime().plus(limits.cpuTimePerMib().multipliedBy((sizeBytes + MIB - 1) / MIB)),
                limits.stall(),
                limits.temporaryBytes() + 2 * sizeBytes);
    }
}
