package dev.streamingsaga.observe;

import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.io.UncheckedIOException;
import java.net.URI;
import java.util.Collection;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.logging.Level;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Logs once when the collector becomes unreachable, and once when it is back. */
final class OutageLoggingExporter implements SpanExporter {
    private static final Logger LOG = LoggerFactory.getLogger(OutageLoggingExporter.class);

    private final SpanExporter exporter;
    private final URI endpoint;
    private final AtomicBoolean unreachable = new AtomicBoolean();

    /**
     * Logs every failed attempt with a stack trace, so it is off. The strong reference keeps its level from being lost.
     */
    private final java.util.logging.Logger exporterLogger =
            java.util.logging.Logger.getLogger("io.opentelemetry.exporter");

    OutageLoggingExporter(SpanExporter exporter, URI endpoint) {
        this.exporter = exporter;
        this.endpoint = endpoint;
        exporterLogger.setLevel(Level.OFF);
    }

    @Override
    public CompletableResultCode export(Collection<SpanData> spans) {
        CompletableResultCode sent = exporter.export(spans);
        sent.whenComplete(() -> logTransition(sent));
        return sent;
    }

    private void logTransition(CompletableResultCode sent) {
        if (sent.isSuccess()) {
            if (unreachable.compareAndSet(true, false)) {
                LOG.info("sending traces to {} again", endpoint);
            }
        } else if (unreachable.compareAndSet(false, true)) {
            LOG.warn(
                    "cannot send traces to {} ({}); spans are dropped until it accepts them, sagas continue",
                    endpoint,
                    reason(sent.getFailureThrowable()));
        }
    }

    private static String reason(@Nullable Throwable failure) {
        Throwable cause = failure == null ? null : failure.getCause();
        while (cause instanceof CompletionException || cause instanceof UncheckedIOException) {
            cause = cause.getCause();
        }
        return cause == null ? "it returns an error: check the path and saga.otel.api-key" : cause.toString();
    }

    @Override
    public CompletableResultCode flush() {
        return exporter.flush();
    }

    @Override
    public CompletableResultCode shutdown() {
        return exporter.shutdown();
    }
}
