package dev.streamingsaga.bench;

import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/**
 * Streaming Saga compared with the baseline, pair by pair: times divided by times, or speeds by speeds.
 *
 * @param lowerQuartile a quarter of the pairs is below it
 * @param upperQuartile a quarter of the pairs is above it
 * @param cpuMedian the median ratio by CPU time instead of wall time; 0 if CPU time was not measured
 * @param oursSeconds median time of Streaming Saga
 * @param theirsSeconds median time of the baseline
 */
public record Ratio(
        double median,
        double min,
        double max,
        double lowerQuartile,
        double upperQuartile,
        int pairs,
        double cpuMedian,
        double oursSeconds,
        double theirsSeconds,
        double oursCpuSeconds,
        double theirsCpuSeconds) {

    private static final double RATIO_PARTS = 1000;
    private static final double SECOND_PARTS = 100_000;

    /** The times of one measured run. */
    record Measurement(double seconds, double cpuSeconds) {}

    /** Times of Streaming Saga divided by times of the baseline: less is better. */
    static Ratio of(List<Measurement> ours, List<Measurement> theirs) {
        return of(ours, theirs, ours, theirs);
    }

    /** Speed of Streaming Saga divided by the speed of the baseline: more is better. */
    static Ratio ofSpeed(List<Measurement> ours, List<Measurement> theirs) {
        return of(ours, theirs, theirs, ours);
    }

    private static Ratio of(
            List<Measurement> ours, List<Measurement> theirs, List<Measurement> dividends, List<Measurement> divisors) {
        double[] ratios = ratios(dividends, divisors, Measurement::seconds);
        double cpu = median(ratios(dividends, divisors, Measurement::cpuSeconds));
        return new Ratio(
                round(median(ratios)),
                round(ratios[0]),
                round(ratios[ratios.length - 1]),
                round(ratios[ratios.length / 4]),
                round(ratios[ratios.length - 1 - ratios.length / 4]),
                ratios.length,
                Double.isFinite(cpu) ? round(cpu) : 0,
                round(median(ours, Measurement::seconds), SECOND_PARTS),
                round(median(theirs, Measurement::seconds), SECOND_PARTS),
                round(median(ours, Measurement::cpuSeconds), SECOND_PARTS),
                round(median(theirs, Measurement::cpuSeconds), SECOND_PARTS));
    }

    private static double[] ratios(
            List<Measurement> dividends, List<Measurement> divisors, ToDoubleFunction<Measurement> time) {
        return IntStream.range(0, dividends.size())
                .mapToDouble(i -> time.applyAsDouble(dividends.get(i)) / time.applyAsDouble(divisors.get(i)))
                .sorted()
                .toArray();
    }

    private static double median(List<Measurement> all, ToDoubleFunction<Measurement> time) {
        double[] sorted = all.stream().mapToDouble(time).toArray();
        Arrays.sort(sorted);
        return median(sorted);
    }

    private static double median(double[] sorted) {
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    private static double round(double value) {
        return round(value, RATIO_PARTS);
    }

    private static double round(double value, double parts) {
        return Math.round(value * parts) / parts;
    }
}
