package dev.streamingsaga.probe;

import java.util.Optional;
import java.util.ServiceLoader;

/** Where the code tells the probe, if there is one. */
public final class SideEffects {
    private static final Optional<SideEffectProbe> PROBE =
            ServiceLoader.load(SideEffectProbe.class, SideEffects.class.getClassLoader()).stream()
                    .map(ServiceLoader.Provider::get)
                    .filter(SideEffectProbe::active)
                    .findFirst();
    private static final Span UNWATCHED = () -> {};

    private SideEffects() {}

    /** Ends with the side effect, failed or not. */
    @FunctionalInterface
    public interface Span extends AutoCloseable {
        @Override
        void close();
    }

    /** For those who wrap: empty in production, and then nothing is to be wrapped. */
    public static Optional<SideEffectProbe> probe() {
        return PROBE;
    }

    /** Around one side effect; see {@link SideEffectProbe#before} for the words. */
    public static Span begin(String kind, String what) {
        if (PROBE.isEmpty()) {
            return UNWATCHED;
        }
        SideEffectProbe probe = PROBE.get();
        probe.before(kind, what);
        return () -> probe.after(kind, what);
    }
}
