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

/** The only class that needs the Prometheus registry: a hub may use Micrometer with another registry. */
final class Prometheus {
    private static final String REGISTRY = "io.micrometer.prometheusmetrics.PrometheusMeterRegistry";

    private Prometheus() {}

    static boolean isAvailable() {
        return Observation.isAvailable(REGISTRY);
    }

    /** A new registry, and the action that closes it. */
    record CreatedRegistry(MeterRegistry registry, Runnable closing) {}

    /** Creates a registry with the metrics of the JVM. */
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

    /** Empty if the registry is not a Prometheus registry. */
    static Optional<String> text(MeterRegistry registry) {
        return registry instanceof PrometheusMeterRegistry prometheus
                ? Optional.of(prometheus.scrape())
                : Optional.empty();
    }
}
