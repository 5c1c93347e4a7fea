package dev.streamingsaga.probe;

import java.util.Optional;
import java.util.ServiceLoader;

/** Notifies the probe, if there is one, of side effects. */
public final class SideEffects {
    private static final Optional<SideEffectProbe> PROBE =
            ServiceLoader.load(SideEffectProbe.class, SideEffects.class.getClassLoader()).stream()
                    .map(ServiceLoader.Provider::get)
                    .filter(SideEffectProbe::active)
                    .findFirst();
    private static final Span NO_SPAN = () -> {};

    private SideEffects() {}

    /** Closed when the side effect has ended, successfully or not. */
    @FunctionalInterface
    public interface Span extends AutoCloseable {
        @Override
        void close();
    }

    /** For code that wraps a resource; empty in production, where nothing is wrapped. */
    public static Optional<SideEffectProbe> probe() {
        return PROBE;
    }

    /** To be opened around one side effect; for the parameters see {@link SideEffectProbe#before}. */
    public static Span begin(String kind, String what) {
        if (PROBE.isEmpty()) {
            return NO_SPAN;
        }
        SideEffectProbe probe = PROBE.get();
        probe.before(kind, what);
        return () -> probe.after(kind, what);
    }
}
