package dev.streamingsaga.bench;

import java.util.List;

/**
 * Times of Streaming Saga divided by times of the baseline, pair by pair.
 *
 * @param oursSeconds median time of Streaming Saga
 * @param theirsSeconds median time of the baseline
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

    /** The times of one measured run. */
    record Measurement(double seconds, double cpuSeconds) {}

    static Ratio of(List<Measurement> ours, List<Measurement> theirs) {
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
                round(median(
                        ours.stream().mapToDouble(Measurement::seconds).sorted().toArray())),
                round(median(theirs.stream()
                        .mapToDouble(Measurement::seconds)
                        .sorted()
                        .toArray())),
                round(median(ours.stream()
                        .mapToDouble(Measurement::cpuSeconds)
                        .sorted()
                        .toArray())),
                round(median(theirs.stream()
                        .mapToDouble(Measurement::cpuSeconds)
                        .sorted()
                        .toArray())));
    }

    private static double median(double[] sorted) {
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    private static double round(double value) {
        return Math.round(value * 1000) / 1000.0;
    }
}
