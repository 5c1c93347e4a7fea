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

/** Says once that the collector is away, and once that it is back. */
final class OutageLoggingExporter implements SpanExporter {
    private static final Logger LOG = LoggerFactory.getLogger(OutageLoggingExporter.class);

    private final SpanExporter exporter;
    private final URI endpoint;
    private final AtomicBoolean away = new AtomicBoolean();

    /**
     * Would say it for each attempt, with a stack trace. Referred to, since loggers that nobody holds forget their
     * level.
     */
    private final java.util.logging.Logger itsOwn = java.util.logging.Logger.getLogger("io.opentelemetry.exporter");

    OutageLoggingExporter(SpanExporter exporter, URI endpoint) {
        this.exporter = exporter;
        this.endpoint = endpoint;
        itsOwn.setLevel(Level.OFF);
    }

    @Override
    public CompletableResultCode export(Collection<SpanData> spans) {
        CompletableResultCode sent = exporter.export(spans);
        sent.whenComplete(() -> logTransition(sent));
        return sent;
    }

    private void logTransition(CompletableResultCode sent) {
        if (sent.isSuccess()) {
            if (away.compareAndSet(true, false)) {
                LOG.info("traces are sent to {} again", endpoint);
            }
        } else if (away.compareAndSet(false, true)) {
            LOG.warn(
                    "traces can't be sent to {} ({}); spans are dropped until it takes them, sagas go on",
                    endpoint,
                    reason(sent.getFailureThrowable()));
        }
    }

    private static String reason(@Nullable Throwable failure) {
        Throwable cause = failure == null ? null : failure.getCause();
        while (cause instanceof CompletionException || cause instanceof UncheckedIOException) {
            cause = cause.getCause();
        }
        return cause == null ? "it answers with an error: a wrong path, or saga.otel.api-key?" : cause.toString();
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
