package dev.streamingsaga.observe;

import dev.streamingsaga.ingest.IngestResult;
import dev.streamingsaga.journal.ActiveRun;
import dev.streamingsaga.journal.DocumentFacts;
import dev.streamingsaga.journal.ExchangeKeys;
import dev.streamingsaga.journal.Run;
import dev.streamingsaga.journal.SagaException;
import dev.streamingsaga.journal.SagaState;
import dev.streamingsaga.lra.CallbackToken.Target;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.apache.camel.Exchange;
import org.apache.camel.telemetry.Span;
import org.jspecify.annotations.Nullable;

/** The tags that a span has for its saga. */
final class SagaTags {
    static final String SAGA = "saga.id";
    static final String RUN = "saga.run";
    static final String DOCUMENT = "saga.document.id";
    static final String STATUS = "saga.status";
    static final String REASON = "saga.reason";
    static final String EXCEPTION = "exception.type";

    /** Exchange property: the exchange began with the message of a saga. */
    private static final String SAGA_SPAN = "SagaSpan";

    private static final Pattern ID = Pattern.compile("[0-9a-z]{1,64}");

    private SagaTags() {}

    /**
     * Sets the tags whose values are gone at the end. Sets each tag once: a second time counts as a dropped attribute.
     */
    static void begun(Span span, Exchange exchange) {
        if (exchange.getProperty(ExchangeKeys.RUN) instanceof Run) {
            return;
        }
        Object body = exchange.getMessage().getBody();
        if (body instanceof Target target) {
            id(span, SAGA, target.sagaId());
            span.setTag(RUN, Integer.toString(target.run()));
            exchange.setProperty(SAGA_SPAN, true);
        } else if (body instanceof Map<?, ?> facts
                && facts.containsKey(DocumentFacts.SAGA_ID)
                && facts.containsKey(DocumentFacts.DOCUMENT_ID)) {
            id(span, SAGA, facts.get(DocumentFacts.SAGA_ID));
            id(span, DOCUMENT, facts.get(DocumentFacts.DOCUMENT_ID));
            exchange.setProperty(SAGA_SPAN, true);
        }
    }

    /** @return false if the exchange belongs to no saga */
    static boolean ended(Span span, Exchange exchange) {
        if (exchange.getMessage().getBody() instanceof IngestResult result) {
            id(span, SAGA, result.sagaId());
            id(span, DOCUMENT, result.documentId());
            outcome(span, result);
        } else if (exchange.getProperty(ExchangeKeys.RUN) instanceof Run run) {
            id(span, SAGA, run.sagaId());
            span.setTag(RUN, Integer.toString(run.number()));
            if (run instanceof ActiveRun active) {
                active.findDocument().ifPresent(document -> id(span, DOCUMENT, document.documentId()));
            }
        } else if (exchange.getProperty(SAGA_SPAN) == null) {
            return false;
        }
        if (exchange.isFailed()) {
            failed(span, exchange.getException());
        }
        return true;
    }

    /** Accepts only values in the form of a saga id: maps of the hub may have these keys, too. */
    private static void id(Span span, String tag, @Nullable Object id) {
        if (id instanceof String text && ID.matcher(text).matches()) {
            span.setTag(tag, text);
        }
    }

    private static void outcome(Span span, IngestResult result) {
        span.setTag(STATUS, result.status());
        if (result.reason() != null) {
            span.setTag(REASON, result.reason());
        }
        if (!result.status().equals(SagaState.COMPLETED.name())) {
            span.setError(true);
        }
    }

    /** Omits the exception message: a database may quote the content that it was to store. */
    private static void failed(Span span, @Nullable Throwable thrown) {
        span.setError(true);
        if (thrown != null) {
            span.setTag(EXCEPTION, thrown.getClass().getName());
            reason(thrown).ifPresent(reason -> span.setTag(REASON, reason));
        }
    }

    private static Optional<String> reason(Throwable thrown) {
        for (Throwable cause = thrown; cause != null; cause = cause.getCause() == cause ? null : cause.getCause()) {
            if (cause instanceof SagaException e) {
                return Optional.of(e.reason().name());
            }
        }
        return Optional.empty();
    }
}
