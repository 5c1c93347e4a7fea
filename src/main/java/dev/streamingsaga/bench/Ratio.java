package dev.streamingsaga.bench;

import java.util.List;

/**
 * Times of ours divided by times of theirs, pair by pair.
 *
 * @param oursSeconds median of our own times, for orientation only
 */
public record Ratio(
        double median,
        double min,
        double max,
        int pairs,
        double oursSeconds,
        double theirsSeconds,
        double oursCpuSeconds,
        double theirsCpuSeconds) {

    /** One measured run. */
    record Run(double seconds, double cpuSeconds) {}

    static Ratio of(List<Run> ours, List<Run> theirs) {
        double[] ratios = new double[ours.size()];
        for (int i = 0; i < ratios.length; i++) {
            ratios[i] = ours.get(i).seconds() / theirs.get(i).seconds();
        }
        java.util.Arrays.sort(ratios);
        return new Ratio(
                round(median(ratios)),
                round(ratios[0]),
                round(ratios[ratios.length - 1]),
                ratios.length,
                round(median(ours.stream().mapToDouble(Run::seconds).sorted().toArray())),
                round(median(theirs.stream().mapToDouble(Run::seconds).sorted().toArray())),
                round(median(ours.stream().mapToDouble(Run::cpuSeconds).sorted().toArray())),
                round(median(
                        theirs.stream().mapToDouble(Run::cpuSeconds).sorted().toArray())));
    }

    private static double median(double[] sorted) {
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    private static double round(double value) {
        return Math.round(value * 1000) / 1000.0;
    }
}
