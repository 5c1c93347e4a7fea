package dev.streamingsaga.journal;

import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.spi.LoggingEventBuilder;

/** One log line for each change of a saga's state, as text for people and as fields for programs. */
final class StateLog {
    private static final Logger LOG = LoggerFactory.getLogger("dev.streamingsaga.State");
    private static final double MIB = 1024.0 * 1024;

    private StateLog() {}

    static void received(SagaRecord saga) {
        line(saga).log("saga {} {}: RECEIVED", saga.sagaId(), saga.fileName());
    }

    static void changed(SagaRecord saga, SagaState from, Instant now) {
        LoggingEventBuilder line = line(saga).addKeyValue("from", from);
        String failure = saga.state() == SagaState.COMPENSATING
                ? ": " + saga.reason().orElse(Reason.CANCELLED) + ": " + saga.message()
                : "";
        if (!saga.state().isFinal()) {
            line.log("saga {} {}: {} -> {}{}", saga.sagaId(), saga.fileName(), from, saga.state(), failure);
            return;
        }
        double seconds = Duration.between(saga.receivedAt(), now).toMillis() / 1000.0;
        String size = saga.document()
                .map(document -> ", " + size(document.sizeBytes()))
                .orElse("");
        LoggingEventBuilder sized = saga.document()
                .map(document -> line.addKeyValue("bytes", document.sizeBytes()))
                .orElse(line);
        sized.addKeyValue("seconds", seconds)
                .log(
                        "saga {} {}: {} -> {}{}, {} s after it came",
                        saga.sagaId(),
                        saga.fileName(),
                        from,
                        saga.state(),
                        size,
                        decimal(seconds));
    }

    private static String size(long bytes) {
        return bytes < MIB ? bytes + " B" : decimal(bytes / MIB) + " MiB";
    }

    private static LoggingEventBuilder line(SagaRecord saga) {
        return LOG.atInfo()
                .addKeyValue("sagaId", saga.sagaId())
                .addKeyValue("file", saga.fileName())
                .addKeyValue("state", saga.state())
                .addKeyValue("run", saga.run())
                .addKeyValue("node", saga.node());
    }

    private static String decimal(double value) {
        return String.format(Locale.ROOT, "%.1f", value);
    }
}
