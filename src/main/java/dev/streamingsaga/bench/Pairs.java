package dev.streamingsaga.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;

/** Measures two sides in turns, in the order A B B A. The first pair is cold and stands apart. */
final class Pairs {
    static final String COLD = " cold";

    private final int count;
    private final Consumer<String> progress;
    private final List<Ratio.Measurement> ours = new ArrayList<>();
    private final List<Ratio.Measurement> theirs = new ArrayList<>();

    /** @param count measured pairs, without the cold one */
    Pairs(int count, Consumer<String> progress) {
        this.count = count;
        this.progress = progress;
    }

    /** One run of one side. */
    @FunctionalInterface
    interface Side {
        /** @param pair number of the pair, from 0 */
        Ratio.Measurement run(int pair) throws IOException, InterruptedException;
    }

    /** Something between two pairs, such as emptying the bucket. */
    @FunctionalInterface
    interface Tidy {
        void run() throws IOException, InterruptedException;
    }

    Pairs measure(String name, Side our, Side their, Tidy tidy) throws IOException, InterruptedException {
        for (int i = 0; i <= count; i++) {
            if (i % 2 == 0) {
                ours.add(our.run(i));
                theirs.add(their.run(i));
            } else {
                theirs.add(their.run(i));
                ours.add(our.run(i));
            }
            progress.accept(String.format(
                    Locale.ROOT,
                    "%s, pair %d of %d: ours %s, theirs %s%s",
                    name,
                    i,
                    count,
                    text(ours.get(i)),
                    text(theirs.get(i)),
                    i == 0 ? " (cold)" : ""));
            tidy.run();
        }
        return this;
    }

    private static String text(Ratio.Measurement measured) {
        return String.format(Locale.ROOT, "%.2f s (CPU %.2f s)", measured.seconds(), measured.cpuSeconds());
    }

    /** The warm ratio by this name, and the cold one: times of ours divided by theirs. */
    Map<String, Ratio> times(String name) {
        Map<String, Ratio> ratios = new LinkedHashMap<>();
        ratios.put(name, Ratio.of(warm(ours), warm(theirs)));
        ratios.put(name + COLD, Ratio.of(ours.subList(0, 1), theirs.subList(0, 1)));
        return ratios;
    }

    /** As {@link #times}, with speeds divided: more is better. */
    Map<String, Ratio> speeds(String name) {
        Map<String, Ratio> ratios = new LinkedHashMap<>();
        ratios.put(name, Ratio.ofSpeed(warm(ours), warm(theirs)));
        ratios.put(name + COLD, Ratio.ofSpeed(ours.subList(0, 1), theirs.subList(0, 1)));
        return ratios;
    }

    private static List<Ratio.Measurement> warm(List<Ratio.Measurement> all) {
        return all.subList(1, all.size());
    }
}
