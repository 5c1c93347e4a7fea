package dev.streamingsaga.observe;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.util.Optional;
import java.util.stream.Stream;

/** The only class that needs the Prometheus registry: a hub may have Micrometer and another one. */
final class Prometheus {
    private static final String REGISTRY = "io.micrometer.prometheusmetrics.PrometheusMeterRegistry";

    private Prometheus() {}

    static boolean isThere() {
        return Observation.isThere(REGISTRY);
    }

    /** What was made, and how it is closed. */
    record CreatedRegistry(MeterRegistry registry, Runnable closing) {}

    /** A registry of our own, with what the JVM tells of itself. */
    static Prometheus.CreatedRegistry create() {
        PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        JvmGcMetrics collector = new JvmGcMetrics();
        Stream.of(
                        collector,
                        new JvmMemoryMetrics(),
                        new JvmThreadMetrics(),
                        new ProcessorMetrics(),
                        new UptimeMetrics(),
                        new FileDescriptorMetrics())
                .forEach(binder -> binder.bindTo(registry));
        return new Prometheus.CreatedRegistry(registry, () -> {
            collector.close();
            registry.close();
        });
    }

    /** Empty if the registry is another one's. */
    static Optional<String> text(MeterRegistry registry) {
        return registry instanceof PrometheusMeterRegistry prometheus
                ? Optional.of(prometheus.scrape())
                : Optional.empty();
    }
}
